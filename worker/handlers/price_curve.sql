-- name: set_of_name
select s.id from public.card_sets s where s.game = 'pokemon' and s.source_set_id = $1

-- name: prints_with_evidence
-- The next prints in the order of their ids that somebody has said a price of; of a set only, and of one share of them.
-- From one to the next through the index, so that it costs a look for each print and not for each observation.
with recursive known as (
    (select o.card_print_id as id from public.price_observations o
      where o.card_print_id > $1 order by o.card_print_id limit 1)
    union all
    select (select o.card_print_id from public.price_observations o
             where o.card_print_id > k.id order by o.card_print_id limit 1)
      from known k where k.id is not null
)
select k.id from known k
 where k.id is not null and k.id % $3::int = $4::int
   and ($2::bigint is null or exists (select from public.card_prints p where p.id = k.id and p.set_id = $2))
 limit $5

-- name: count_prints
select count(*) from public.card_prints p
 where ($1::bigint is null or p.set_id = $1)
   and exists (select from public.price_observations o where o.card_print_id = p.id)

-- name: names_of
select p.id, p.source_card_id from public.card_prints p where p.id = any ($1::bigint[])
