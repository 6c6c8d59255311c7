-- name: since
select (now() at time zone 'UTC')::date - $1::int + 1

-- name: last_of_batch
select max(p.id) from (select c.id from public.card_prints c where c.id > $1 order by c.id limit $2) p

-- name: index
-- Of curves made in one instant the one with more samples, then the dearer: not the one that happened to come last.
-- Days before the first are needed for changes only, and stay as they are. 120 days: 90, and 30 more.
with bounds as (
    select $1::date as first, $1::date::timestamp at time zone 'UTC' as moment
), curves as (
    select distinct on (c.card_print_id, c.variant, c.language, c.currency, (c.created_at at time zone 'UTC')::date)
           c.card_print_id, c.variant, c.language, c.currency, (c.created_at at time zone 'UTC')::date as day,
           c.nm_median as price, 'curve' as basis, c.nm_samples as samples
      from public.card_print_price_curves c, bounds b
     where c.card_print_id > $2 and c.card_print_id <= $3 and c.created_at >= b.moment
     order by c.card_print_id, c.variant, c.language, c.currency, (c.created_at at time zone 'UTC')::date,
              c.created_at desc, c.nm_samples desc, c.nm_median desc nulls last
), sales as (
    select o.card_print_id, coalesce(o.variant, 'normal') as variant, coalesce(o.language, 'en') as language, o.currency,
           (o.observed_at at time zone 'UTC')::date as day,
           round(percentile_cont(0.5) within group (order by o.total_cents)::numeric / 100, 2) as price, 'sold' as basis,
           count(*)::int as samples
      from public.price_observations o, bounds b
     where o.card_print_id > $2 and o.card_print_id <= $3 and o.observed_at >= b.moment
       and o.basis = 'sold' and o.status = 'sold' and o.card_condition = 'NM' and o.left_out is null
       and o.judged_by is not null and o.total_cents is not null and o.currency is not null
     group by 1, 2, 3, 4, 5
), prices as (
    select c.card_print_id, c.variant, c.language, c.currency, c.day, c.price, c.basis, c.samples
      from curves c where c.price is not null
     union all
    select s.card_print_id, s.variant, s.language, s.currency, s.day, s.price, s.basis, s.samples
      from sales s
     where not exists (select from curves c
                        where c.card_print_id = s.card_print_id and c.variant = s.variant and c.language = s.language
                          and c.currency = s.currency and c.day = s.day and c.price is not null)
), line as (
    select p.card_print_id, p.variant, p.language, p.currency, p.day, p.price, p.basis, p.samples from prices p
     union all
    select i.card_print_id, i.variant, i.language, i.currency, i.day, i.price, i.basis, i.samples
      from public.price_index i, bounds b
     where i.card_print_id > $2 and i.card_print_id <= $3 and i.day < b.first and i.day >= b.first - 120
), held as (
    select l.card_print_id, l.variant, l.language, l.currency, l.day, l.price, l.basis, l.samples,
           last_value(l.price) over (k range between interval '10 days' preceding and interval '7 days' preceding) as week,
           last_value(l.price) over (k range between interval '40 days' preceding and interval '30 days' preceding) as month,
           last_value(l.price) over (k range between interval '120 days' preceding and interval '90 days' preceding) as quarter
      from line l
    window k as (partition by l.card_print_id, l.variant, l.language, l.currency order by l.day)
), made as (
    select h.card_print_id, h.variant, h.language, h.currency, h.day, h.price, h.basis, h.samples,
           case when h.week > 0 then least(round(h.price / h.week - 1, 4), 9999.9999) end as change_7d,
           case when h.month > 0 then least(round(h.price / h.month - 1, 4), 9999.9999) end as change_30d,
           case when h.quarter > 0 then least(round(h.price / h.quarter - 1, 4), 9999.9999) end as change_90d
      from held h, bounds b
     where h.day >= b.first
), written as (
    insert into public.price_index as i
           (card_print_id, variant, language, currency, day, price, basis, samples, change_7d, change_30d, change_90d)
    select m.card_print_id, m.variant, m.language, m.currency, m.day, m.price, m.basis, m.samples, m.change_7d, m.change_30d,
           m.change_90d
      from made m
     order by 1, 2, 3, 4, 5
    on conflict (card_print_id, variant, language, currency, day) do update
       set price = excluded.price, basis = excluded.basis, samples = excluded.samples, change_7d = excluded.change_7d,
           change_30d = excluded.change_30d, change_90d = excluded.change_90d
     where (i.price, i.basis, i.samples, i.change_7d, i.change_30d, i.change_90d)
           is distinct from (excluded.price, excluded.basis, excluded.samples, excluded.change_7d, excluded.change_30d,
                             excluded.change_90d)
    returning 1
), gone as (
    delete from public.price_index i
     using bounds b
     where i.card_print_id > $2 and i.card_print_id <= $3 and i.day >= b.first
       and not exists (select from prices p
                        where p.card_print_id = i.card_print_id and p.variant = i.variant and p.language = i.language
                          and p.currency = i.currency and p.day = i.day)
    returning 1)
select (select count(*)::int from written) as written, (select count(*)::int from gone) as gone
