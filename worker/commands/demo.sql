-- name: start
select worker.start_run('normalize_batch', $1::jsonb, 'demo')

-- name: totals
select (select count(*) from public.card_sets) as sets, (select count(*) from public.card_prints) as prints,
       (select count(*) from public.external_mappings) as mappings,
       (select count(*) from public.raw_imports r where r.status = 'pending') as pending

-- name: notes
select r.external_id, r.notes from public.raw_imports r
 where r.notes is not null order by r.id limit $1
