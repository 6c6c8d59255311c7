-- name: schedules
-- One that no worker confirms says so: it was taken out of the settings, or there is no worker.
select s.name, s.cron, s.timezone, s.kind, s.missed, s.next_at, s.last_at, s.last_job,
       case when s.seen_at < now() - interval '1 minute'
            then 'no worker has it: last seen ' || to_char(s.seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
            else s.problem end as problem,
       s.payload::text, s.queue, s.priority
  from worker.schedules s order by s.name

-- name: run_schedule
select worker.enqueue(s.kind, s.payload, s.queue, s.priority) from worker.schedules s where s.name = $1
