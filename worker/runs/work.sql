-- name: enter
-- The run's state, and whether failed items of the job are to be worked again. The first job to begin starts the run,
-- if there is a place for it.
select case when r.state = 'pending' then worker.begin_run(r.id, $2, $3) else r.state::text end as state,
       exists (select from worker.items i
                where i.run_id = $1 and i.job_id = $2 and i.state in ('pending', 'processing')) as any_again
  from worker.runs r where r.id = $1

-- name: seal
-- The last statement of a handler's transaction: the run counts and the fence is shown, run before job, and the
-- whole transaction stands or falls with it. A job that gets on is not what kills its workers: its
-- crashes are no longer held against it. Should the commit not follow (a frozen process, a lost machine), the server
-- lets go of both rows by itself: nobody could rescue the job, nor count in the run, while they are locked.
with counted as (
    update worker.runs r
       set total_items = r.total_items + $5, processed_items = r.processed_items + $6,
           failed_items = r.failed_items + $7, skipped_items = r.skipped_items + $8
     where r.id = $1
    returning r.state
), held as (
    update worker.jobs j set checkpoint = coalesce($4::jsonb, j.checkpoint), crashes_in_a_row = 0
     where j.id = $2 and j.fence = $3 and j.state = 'running' and (select count(*) from counted) >= 0
    returning j.cancel_requested
)
select h.cancel_requested, (select c.state::text from counted c) as run_state,
       set_config('idle_in_transaction_session_timeout', '5s', true) as or_else
  from held h

-- name: seal_and_settle
-- The same where calls were paid for since the last commit.
select s.cancel_requested, s.run_state, set_config('idle_in_transaction_session_timeout', '5s', true) as or_else
  from worker.settle($1, $2, $3, $9::bigint[], $10::worker.reservation_state[], $11::numeric[], true, $4::jsonb, $5,
                     $6, $7, $8) s

-- name: log
select worker.log_run($1, $2, $3, $4::jsonb, worker.actor($5))
  from worker.jobs j where j.id = $5 and j.fence = $6 and j.state = 'running'

-- name: enqueue
select worker.enqueue($1, $2::jsonb, run_id => $3)

-- name: continue_trace
select set_config('mintmark.traceparent', $1, true)
