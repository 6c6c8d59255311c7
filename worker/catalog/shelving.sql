-- name: map_items
update public.ebay_inventory_items i set card_print_id = n.print_id, treatment = n.treatment
  from unnest($2::text[], $3::bigint[], $4::text[]) as n(sku, print_id, treatment)
 where i.account_id = $1 and i.sku = n.sku
   and (i.card_print_id, i.treatment) is distinct from (n.print_id, n.treatment)

-- name: shelve
-- Of several SKUs in one listing that are one print (its variations by condition) the pieces are counted together, and the
-- cheapest is the price.
with known as (
    select i.sku, i.card_print_id, i.treatment, i.quantity
      from public.ebay_inventory_items i
     where i.account_id = $2 and i.card_print_id is not null
), listed as (
    select k.sku, k.card_print_id, k.treatment, o.listing_id, o.offer_id, coalesce(o.quantity, k.quantity, 0) as quantity,
           o.price, o.currency
      from known k join public.ebay_offers o on o.account_id = $2 and o.sku = k.sku
     where o.status = 'PUBLISHED' and o.listing_id is not null
       and coalesce(o.listing_status, 'ACTIVE') in ('ACTIVE', 'OUT_OF_STOCK')
), kept as (
    select l.card_print_id, l.treatment, l.listing_id, least(sum(l.quantity), 2147483647)::int as quantity,
           min(l.price) as price, coalesce(min(l.currency), 'USD') as currency
      from listed l
     group by l.card_print_id, l.treatment, l.listing_id
     union all
    select k.card_print_id, k.treatment, 'sku:' || k.sku, coalesce(k.quantity, 0), null, 'USD'
      from known k
     where not exists (select from listed l where l.sku = k.sku)
), shelved as (
    insert into public.seller_inventory as i
           (org_id, told_by, seller_id, card_print_id, treatment, platform_listing_id, quantity, price, currency)
    select $1, 'sync', $3, k.card_print_id, k.treatment, k.listing_id, greatest(k.quantity, 0), k.price, k.currency
      from kept k
     order by k.card_print_id, k.treatment, k.listing_id
    on conflict on constraint seller_inventory_once do update
       set told_by = excluded.told_by, quantity = excluded.quantity, price = excluded.price, currency = excluded.currency,
           last_verified = now(),
           updated_at = case when (excluded.quantity, excluded.price, excluded.currency)
                                  is distinct from (i.quantity, i.price, i.currency) then now() else i.updated_at end
    returning 1
)
select count(*)::int from shelved

-- name: take_out
-- What the account does not have any more: all that it has was verified in this transaction.
delete from public.seller_inventory i
 where i.org_id = $1 and i.seller_id = $2 and i.told_by = 'sync' and i.last_verified < now()
