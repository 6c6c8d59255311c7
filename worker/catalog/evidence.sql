-- name: rules
-- Whatever stands in its lists is one list of words; a bound that is no number is none.
select r.id, r.source, r.card_print_id,
       array(select w from unnest(r.include_keywords) w where w is not null) as include_keywords,
       array(select w from unnest(r.exclude_keywords) w where w is not null) as exclude_keywords,
       nullif(r.min_price, 'NaN') as min_price, nullif(r.max_price, 'NaN') as max_price, upper(r.currency) as currency,
       array(select w from unnest(r.only_sellers) w where w is not null) as only_sellers,
       array(select w from unnest(r.exclude_sellers) w where w is not null) as exclude_sellers
  from public.source_rules r where r.active order by r.priority desc, r.id

-- name: currencies
select s.name, s.config ->> 'currency' as currency from public.sources s where s.config ? 'currency'

-- name: unjudged
-- What the present reader and rules have not judged.
select o.id from public.price_observations o
 where o.card_print_id = any ($1::bigint[]) and o.judged_by is distinct from $2 and o.id > $3
 order by o.id limit $4

-- name: hold
-- Wait for whoever has these rows: in the order of their ids, as everybody does who waits, and so in no circle.
select o.id from public.price_observations o where o.id = any ($1::bigint[]) order by o.id for no key update

-- name: to_judge
-- A row that another judge holds is his: nobody waits for another here. What he has judged meanwhile is judged.
select o.id, o.source, o.basis, o.title, o.unit_price, o.total_cents, o.currency, o.status, o.listing_type, o.item_group,
       o.seller, o.mapped_by, o.card_print_id, o.observed_at > now() + interval '1 day' as is_future,
       o.raw ->> 'conditionId' as condition_id, o.raw ->> 'conditionDescriptors' as descriptors,
       o.raw ->> 'printing' as printing, o.raw ->> 'unreadable' as unreadable
  from public.price_observations o
 where o.id = any ($1::bigint[]) and o.card_print_id is not null and o.judged_by is distinct from $2
   for no key update skip locked

-- name: prints
select p.id, p.name, p.number, s.printed_total, p.variants
  from public.card_prints p join public.card_sets s on s.id = p.set_id where p.id = any ($1::bigint[])

-- name: judge
update public.price_observations o
   set card_condition = n.condition, grader = n.grader, grade = n.grade, language = n.language, variant = n.variant,
       left_out = n.left_out::public.left_out, left_out_why = n.why, judged_by = $2
  from unnest($1::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       as n(id, condition, grader, grade, language, variant, left_out, why)
 where o.id = n.id
