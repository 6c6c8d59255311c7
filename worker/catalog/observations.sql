-- name: known
-- What is there of these line items, as far as deciding needs it.
select o.org_id, o.source_modified_at, o.marketplace_id, o.order_id, o.order_line_item_id, o.content_hash, o.card_print_id, o.mapped_by
  from unnest($2::text[], $3::text[], $4::text[]) as k(marketplace_id, order_id, line_id)
       join public.price_observations o
         on o.source = $1 and o.marketplace_id = k.marketplace_id and o.order_id = k.order_id
        and o.order_line_item_id = k.line_id

-- name: hold
-- Take these rows in the order of their ids, as everybody does who waits for rows: so nobody waits in a circle.
select o.id
  from unnest($2::text[], $3::text[], $4::text[]) as k(marketplace_id, order_id, line_id)
       join public.price_observations o
         on o.source = $1 and o.marketplace_id = k.marketplace_id and o.order_id = k.order_id
        and o.order_line_item_id = k.line_id
 order by o.id for no key update of o

-- name: write
-- A row that somebody has mapped by hand keeps its print.
insert into public.price_observations as o
       (org_id, source, basis, account_id, marketplace_id, order_id, order_line_item_id, external_item_id, title, sku,
        quantity, unit_price, shipping, currency, observed_at, listing_type, condition, status, card_print_id, mapped_by,
        match_score, match_why, candidates, raw, content_hash,
        source_modified_at)
select $1, $2, $3, $4, n.marketplace_id, n.order_id, n.line_id, n.item_id, n.title, n.sku, n.quantity, n.unit_price,
       n.shipping, n.currency, n.observed_at, n.listing_type, n.condition, n.status, n.card_print_id, n.mapped_by,
       n.match_score, n.match_why, n.candidates::jsonb, n.raw::jsonb, n.content_hash,
       n.modified_at
  from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], $12::numeric[],
              $13::numeric[], $14::text[], $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::bigint[],
              $20::text[], $21::numeric[], $22::text[], $23::text[], $24::text[], $25::bytea[],
              $26::timestamptz[])
       as n(marketplace_id, order_id, line_id, item_id, title, sku, quantity, unit_price, shipping, currency, observed_at,
            listing_type, condition, status, card_print_id, mapped_by, match_score, match_why, candidates, raw,
            content_hash, modified_at)
on conflict (source, marketplace_id, order_id, order_line_item_id) do update
   set account_id = excluded.account_id, external_item_id = excluded.external_item_id, title = excluded.title,
       sku = excluded.sku, quantity = excluded.quantity, unit_price = excluded.unit_price, shipping = excluded.shipping,
       currency = excluded.currency, observed_at = excluded.observed_at, listing_type = excluded.listing_type,
       condition = excluded.condition, status = excluded.status, raw = excluded.raw,
       content_hash = excluded.content_hash, judged_by = null, source_modified_at = excluded.source_modified_at, updated_at = now(),
       card_print_id = case when o.mapped_by = 'manual' then o.card_print_id else excluded.card_print_id end,
       mapped_by = case when o.mapped_by = 'manual' then o.mapped_by else excluded.mapped_by end,
       match_score = case when o.mapped_by = 'manual' then o.match_score else excluded.match_score end,
       match_why = case when o.mapped_by = 'manual' then o.match_why else excluded.match_why end,
       candidates = case when o.mapped_by = 'manual' then o.candidates else excluded.candidates end
 where o.org_id = excluded.org_id
   and (o.source_modified_at is null or o.source_modified_at <= excluded.source_modified_at)
