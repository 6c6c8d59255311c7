-- name: known
select d.dispute_id, d.content_hash
  from unnest($2::text[]) as k(dispute_id)
       join public.ebay_disputes d on d.account_id = $1 and d.dispute_id = k.dispute_id

-- name: write
insert into public.ebay_disputes
       (account_id, org_id, dispute_id, status, reason, order_id, buyer_username, amount, currency, opened_at, respond_by,
        closed_at, content_hash)
select $1, $2, n.id, n.status, n.reason, n.order_id, n.buyer, n.amount, n.currency, n.opened_at, n.respond_by, n.closed_at,
       n.content_hash
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::text[], $10::timestamptz[],
              $11::timestamptz[], $12::timestamptz[], $13::bytea[])
       as n(id, status, reason, order_id, buyer, amount, currency, opened_at, respond_by, closed_at, content_hash)
on conflict (account_id, dispute_id) do update
   set status = excluded.status, reason = excluded.reason, order_id = excluded.order_id,
       buyer_username = excluded.buyer_username, amount = excluded.amount, currency = excluded.currency,
       opened_at = excluded.opened_at, respond_by = excluded.respond_by, closed_at = excluded.closed_at,
       content_hash = excluded.content_hash, updated_at = now()
