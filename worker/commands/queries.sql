-- name: enqueue
select worker.enqueue($1, $2::jsonb, $3, $4, $5, $6, run_id => $7)

-- name: start_run
select worker.start_run($1, $2::jsonb, $3, $4)

-- name: pause_run
select worker.pause_run($1, $2)

-- name: resume_run
select worker.resume_run($1, $2)

-- name: cancel_run
select worker.cancel_run($1, $2)

-- name: retry_failed
select worker.retry_failed($1)

-- name: cancel_job
select worker.cancel_job($1)

-- name: retry_job
select worker.retry_job($1)

-- name: pause_queue
select worker.pause_queue($1)

-- name: resume_queue
select worker.resume_queue($1)

-- name: runs
select r.id, r.name, r.kind, r.state::text, r.reason, r.budget_cap_cents, r.spent_cents, r.total_items,
       r.processed_items, r.failed_items, r.skipped_items, r.created_at, r.started_at, r.paused_at, r.completed_at
  from worker.run_status r
 order by r.created_at desc limit $1

-- name: run
select s.id, s.org_id, s.name, s.kind, s.state::text, s.reason, s.budget_cap_cents, s.estimated_cents,
       s.reserved_cents, s.spent_cents, s.total_items, s.processed_items, s.failed_items, s.skipped_items,
       s.created_at, s.started_at, s.paused_at, s.completed_at, r.params::text, r.summary::text,
       (select count(*)::int from worker.jobs j where j.run_id = s.id) as live_jobs
  from worker.run_status s join worker.runs r on r.id = s.id
 where s.id = $1

-- name: run_events
select e.at, e.level, e.event, e.actor, e.data::text from worker.run_events e where e.run_id = $1 order by e.id

-- name: find_runs
select r.id from worker.runs r where starts_with(r.id::text, $1) order by r.created_at desc limit 3

-- name: jobs
select j.id, j.queue, j.kind, j.state::text, j.reason, j.priority, j.run_id, j.run_at, j.attempt, j.crashes,
       j.error_code, j.error_message, j.created_at, j.started_at, j.finished_at
  from worker.job_status j
 where ($1::text is null or j.state::text = $1) and ($2::text is null or j.kind = $2)
   and ($3::text is null or j.queue = $3)
 order by j.id desc limit $4

-- name: job
select j.id, j.queue, j.kind, j.state::text, j.reason, j.priority, j.run_id, j.run_at, j.attempt, j.crashes,
       j.error_code, j.error_message, j.created_at, j.started_at, j.finished_at
  from worker.job_status j where j.id = $1
 order by j.finished_at desc nulls first limit 1

-- name: queues
select q.queue, q.paused, q.scheduled, q.pending, q.running, q.failed, q.oldest_pending_seconds
  from worker.queue_status q order by q.queue

-- name: kinds
select k.kind, k.queue, k.max_attempts, k.starts_run, k.schema::text, k.published_at, l.concurrency, l.starts, l.per
  from worker.kinds k left join worker.kind_limits l on l.kind = k.kind
 order by k.kind

-- name: limit_kind
select worker.limit_kind($1, $2, $3, $4)
