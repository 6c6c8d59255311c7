-- name: hold
-- Runs without a live job, locked: nothing can be enqueued into them now. Another closer's are passed over.
select r.id from worker.runs r
 where r.id = any($1::uuid[]) and r.state in ('pending', 'running')
   and not exists (select from worker.jobs j where j.run_id = r.id)
 order by r.id for update skip locked

-- name: ended
-- Of the runs held, those that are still without one. A statement of its own, for its own view of the jobs: an
-- enqueue that held a run until a moment ago has left no mark on its row by which the lock could tell.
select r.id, r.kind, r.state::text, r.started_at, r.created_at, now() as ended_at,
       exists (select from worker.job_history h where h.run_id = r.id and h.state = 'failed') as failed,
       not exists (select from worker.job_history h where h.run_id = r.id and h.state <> 'cancelled') as cancelled
  from worker.runs r
 where r.id = any($1::uuid[]) and not exists (select from worker.jobs j where j.run_id = r.id)

-- name: wake_stranded
-- A job that was put back while its run was being resumed may have seen the run still paused, and rests in a run
-- that goes on.
select worker.wake_jobs(r.id)
  from (select s.id from worker.runs s
         where s.state = 'running'
           and exists (select from worker.jobs j where j.run_id = s.id and j.state = 'paused')
         limit 100 for update skip locked) r

-- name: overdue
-- Runs that nobody closed: their last worker died between its last finish and the closing.
select r.id from worker.runs r
 where r.state in ('pending', 'running') and not exists (select from worker.jobs j where j.run_id = r.id)
 limit 100

-- name: counts
select i.type::text, i.state::text, i.error_code, count(*)::int as count
  from worker.items i where i.run_id = $1
 group by i.type, i.state, i.error_code

-- name: close
update worker.runs r set state = $2::worker.run_state, summary = $3::jsonb, completed_at = now() where r.id = $1

-- name: log
select worker.log_run($1, $2, $3, $4::jsonb, $5)
