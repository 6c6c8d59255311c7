-- name: read_comps
-- Everything that was judged of these prints, as numbers of a fixed width: it is read as a table of bytes.
-- From the covering index alone, where the table has been vacuumed.
select o.id, o.card_print_id, o.group_key, o.source_key,
       (case o.card_condition when 'NM' then 0 when 'LP' then 1 when 'MP' then 2 when 'HP' then 3 when 'DMG' then 4
        else -1 end)::int2,
       (case o.basis when 'sold' then 0 when 'ask' then 1 else 2 end)::int2,
       case when o.left_out is null then 0::int2
            else array_position(enum_range(null::public.left_out), o.left_out)::int2 end,
       coalesce(o.total_cents, 0), o.observed_at, coalesce(o.seller_key, 0), coalesce(o.offer_key, 0)
  from public.price_observations o
 where o.card_print_id = any ($1::bigint[]) and o.judged_by is not null
   and o.observed_at > case o.basis when 'sold' then now() - $2::int * interval '1 day' else now() - $3::int * interval '1 day' end

-- name: name_groups
-- What the groups of these prints are called.
select distinct on (o.group_key) o.group_key, coalesce(o.variant, '') as variant, coalesce(o.language, '') as language,
       coalesce(o.currency, '') as currency
  from public.price_observations o
 where o.card_print_id = any ($1::bigint[]) and o.judged_by is not null

-- name: weigh_sources
-- What each source weighs, and what time it is; a row at least, whatever sources there are.
select hashtext(s.name) as key, s.reputation_weight::float8 as weight, now() as now
  from (select 1) one left join public.sources s on true
