-- name: write_curves
insert into public.card_print_price_curves
       (card_print_id, variant, language, currency, nm_median, nm_floor, nm_samples, lp_median, lp_floor, lp_samples,
        mp_median, mp_floor, mp_samples, hp_median, hp_floor, hp_samples, dmg_median, dmg_floor, dmg_samples,
        confidence, listing_count, raw_json)
select n.print, n.variant, n.language, n.currency, n.nm_m / 100.0, n.nm_f / 100.0, n.nm_n, n.lp_m / 100.0, n.lp_f / 100.0,
       n.lp_n, n.mp_m / 100.0, n.mp_f / 100.0, n.mp_n, n.hp_m / 100.0, n.hp_f / 100.0, n.hp_n, n.dmg_m / 100.0,
       n.dmg_f / 100.0, n.dmg_n, n.confidence, n.listings, n.raw::jsonb
  from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::int[], $8::bigint[],
              $9::bigint[], $10::int[], $11::bigint[], $12::bigint[], $13::int[], $14::bigint[], $15::bigint[],
              $16::int[], $17::bigint[], $18::bigint[], $19::int[], $20::int[], $21::int[], $22::text[])
       as n(print, variant, language, currency, nm_m, nm_f, nm_n, lp_m, lp_f, lp_n, mp_m, mp_f, mp_n, hp_m, hp_f, hp_n,
            dmg_m, dmg_f, dmg_n, confidence, listings, raw)

-- name: shown
-- Which curves with prices the last computation of these prints has left.
select c.card_print_id, c.variant, c.language, c.currency
  from unnest($1::bigint[]) as p(id)
 cross join lateral (select max(l.created_at) as at from public.card_print_price_curves l
                      where l.card_print_id = p.id) last
  join public.card_print_price_curves c on c.card_print_id = p.id and c.created_at = last.at
 where c.listing_count > 0

-- name: note_checks
-- By the clock, and not by the transaction's beginning: whoever asked before this is answered by it.
insert into worker.price_checks as c (card_print_id, computed_at)
select n.id, clock_timestamp() from unnest($1::bigint[]) n(id) order by n.id
    on conflict (card_print_id) do update set computed_at = greatest(c.computed_at, excluded.computed_at)

-- name: latest
-- The latest curves of a print: those that its last computation wrote, the one with most evidence first.
select c.id, c.created_at, c.variant, c.language, c.currency, c.nm_median, c.nm_floor, c.nm_samples, c.lp_median, c.lp_floor,
       c.lp_samples, c.mp_median, c.mp_floor, c.mp_samples, c.hp_median, c.hp_floor, c.hp_samples, c.dmg_median,
       c.dmg_floor, c.dmg_samples, c.confidence, c.listing_count, c.raw_json::text as raw_json
  from public.card_print_price_curves c
 where c.card_print_id = $1
   and c.created_at = (select max(l.created_at) from public.card_print_price_curves l where l.card_print_id = $1)
 order by c.listing_count desc, c.variant, c.language, c.currency

-- name: checked
-- When a print was computed last, how long ago that is, and what time it is.
select p.id, c.computed_at, extract(epoch from clock_timestamp() - c.computed_at)::float8 as age_seconds,
       clock_timestamp() as now
  from public.card_prints p left join worker.price_checks c on c.card_print_id = p.id where p.id = $1

-- name: take_turn
-- One at a time computes a print's price, of all processes; the lock ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('mintmark price of print ' || $1::bigint, 0))

-- name: limit_wait
select set_config('lock_timeout', $1, true)

-- name: ages
-- How old the prices are that are shown: of all prints that have one, at the median, at 95 of 100, and the oldest.
select percentile_disc(array[0.5, 0.95, 1.0]) within group (order by extract(epoch from now() - c.computed_at)) as ages
  from worker.price_checks c
