-- name: named
select p.id::text as name, p.id from public.card_prints p where p.id = any ($1::bigint[])
 union all
select k.source || ':' || k.external_id, e.card_print_id
  from unnest($2::text[], $3::text[]) k(source, external_id)
       join public.external_mappings e on e.source = k.source and e.external_id = k.external_id
 where e.card_print_id is not null

-- name: sellers
select s.platform_seller_id, s.id
  from public.sellers s
 where s.org_id = $1 and s.platform = $2 and s.platform_seller_id = any ($3::text[])
