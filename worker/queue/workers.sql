-- name: register
insert into worker.workers (id, host, pid, lease_until) values ($1, $2, $3, now() + $4::interval)

-- name: beat
-- A lease that has run out is not revived: whoever rescues may already be at our jobs.
update worker.workers set lease_until = now() + $2::interval where id = $1 and lease_until > now() returning true

-- name: retire
-- Everything has been handed back. Should a job have been left all the same, the row stays to answer for it, as
-- that of a worker whose lease has run out.
with held as (
    select exists (select from worker.jobs j where j.worker_id = $1 and j.state = 'running') as any_job
), gone as (
    delete from worker.workers w using held h where w.id = $1 and not h.any_job
)
update worker.workers w set lease_until = now() from held h where w.id = $1 and h.any_job

-- name: dead
select w.id from worker.workers w where w.lease_until < now()

-- name: rescue
-- Put the jobs of dead workers back: their crash is counted, their try is not. Bounded, and past whatever
-- another rescuer holds. A job whose crashes reach the limit, or that was to be cancelled, ends instead.
-- Where a worker held several jobs that one more crash ($3) would set aside, nobody knows of which it died: none
-- of them is struck, and they are put back some time ($4) apart, so that nobody claims them together again.
with suspects as (
    select j.id, count(*) over (partition by j.worker_id) as together,
           row_number() over (partition by j.worker_id order by j.id) as place
      from worker.jobs j
     where j.state = 'running' and j.worker_id = any($1::uuid[]) and j.crashes_in_a_row >= $3
), orphans as materialized (
    select j.id, r.state = 'paused' or r.waits as rests, j.cancel_requested or coalesce(r.state = 'cancelled', false) as unwanted
      from worker.jobs j left join worker.runs r on r.id = j.run_id
     where j.state = 'running' and j.worker_id = any($1::uuid[])
     order by j.crashes_in_a_row desc, j.id limit $2
       for update of j skip locked
)
update worker.jobs j
   set state = case when o.rests then 'paused' when s.place > 1 and not o.unwanted then 'scheduled'
                    else 'pending' end::worker.job_state,
       run_at = case when s.place > 1 then now() + (s.place - 1) * $4::interval else j.run_at end,
       fence = j.fence + 1, crashes = j.crashes + 1,
       crashes_in_a_row = j.crashes_in_a_row + case when s.together > 1 then 0 else 1 end,
       attempt = greatest(j.attempt - 1, 0), worker_id = null,
       blocked = j.concurrency_key is not null, reason = 'worker died'
  from orphans o left join suspects s on s.id = o.id
 where j.id = o.id
returning j.id, j.fence, j.kind, j.queue, j.payload, j.attempt, j.max_attempts, j.crashes, j.run_id, j.checkpoint,
          j.concurrency_key, date_part('epoch', now() - j.created_at) as waited, j.priority, o.unwanted,
          j.crashes_in_a_row

-- name: bury
-- End rescued jobs that shall not be worked again; fenced like every write on behalf of a job.
with gone as (
    delete from worker.jobs j using unnest($1::bigint[], $2::bigint[]) as b(id, fence)
     where j.id = b.id and j.fence = b.fence and j.state in ('pending', 'paused')
    returning j.id, j.fence, j.run_at, j.created_at, j.started_at, j.worker_id, j.run_id, j.priority,
              j.max_attempts, j.attempt, j.crashes, j.queue, j.kind, j.dedupe_key, j.concurrency_key, j.payload,
              j.checkpoint, j.metadata
)
insert into worker.job_history (id, fence, run_at, created_at, started_at, worker_id, run_id, priority, max_attempts,
                                attempt, crashes, state, queue, kind, dedupe_key, concurrency_key, reason,
                                error_code, error_message, payload, checkpoint, metadata)
select g.id, g.fence, g.run_at, g.created_at, g.started_at, g.worker_id, g.run_id, g.priority, g.max_attempts,
       g.attempt, g.crashes, $3::worker.job_state, g.queue, g.kind, g.dedupe_key, g.concurrency_key, $4, $5, $6,
       g.payload, g.checkpoint, g.metadata
  from gone g
returning id

-- name: raise_alert
-- Once for each time that a job is set aside: it may be retried.
select worker.raise_alert(
           'job_quarantined', format('job_quarantined:%s:%s', h.id, h.fence),
           format('Job %s (%s) is set aside: its workers died while they held it. More: mintmark job show %s',
                  h.id, h.kind, h.id),
           org_id => r.org_id, run_id => h.run_id, job_id => h.id,
           data => jsonb_build_object('kind', h.kind, 'queue', h.queue, 'crashes', h.crashes))
  from unnest($1::bigint[], $2::bigint[]) as b(id, fence)
       join worker.job_history h on h.id = b.id and h.fence = b.fence
       left join worker.runs r on r.id = h.run_id

-- name: forget
-- A dead worker's row goes when it holds no job any more, and late: a claim of its that began before its lease
-- ran out may still have to commit.
delete from worker.workers w
 where w.id = any($1::uuid[]) and w.lease_until < now() - interval '10 seconds'
   and not exists (select from worker.jobs j where j.worker_id = w.id and j.state = 'running')
