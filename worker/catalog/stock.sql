-- name: known_items
select i.sku, i.content_hash
  from unnest($2::text[]) as k(sku) join public.ebay_inventory_items i on i.account_id = $1 and i.sku = k.sku

-- name: write_items
insert into public.ebay_inventory_items
       (account_id, org_id, seen_at, sku, title, condition, quantity, raw, content_hash)
select $1, $2, $3, n.sku, n.title, n.condition, n.quantity, n.raw::jsonb, n.content_hash
  from unnest($4::text[], $5::text[], $6::text[], $7::int[], $8::text[], $9::bytea[])
       as n(sku, title, condition, quantity, raw, content_hash)
on conflict (account_id, sku) do update
   set title = excluded.title, condition = excluded.condition, quantity = excluded.quantity, seen_at = excluded.seen_at,
       raw = excluded.raw, content_hash = excluded.content_hash, updated_at = now()

-- name: saw_items
update public.ebay_inventory_items i set seen_at = $2 where i.account_id = $1 and i.sku = any ($3::text[])

-- name: forget_items
with gone as (delete from public.ebay_inventory_items i where i.account_id = $1 and i.seen_at < $2 returning 1)
select count(*)::int from gone

-- name: next_sku
select i.sku from public.ebay_inventory_items i
 where i.account_id = $1 and ($2::text is null or i.sku > $2)
 order by i.sku limit 1

-- name: known_offers
select o.offer_id, o.content_hash
  from unnest($2::text[]) as k(offer_id) join public.ebay_offers o on o.account_id = $1 and o.offer_id = k.offer_id

-- name: write_offers
insert into public.ebay_offers
       (account_id, org_id, seen_at, offer_id, sku, marketplace_id, format, status, listing_id, listing_status, price,
        currency, quantity, sold_quantity, content_hash)
select $1, $2, $3, n.id, n.sku, n.marketplace, n.format, n.status, n.listing_id, n.listing_status, n.price, n.currency,
       n.quantity, n.sold, n.content_hash
  from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::numeric[],
              $12::text[], $13::int[], $14::int[], $15::bytea[])
       as n(id, sku, marketplace, format, status, listing_id, listing_status, price, currency, quantity, sold,
            content_hash)
on conflict (account_id, offer_id) do update
   set sku = excluded.sku, marketplace_id = excluded.marketplace_id, format = excluded.format, status = excluded.status,
       listing_id = excluded.listing_id, listing_status = excluded.listing_status, price = excluded.price,
       currency = excluded.currency, quantity = excluded.quantity, sold_quantity = excluded.sold_quantity,
       seen_at = excluded.seen_at, content_hash = excluded.content_hash, updated_at = now()

-- name: saw_offers
-- By their ids; and by the SKU of which they are, where that could not be asked about.
update public.ebay_offers o set seen_at = $2
 where o.account_id = $1 and (o.offer_id = any ($3::text[]) or o.sku = any ($3::text[]))

-- name: forget_offers
with gone as (delete from public.ebay_offers o where o.account_id = $1 and o.seen_at < $2 returning 1)
select count(*)::int from gone
