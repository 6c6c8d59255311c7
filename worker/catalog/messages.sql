-- name: known
select m.conversation_id, m.content_hash
  from unnest($2::text[]) as k(conversation_id)
       join public.ebay_messages m on m.account_id = $1 and m.conversation_id = k.conversation_id

-- name: known_with_bodies
select m.conversation_id, case when m.body is null then ''::bytea else m.content_hash end as content_hash
  from unnest($2::text[]) as k(conversation_id)
       join public.ebay_messages m on m.account_id = $1 and m.conversation_id = k.conversation_id

-- name: write
-- A body that was asked for once stays while its message is the latest.
insert into public.ebay_messages as m
       (account_id, org_id, conversation_id, message_id, status, reference_id, reference_type, other_username, subject,
        unread, sent_at, body, content_hash)
select $1, $2, n.conversation_id, n.message_id, n.status, n.reference_id, n.reference_type, n.other, n.subject, n.unread,
       n.sent_at, n.body, n.content_hash
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[],
              $11::timestamptz[], $12::text[], $13::bytea[])
       as n(conversation_id, message_id, status, reference_id, reference_type, other, subject, unread, sent_at, body,
            content_hash)
on conflict (account_id, conversation_id) do update
   set message_id = excluded.message_id, status = excluded.status, reference_id = excluded.reference_id,
       reference_type = excluded.reference_type, other_username = excluded.other_username, subject = excluded.subject,
       unread = excluded.unread, sent_at = excluded.sent_at, content_hash = excluded.content_hash, updated_at = now(),
       body = coalesce(excluded.body, case when m.message_id = excluded.message_id then m.body end)
