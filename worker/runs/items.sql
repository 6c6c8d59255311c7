-- name: add_items
insert into worker.items (run_id, job_id, type, external_id, state, error_code, error_message, cost_cents, data)
select $1, $2, i.type, i.external_id, i.state, i.error_code, i.error_message, i.cost_cents, i.data
  from unnest($3::worker.item_type[], $4::text[], $5::worker.item_state[], $6::text[], $7::text[], $8::numeric[],
              $9::jsonb[]) as i(type, external_id, state, error_code, error_message, cost_cents, data)

-- name: read_again
-- Items that wait to be worked again, in the order in which they were worked; from now on they are being worked.
with held as (
    update worker.items i set state = 'processing'
     where i.run_id = $1 and i.job_id = $2 and i.state in ('pending', 'processing')
       and exists (select from worker.jobs j where j.id = $2 and j.fence = $3 and j.state = 'running')
    returning i.id, i.type, i.external_id, i.data
)
select h.id, h.type::text, h.external_id, h.data::text from held h order by h.id

-- name: write_over
-- Items that were to be worked again, and were; one that has failed meanwhile is left.
update worker.items w
   set state = i.state, error_code = i.error_code, error_message = i.error_message,
       cost_cents = w.cost_cents + i.cost_cents, data = coalesce(i.data, w.data), worked_at = now()
  from unnest($2::bigint[], $3::worker.item_type[], $4::text[], $5::worker.item_state[], $6::text[], $7::text[],
              $8::numeric[], $9::jsonb[])
       as i(id, type, external_id, state, error_code, error_message, cost_cents, data)
 where w.run_id = $1 and w.id = i.id and w.error_code is null
returning w.id, w.state::text
