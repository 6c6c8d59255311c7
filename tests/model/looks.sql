-- name: claimable
-- What a claim of this queue should have taken.
select j.id from worker.jobs j
 where j.queue = $1 and j.state = 'pending' and not j.blocked
   and not exists (select from worker.queues q where q.queue = $1 and q.paused)

-- name: two_holders
select j.concurrency_key from worker.jobs j
 where j.concurrency_key is not null and not j.blocked and j.state in ('pending', 'running')
 group by j.concurrency_key having count(*) > 1

-- name: two_of_a_key
select j.kind, j.dedupe_key from worker.jobs j where j.dedupe_key is not null
 group by j.kind, j.dedupe_key having count(*) > 1

-- name: without_worker
select j.id from worker.jobs j
 where j.state = 'running' and not exists (select from worker.workers w where w.id = j.worker_id)

-- name: blocked_at_work
select j.id from worker.jobs j where j.state = 'running' and j.blocked

-- name: in_both
select j.id from worker.jobs j join worker.job_history h on h.id = j.id

-- name: beyond_cap
select r.id from worker.runs r where r.spent_cents + r.reserved_cents > r.budget_cap_cents

-- name: terminal
select h.id, h.state::text, h.fence, h.reason, h.error_code, h.finished_at, h.xmin::text, h.ctid::text
  from worker.job_history h

-- name: empty
truncate worker.jobs, worker.job_history, worker.runs, worker.workers, worker.queues cascade
