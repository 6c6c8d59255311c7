-- name: make
-- Known by its owner's name for it: given again, it is the same, with what is said of it now.
insert into public.intakes as i (org_id, kind, reference, attributes) values ($1, $2, $3, $4::jsonb)
on conflict (org_id, reference) where reference is not null do update
   set kind = excluded.kind, attributes = excluded.attributes, updated_at = now()
 where (i.kind, i.attributes) is distinct from (excluded.kind, excluded.attributes)
returning i.id

-- name: find_by_reference
select i.id from public.intakes i where i.org_id = $1 and i.reference = $2

-- name: find
select i.id, i.org_id, i.kind, i.reference, i.attributes::text from public.intakes i where i.id = $1 and i.org_id = $2

-- name: hold
select now() as now from public.intakes i where i.id = $1 for no key update

-- name: look_at_items
-- The listings that a source has just told of are looked at for an intake; they are judged when it is valued. What the
-- source tells everybody is evidence, whichever org heard of it first.
insert into public.intake_comps (intake_id, observation_id, org_id)
select $1, o.id, $2
  from public.price_observations o
 where o.source = $3 and o.marketplace_id = $4 and o.external_item_id = any ($5::text[]) and o.order_id is null
on conflict (intake_id, observation_id) do update set seen_at = now()

-- name: look_at_words
-- And all that is there already, belongs to no print, and has every word in its title.
insert into public.intake_comps (intake_id, observation_id, org_id)
select $1, o.id, $2
  from public.price_observations o
 where o.card_print_id is null and o.org_id = $2 and o.basis in ('sold', 'ask')
   and string_to_array(lower(regexp_replace(regexp_replace(o.title, '([0-9])([A-Za-z])', '\1 \2', 'g'), '[^[:alnum:].]+', ' ', 'g')), ' ')
       @> $3::text[]
 order by o.observed_at desc limit $4
on conflict (intake_id, observation_id) do nothing

-- name: looked_at
-- All that was ever looked at for an intake, with what its source is worth.
select o.id, o.source, o.basis, o.title, o.status, o.listing_type, o.item_group, o.total_cents, o.currency, o.observed_at,
       o.seller, o.seller_key, o.offer_key, o.left_out::text, o.left_out_why, coalesce(s.reputation_weight, 0.5)::float as weight
  from public.intake_comps c
  join public.price_observations o on o.id = c.observation_id
  left join public.sources s on s.name = o.source
 where c.intake_id = $1
 order by o.id

-- name: judge
update public.intake_comps c set left_out = j.left_out::public.left_out, left_out_why = j.why
  from unnest($2::bigint[], $3::text[], $4::text[]) as j(id, left_out, why)
 where c.intake_id = $1 and c.observation_id = j.id
   and (c.left_out, c.left_out_why) is distinct from (j.left_out::public.left_out, j.why)

-- name: value
insert into public.valuations (org_id, intake_id, query, currency, comps, sold, p10, median, p90, mean, confidence,
                               explanation, raw_json)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb)
returning id

-- name: latest
select v.id, v.created_at, v.query, v.currency, v.comps, v.sold, v.p10, v.median, v.p90, v.mean, v.confidence,
       v.explanation, v.raw_json::text
  from public.valuations v where v.intake_id = $1 order by v.created_at desc, v.id desc limit 1

-- name: sources_of_value
-- The sources of listings, sales first: as they stand now.
select s.name, s.adapter, s.basis, s.enabled, s.disabled_reason, s.reputation_weight::float as weight, s.config::text
  from public.sources s
 where s.basis in ('sold', 'ask') and ($1::text[] is null or s.name = any ($1))
 order by s.basis = 'ask', s.reputation_weight desc, s.name
