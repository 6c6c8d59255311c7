-- name: known_details
-- What listings have said in full before.
select o.external_item_id,
       jsonb_strip_nulls(jsonb_build_object('conditionDescriptors', o.raw -> 'conditionDescriptors',
                                            'lotSize', o.raw -> 'lotSize', 'detailed', true))::text as details
  from public.price_observations o
 where o.source = $1 and o.marketplace_id = $2 and o.external_item_id = any ($3::text[]) and o.order_id is null
   and o.raw ? 'detailed'

-- name: is_plenty
-- Whether more is left of an API's day than is to be left alone; where nobody counts, always.
select coalesce((select q.remaining_calls * 100 > q.calls * $2::int from worker.quota_status q where q.api = $1), true)
