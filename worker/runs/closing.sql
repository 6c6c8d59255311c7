-- name: hold
-- Runs without a live job, locked: nothing can be enqueued into them now. Another closer's are passed over. One that
-- was cancelled has its end already, and gets its summary.
select r.id from worker.runs r
 where r.id = any($1::uuid[])
   and (r.state in ('pending', 'running') or (r.state = 'cancelled' and r.summary is null))
   and not exists (select from worker.jobs j where j.run_id = r.id)
 order by r.id for no key update skip locked

-- name: ended
-- Of the runs held, those that are still without one. A statement of its own, for its own view of the jobs: an
-- enqueue that held a run until a moment ago has left no mark on its row by which the lock could tell.
select r.id, r.org_id, r.name, r.kind, r.state::text, r.started_at, r.created_at,
       coalesce(r.completed_at, now()) as ended_at,
       exists (select from worker.job_history h where h.run_id = r.id and h.state = 'failed') as failed,
       not exists (select from worker.job_history h where h.run_id = r.id and h.state <> 'cancelled') as cancelled
  from worker.runs r
 where r.id = any($1::uuid[]) and not exists (select from worker.jobs j where j.run_id = r.id)

-- name: lose_orphans
-- What jobs that have ended still hold of the run is lost.
select worker.lose_orphans($1)

-- name: fail_unworked
-- Items of a run without a live job that were to be worked again, after those whose reservation was lost.
select worker.fail_item($1, i.job_id, i.type, i.external_id, 'not_worked',
                        'its job ended without working it: retry the run''s failed items', 0)
  from worker.items i
 where i.run_id = $1 and i.state in ('pending', 'processing')

-- name: orphans
-- Runs, or none, of which jobs that have ended hold a reservation.
select distinct l.run_id from worker.ledger l
 where l.state = 'held' and not exists (select from worker.jobs j where j.id = l.job_id)
 limit 100

-- name: call_waiting
-- A place that was free before anybody could be called for it.
select worker.call_waiting_runs(o.id) from public.orgs o
 where exists (select from worker.runs r where r.org_id = o.id and r.state = 'pending' and r.waits)

-- name: call_next
select worker.call_waiting_runs($1)

-- name: wake_stranded
-- A job that was put back while its run was being resumed may have seen the run still paused, and rests in a run
-- that goes on.
select worker.wake_jobs(r.id)
  from (select s.id from worker.runs s
         where s.state = 'running'
           and exists (select from worker.jobs j where j.run_id = s.id and j.state = 'paused')
         limit 100 for no key update skip locked) r

-- name: overdue
-- Runs that nobody closed: their last worker died between its last finish and the closing.
select r.id from worker.runs r
 where (r.state in ('pending', 'running') or (r.state = 'cancelled' and r.summary is null))
   and not exists (select from worker.jobs j where j.run_id = r.id)
 limit 100

-- name: counts
select i.type::text, i.state::text, i.error_code, count(*)::int as count
  from worker.items i where i.run_id = $1
 group by i.type, i.state, i.error_code

-- name: tally
select t.key as name, sum(t.value::bigint)::bigint as count
  from worker.items i cross join lateral jsonb_each_text(i.data -> 'tally') t
 where i.run_id = $1 and jsonb_typeof(i.data -> 'tally') = 'object'
 group by t.key

-- name: calls
select coalesce(sum(l.calls), 0)::bigint from worker.ledger l where l.run_id = $1 and l.state <> 'released'

-- name: close
update worker.runs r
   set state = $2::worker.run_state, waits = false, summary = $3::jsonb, completed_at = coalesce(r.completed_at, now()),
       reason = case when r.state = 'cancelled' then r.reason end
 where r.id = $1

-- name: log
select worker.log_run($1, $2, $3, $4::jsonb, $5)

-- name: raise_alert
-- Once for each time that it ends so: it may be worked again.
select worker.raise_alert(
           'run_failed', format('run_failed:%s:%s', r.id, extract(epoch from now())),
           format('The run "%s" (%s) has failed: %s of its jobs failed, the last with %s. More: mintmark run show %s',
                  r.name, r.kind, f.jobs, coalesce(f.code, 'no code'), left(r.id::text, 8)),
           org_id => r.org_id, run_id => r.id,
           data => jsonb_build_object('name', r.name, 'kind', r.kind, 'failed_jobs', f.jobs, 'error_code', f.code))
  from worker.runs r
       cross join lateral (
       select count(*) as jobs, (array_agg(h.error_code order by h.finished_at desc))[1] as code
         from worker.job_history h where h.run_id = r.id and h.state = 'failed') f
 where r.id = $1
