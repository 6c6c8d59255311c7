-- name: continue_trace
select set_config('mintmark.traceparent', $1, true)

-- name: start_run
select worker.start_run($1, $2::jsonb, $3, $4)

-- name: note_estimate
select n.estimated_cents, n.budget_cap_cents from worker.note_estimate($1, $2) n

-- name: pause_run
select worker.pause_run($1, $2)

-- name: resume_run
select worker.resume_run($1, $2)

-- name: cancel_run
select worker.cancel_run($1, $2)

-- name: retry_failed
select worker.retry_failed($1)

-- name: waiting
-- What a retry changes: failed items, jobs that have not ended.
select r.failed_items, r.waits, (select count(*)::int from worker.jobs j where j.run_id = r.id) as jobs
  from worker.runs r where r.id = $1

-- name: has_to_wait
select r.waits from worker.runs r where r.id = $1

-- name: find_runs
select r.id from worker.runs r where starts_with(r.id::text, $1) order by r.created_at desc limit 3

-- name: runs
select r.id, r.name, r.kind, r.state::text, r.reason, r.budget_cap_cents, r.estimated_cents, r.reserved_cents,
       r.spent_cents, r.total_items, r.processed_items, r.failed_items, r.skipped_items, r.created_at, r.started_at,
       r.paused_at, r.completed_at
  from worker.run_status r
 where ($1::text is null or r.state::text = $1) and ($2::text is null or r.kind = $2)
 order by r.created_at desc limit $3

-- name: run
select s.id, s.org_id, s.name, s.kind, s.state::text, s.reason, s.budget_cap_cents, s.estimated_cents,
       s.reserved_cents, s.spent_cents, s.total_items, s.processed_items, s.failed_items, s.skipped_items,
       s.created_at, s.started_at, s.paused_at, s.completed_at, r.created_by, r.params::text, r.summary::text,
       (select count(*)::int from worker.jobs j where j.run_id = s.id) as live_jobs,
       (select count(*)::int from worker.jobs j where j.run_id = s.id and j.state = 'running') as jobs_at_work
  from worker.run_status s join worker.runs r on r.id = s.id
 where s.id = $1

-- name: run_jobs
-- Those that have not ended first; "in_all" is how many there are in all.
select j.id, j.kind, j.state, j.attempt, j.crashes, j.reason, j.error_code, j.error_message, j.checkpoint,
       (count(*) over ())::int as in_all
  from (select 1 as place, l.id, l.kind, l.state::text, l.attempt, l.crashes, l.reason, l.error_code,
               l.error_message, l.checkpoint::text
          from worker.jobs l where l.run_id = $1
        union all
        select 2, h.id, h.kind, h.state::text, h.attempt, h.crashes, h.reason, h.error_code, h.error_message,
               h.checkpoint::text
          from worker.job_history h where h.run_id = $1) j
 order by j.place, j.id limit $2

-- name: run_outcomes
select i.type::text, i.state::text, i.error_code, count(*)::int as items, sum(i.cost_cents) as cost_cents
  from worker.items i where i.run_id = $1
 group by i.type, i.state, i.error_code order by i.type, i.state, i.error_code nulls first

-- name: run_spending
-- What was released was never made. What is unknown is spent, and counts as such too.
select l.api, l.operation, sum(l.calls)::int as calls, coalesce(sum(l.cents), 0) as spent_cents,
       coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held_cents,
       coalesce(sum(l.cents) filter (where l.state = 'unknown'), 0) as unknown_cents
  from worker.ledger l where l.run_id = $1 and l.state <> 'released'
 group by l.api, l.operation order by l.api, l.operation

-- name: run_events
select e.id, e.at, e.level, e.event, e.actor, e.data::text
  from worker.run_events e where e.run_id = $1 and e.id > $2 order by e.id

-- name: run_items
select i.type::text, i.external_id, i.state::text, i.error_code, i.error_message, i.cost_cents, i.job_id,
       i.worked_at, i.data::text
  from worker.items i
 where i.run_id = $1 and ($2::text is null or i.state::text = $2) and ($3::text is null or i.error_code = $3)
 order by i.id limit $4
