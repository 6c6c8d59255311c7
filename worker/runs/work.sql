-- name: enter
-- The first job to begin starts the run, if it is still held. Answers the run's state and kind.
with started as (
    update worker.runs r set state = 'running', started_at = now()
     where r.id = $1 and r.state = 'pending'
       and exists (select from worker.jobs j where j.id = $3 and j.fence = $4 and j.state = 'running')
    returning r.id
), logged as (
    insert into worker.run_events (run_id, level, event, actor)
    select s.id, 'info', 'started', $2 from started s
    returning 1
)
select r.kind, case when exists (select from started) then 'running' else r.state::text end as state,
       (select count(*) from logged) as logged
  from worker.runs r where r.id = $1

-- name: seal
-- The last statement of a handler's transaction: the run counts and the fence is shown, run before job, and the
-- whole transaction stands or falls with it. A job that gets on is not what kills its workers: its
-- crashes are no longer held against it. A spending that would pass the cap changes no run. Should the commit not
-- follow (a frozen process, a lost machine), the server lets go of both rows by itself: nobody could rescue the job,
-- nor count in the run, while they are locked.
with counted as (
    update worker.runs r
       set total_items = r.total_items + $5, processed_items = r.processed_items + $6,
           failed_items = r.failed_items + $7, skipped_items = r.skipped_items + $8,
           spent_cents = r.spent_cents + $9
     where r.id = $4 and r.spent_cents + r.reserved_cents + $9 <= r.budget_cap_cents
    returning r.state
), held as (
    update worker.jobs j set checkpoint = coalesce($3::jsonb, j.checkpoint), crashes_in_a_row = 0
     where j.id = $1 and j.fence = $2 and j.state = 'running' and (select count(*) from counted) >= 0
    returning j.cancel_requested
)
select h.cancel_requested, (select c.state::text from counted c) as run_state,
       set_config('idle_in_transaction_session_timeout', '5s', true) as or_else
  from held h

-- name: add_items
insert into worker.items (run_id, type, external_id, state, error_code, error_message, cost_cents)
select $1, i.type, i.external_id, i.state, i.error_code, i.error_message, i.cost_cents
  from unnest($2::worker.item_type[], $3::text[], $4::worker.item_state[], $5::text[], $6::text[], $7::numeric[])
       as i(type, external_id, state, error_code, error_message, cost_cents)

-- name: log
select worker.log_run($1, $2, $3, $4::jsonb, $5)

-- name: pause
select set_config('mintmark.actor', $3, true), worker.pause_run($1, $2)

-- name: enqueue
select worker.enqueue($1, $2::jsonb, run_id => $3)
