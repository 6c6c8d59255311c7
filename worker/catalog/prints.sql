-- name: by_id
select p.id, p.source_card_id, p.name, p.number, s.name as set_name, s.printed_total, p.variants
  from public.card_prints p join public.card_sets s on s.id = p.set_id where p.id = $1

-- name: by_mapping
select m.card_print_id from public.external_mappings m
 where m.source = $1 and m.external_id = $2 and m.card_print_id is not null

-- name: by_source_card_id
select p.id from public.card_prints p where p.game = 'pokemon' and p.source_card_id = $1
