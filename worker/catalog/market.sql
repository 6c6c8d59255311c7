-- name: take_turn
-- One at a time writes what the market says: two that find the same listings shall not wait for each other in a circle.
select pg_advisory_xact_lock(hashtextextended('price_observations', 0))

-- name: known
-- What is there of these offers, as far as deciding needs it.
select o.external_item_id, o.org_id, o.content_hash, o.source_modified_at, o.mapped_by, o.card_print_id,
       o.observed_at < now() - interval '1 day' as is_old
  from unnest($3::text[]) as k(item_id)
       join public.price_observations o
         on o.source = $1 and o.marketplace_id = $2 and o.external_item_id = k.item_id and o.order_id is null

-- name: hold
-- Take these rows in the order of their ids, as everybody does who waits for rows: so nobody waits in a circle.
select o.id
  from unnest($3::text[]) as k(item_id)
       join public.price_observations o
         on o.source = $1 and o.marketplace_id = $2 and o.external_item_id = k.item_id and o.order_id is null
 order by o.id for no key update of o

-- name: write
-- What a row says is replaced by what is newer, and then nobody has judged it yet. A print that somebody chose by hand
-- stays, and so does one that was found, where now none is.
insert into public.price_observations as o
       (org_id, source, basis, marketplace_id, external_item_id, title, quantity, unit_price, shipping, currency,
        observed_at, source_modified_at, listing_type, condition, status, seller, item_group, card_print_id, mapped_by,
        match_score, match_why, candidates, raw, content_hash, left_out, left_out_why)
select $1, $2, $3, $4, n.item_id, n.title, n.quantity, n.unit_price, n.shipping, n.currency,
       case when n.status = 'active' then least(n.observed_at, now()) else n.observed_at end,
       n.observed_at, n.listing_type, n.condition, n.status, n.seller, n.item_group, n.card_print_id, n.mapped_by,
       n.match_score, n.match_why, n.candidates::jsonb, n.raw::jsonb, n.content_hash, n.left_out::public.left_out,
       n.left_out_why
  from unnest($5::text[], $6::text[], $7::int[], $8::numeric[], $9::numeric[], $10::text[], $11::timestamptz[],
              $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::text[],
              $19::numeric[], $20::text[], $21::text[], $22::text[], $23::bytea[], $24::text[], $25::text[])
       as n(item_id, title, quantity, unit_price, shipping, currency, observed_at, listing_type, condition, status,
            seller, item_group, card_print_id, mapped_by, match_score, match_why, candidates, raw, content_hash,
            left_out, left_out_why)
    on conflict (source, marketplace_id, external_item_id) where order_id is null do update
   set title = excluded.title, quantity = excluded.quantity, unit_price = excluded.unit_price,
       shipping = excluded.shipping, currency = excluded.currency, observed_at = excluded.observed_at,
       source_modified_at = excluded.source_modified_at, listing_type = excluded.listing_type,
       condition = excluded.condition, status = excluded.status, seller = excluded.seller,
       item_group = excluded.item_group, raw = excluded.raw, content_hash = excluded.content_hash,
       left_out = excluded.left_out, left_out_why = excluded.left_out_why, judged_by = null, updated_at = now(),
       card_print_id = case when o.mapped_by = 'manual' or (o.card_print_id is not null and coalesce(excluded.mapped_by, 'search') = 'search')
                       then o.card_print_id else excluded.card_print_id end,
       mapped_by = case when o.mapped_by = 'manual' or (o.card_print_id is not null and coalesce(excluded.mapped_by, 'search') = 'search')
                   then o.mapped_by else excluded.mapped_by end,
       match_score = case when o.mapped_by = 'manual' or (o.card_print_id is not null and coalesce(excluded.mapped_by, 'search') = 'search')
                     then o.match_score else excluded.match_score end,
       match_why = case when o.mapped_by = 'manual' or (o.card_print_id is not null and coalesce(excluded.mapped_by, 'search') = 'search')
                   then o.match_why else excluded.match_why end,
       candidates = case when o.mapped_by = 'manual' or (o.card_print_id is not null and coalesce(excluded.mapped_by, 'search') = 'search')
                    then o.candidates else excluded.candidates end
 where o.org_id = excluded.org_id
   and (o.source_modified_at is null or o.source_modified_at <= excluded.source_modified_at)

-- name: see_again
-- An ask that stands as it stood is the same row; only when it was seen is written, once a day.
update public.price_observations o
   set observed_at = least(s.observed_at, now()), source_modified_at = s.observed_at, status = 'active', updated_at = now()
  from unnest($4::text[], $5::timestamptz[]) as s(item_id, observed_at)
 where o.org_id = $1 and o.source = $2 and o.marketplace_id = $3 and o.external_item_id = s.item_id
   and o.order_id is null and o.source_modified_at < s.observed_at

-- name: unmapped_sales
-- Sales of the org's own sellers that found no print, and of which this one was a candidate.
select o.id, o.title, o.sku, o.external_item_id
  from public.price_observations o
 where o.org_id = $1 and o.source = $2 and o.card_print_id is null and o.mapped_by is null
   and o.candidates @> jsonb_build_array(jsonb_build_object('card_print_id', $3::bigint))
 order by o.id limit $4

-- name: map
-- What was found after all; what somebody has mapped meanwhile stays.
update public.price_observations o
   set card_print_id = m.card_print_id, mapped_by = m.mapped_by, match_score = m.score, match_why = m.why,
       candidates = '[]', judged_by = null, updated_at = now()
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::numeric[], $5::text[])
       as m(id, card_print_id, mapped_by, score, why)
 where o.id = m.id and o.card_print_id is null and o.mapped_by is null
