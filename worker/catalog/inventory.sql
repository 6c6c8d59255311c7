-- name: stock
-- In the order of their key, so that two who tell of the same rows wait for each other and not in a circle.
with kept as (
    insert into public.seller_inventory as i
           (org_id, told_by, seller_id, card_print_id, treatment, platform_listing_id, quantity, price, currency, listed_at,
            notes)
    select $1, $2, n.seller_id, n.print_id, n.treatment, n.listing_id, n.quantity, n.price, n.currency, n.listed_at, n.notes
      from unnest($4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::int[], $9::numeric[], $10::text[],
                  $11::timestamptz[], $12::text[])
           with ordinality n(seller_id, print_id, treatment, listing_id, quantity, price, currency, listed_at, notes, place)
     order by n.place
    on conflict on constraint seller_inventory_once do update
       set told_by = excluded.told_by, quantity = excluded.quantity, price = excluded.price, currency = excluded.currency,
           listed_at = coalesce(excluded.listed_at, i.listed_at), notes = coalesce(excluded.notes, i.notes),
           last_verified = now(),
           updated_at = case when (excluded.quantity, excluded.price, excluded.currency)
                                  is distinct from (i.quantity, i.price, i.currency) then now() else i.updated_at end
     where $3::bool
        or (excluded.told_by, excluded.quantity, excluded.price, excluded.currency, coalesce(excluded.listed_at, i.listed_at),
            coalesce(excluded.notes, i.notes))
           is distinct from (i.told_by, i.quantity, i.price, i.currency, i.listed_at, i.notes)
    returning i.xmax = 0 as is_new, i.updated_at = now() as has_changed
)
select count(*) filter (where k.is_new)::int as new, count(*) filter (where not k.is_new and k.has_changed)::int as changed
  from kept k

-- name: compare
select count(*) filter (where i.id is null)::int as new,
       count(*) filter (where (n.quantity, n.price, n.currency::char(3)) is distinct from (i.quantity, i.price, i.currency)
                          and i.id is not null)::int as changed
  from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::int[], $7::numeric[], $8::text[], $9::timestamptz[],
              $10::text[])
       as n(seller_id, print_id, treatment, listing_id, quantity, price, currency, listed_at, notes)
  left join public.seller_inventory i
    on i.org_id = $1 and i.seller_id = n.seller_id and i.card_print_id = n.print_id and i.treatment = n.treatment
   and i.platform_listing_id is not distinct from n.listing_id

-- name: take_out_others
delete from public.seller_inventory i
 using unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[]) as n(seller_id, listing_id, print_id, treatment)
 where i.org_id = $1 and i.seller_id = n.seller_id and i.platform_listing_id = n.listing_id and i.told_by = 'ask'
   and (n.print_id is null or (i.card_print_id, i.treatment) is distinct from (n.print_id, n.treatment))

-- name: forget_of_seller
with gone as (
    delete from public.seller_inventory i
     where i.org_id = $1 and i.seller_id = $2 and i.told_by = $3 and i.last_verified < $4
    returning 1)
select count(*)::int from gone

-- name: forget_of_print
with gone as (
    delete from public.seller_inventory i
     using public.sellers s
     where i.org_id = $1 and i.card_print_id = $3 and i.told_by = 'ask' and i.last_verified < $4
       and s.org_id = i.org_id and s.id = i.seller_id and s.platform = $2
    returning 1)
select count(*)::int from gone
