-- name: known
select k.transaction_id, k.transaction_type, t.content_hash
  from unnest($2::text[], $3::text[]) as k(transaction_id, transaction_type)
       join public.ebay_transactions t
         on t.account_id = $1 and t.transaction_id = k.transaction_id and t.transaction_type = k.transaction_type

-- name: write
insert into public.ebay_transactions
       (account_id, org_id, transaction_id, transaction_type, status, booking_entry, amount, fee, currency, order_id,
        payout_id, transaction_at, raw, content_hash)
select $1, $2, n.id, n.type, n.status, n.entry, n.amount, n.fee, n.currency, n.order_id, n.payout_id, n.at, n.raw::jsonb,
       n.content_hash
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], $9::text[], $10::text[],
              $11::text[], $12::timestamptz[], $13::text[], $14::bytea[])
       as n(id, type, status, entry, amount, fee, currency, order_id, payout_id, at, raw, content_hash)
on conflict (account_id, transaction_id, transaction_type) do update
   set status = excluded.status, booking_entry = excluded.booking_entry, amount = excluded.amount, fee = excluded.fee,
       currency = excluded.currency, order_id = excluded.order_id, payout_id = excluded.payout_id,
       transaction_at = excluded.transaction_at, raw = excluded.raw, content_hash = excluded.content_hash,
       updated_at = now()
