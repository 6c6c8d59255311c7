-- name: start
select worker.start_run($1, $2::jsonb, name => $3)

-- name: prints
-- Of the bundled cards those that the market of the demo talks of most.
select p.id from public.card_prints p join public.card_sets s on s.id = p.set_id
 where p.source_card_id = any ($1::text[]) order by p.id

-- name: priced
-- The first curve of each of these prints, with how many observations it used and left out.
select p.name || ' ' || p.number as print, c.nm_median, c.lp_median, c.mp_median, c.hp_median, c.dmg_median, c.currency::text,
       c.confidence, extract(epoch from now() - c.created_at)::float8 as age_seconds, c.listing_count as used,
       (select count(*) from jsonb_each(c.raw_json -> 'left_out') r, jsonb_array_elements(r.value))::int as left_out
  from public.card_prints p
       cross join lateral (select l.nm_median, l.lp_median, l.mp_median, l.hp_median, l.dmg_median, l.currency, l.confidence,
                                  l.created_at, l.listing_count, l.raw_json
                             from public.card_print_latest_price_curve l where l.card_print_id = p.id
                            order by l.created_at desc, l.listing_count desc limit 1) c
 where p.id = any ($1::bigint[])
 order by c.nm_median desc nulls last, p.id

-- name: why_left_out
select o.left_out::text as reason, count(*)::int as observations
  from public.price_observations o where o.card_print_id = any ($1::bigint[]) and o.left_out is not null
 group by 1 order by 2 desc, 1

-- name: valued
select v.query, v.median, v.p10, v.p90, v.currency::text, v.comps, v.sold, v.confidence, v.explanation
  from public.valuations v order by v.id desc limit 1

-- name: snapshot
select count(*)::int as rows, count(distinct s.seller_id)::int as sellers, coalesce(sum(s.quantity), 0)::int as pieces
  from public.inventory_snapshots s where s.snapshot_date = (now() at time zone 'UTC')::date
