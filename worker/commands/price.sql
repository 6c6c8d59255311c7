-- name: evidence
-- What a curve rests on and what was left out of it, as it stands now; the curve keeps the prices of then.
select o.id, o.source, o.basis, o.card_condition as condition, o.total_cents, o.currency, o.observed_at, o.title, o.seller,
       o.left_out::text as left_out, o.left_out_why
  from public.price_observations o where o.id = any ($1::bigint[])

-- name: guides
select distinct on (o.source, o.variant) o.source, o.variant, o.unit_price, o.currency, o.observed_at
  from public.price_observations o where o.id = any ($1::bigint[])
 order by o.source, o.variant, o.observed_at desc
