-- name: shelved
-- Offers that are one raw card, be it in an unknown condition.
select o.external_item_id, o.card_print_id, o.variant
  from public.price_observations o
 where o.source = $1 and o.marketplace_id = $2 and o.org_id = $3 and o.order_id is null
   and o.external_item_id = any ($4::text[]) and o.card_print_id is not null
   and (o.left_out is null or o.left_out = 'no_condition')
