-- name: unwanted
-- Which of these jobs at work are to stop, and why.
select j.id, case when j.cancel_requested then 'job cancelled' else 'run ' || r.state end as why
  from worker.jobs j left join worker.runs r on r.id = j.run_id
 where j.id = any($1::bigint[]) and j.state = 'running'
   and (j.cancel_requested or r.state in ('paused', 'cancelled'))
