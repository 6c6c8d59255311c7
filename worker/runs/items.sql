-- name: add_items
insert into worker.items (run_id, job_id, type, external_id, state, error_code, error_message, cost_cents, data)
select $1, $2, i.type, i.external_id, i.state, i.error_code, i.error_message, i.cost_cents, i.data
  from unnest($3::worker.item_type[], $4::text[], $5::worker.item_state[], $6::text[], $7::text[], $8::numeric[],
              $9::jsonb[]) as i(type, external_id, state, error_code, error_message, cost_cents, data)

-- name: write_over
-- Items of the job that were to be worked again.
update worker.items w
   set state = i.state, error_code = i.error_code, error_message = i.error_message,
       cost_cents = w.cost_cents + i.cost_cents, data = coalesce(i.data, w.data), worked_at = now()
  from unnest($3::worker.item_type[], $4::text[], $5::worker.item_state[], $6::text[], $7::text[], $8::numeric[],
              $9::jsonb[]) as i(type, external_id, state, error_code, error_message, cost_cents, data)
 where w.run_id = $1 and w.job_id = $2 and w.state in ('pending', 'processing')
   and w.type = i.type and w.external_id = i.external_id
returning w.state::text
