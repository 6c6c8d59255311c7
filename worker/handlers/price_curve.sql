-- name: set_of_name
select s.id from public.card_sets s where s.game = 'pokemon' and s.source_set_id = $1
