-- name: read_comps
-- Everything that was said of these prints, as numbers of a fixed width: it is read as a table of bytes. At the end of a
-- row stands whether it was judged by whom we name (0), by somebody else (1), or not at all (2).
-- From the covering index alone, where the table has been vacuumed.
select o.id, o.card_print_id, o.group_key, o.source_key, o.comp, coalesce(o.total_cents, 0), o.observed_at, o.seller_key,
       o.offer_key, case when o.judged_by = $2 then 0::int2 when o.judged_by is null then 2::int2 else 1::int2 end
  from public.price_observations o
 where o.card_print_id = any ($1::bigint[])

-- name: name_groups
-- What the groups of these prints are called, also of rows that somebody has written anew since they were read.
select distinct on (o.group_key) o.group_key, coalesce(o.variant, '') as variant, coalesce(o.language, '') as language,
       coalesce(o.currency, '') as currency
  from public.price_observations o
 where o.card_print_id = any ($1::bigint[])

-- name: weigh_sources
-- What each source weighs, and what time it is; a row at least, whatever sources there are.
select hashtext(s.name) as key, s.reputation_weight::float8 as weight, now() as now
  from (select 1) one left join public.sources s on true
