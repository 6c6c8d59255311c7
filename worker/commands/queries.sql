-- name: enqueue
-- In one statement with the trace that the job shall continue, for that is said for a transaction.
with said as materialized (select set_config('mintmark.traceparent', coalesce($8, ''), true))
select worker.enqueue($1, $2::jsonb, $3, $4, $5, $6, run_id => $7) from said

-- name: cancel_job
select worker.cancel_job($1)

-- name: retry_job
select worker.retry_job($1)

-- name: pause_queue
select worker.pause_queue($1)

-- name: resume_queue
select worker.resume_queue($1)

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
