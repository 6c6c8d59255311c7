-- name: draw_edition
select nextval('worker.schedule_editions')

-- name: wanting
-- Which of these schedules want attention: the new, the changed, the due, and those not confirmed for a while. One
-- whose job was refused is tried again when it is confirmed.
select w.name, s.name is null as is_new
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::int[], $8::text[])
           as w(name, cron, timezone, kind, payload, queue, priority, missed)
  left join worker.schedules s on s.name = w.name
 where s.name is null or s.seen_at < now() - $10::interval
    or case when (s.cron, s.timezone, s.kind, s.payload, s.queue, s.priority, s.missed)
                 is not distinct from (w.cron, w.timezone, w.kind, w.payload, w.queue, w.priority, w.missed)
            then s.next_at <= now() and s.problem is null
            else s.edition < $9 end
 order by w.name

-- name: note
insert into worker.schedules (name, cron, timezone, kind, payload, queue, priority, missed, edition, seen_at, problem)
values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, now(), 'not tried yet')
    on conflict (name) do nothing

-- name: limit_hold
-- A worker that is frozen, or whose machine is gone, while it holds a schedule does not hold it for long.
select set_config('idle_in_transaction_session_timeout', '10s', true)

-- name: take
-- Confirm a schedule as it stands in these settings, or write it so, and hold it until the transaction ends. No row:
-- somebody else is at it, or a newer worker, that is there, has it otherwise. When it is due next must be found out
-- anew where cron or timezone have changed, and whether its job would be taken where anything has.
update worker.schedules s
   set cron = $2, timezone = $3, kind = $4, payload = $5::jsonb, queue = $6, priority = $7, missed = $8,
       edition = greatest(s.edition, $9), seen_at = now(), rests_since = null,
       next_at = case when (s.cron, s.timezone) = ($2, $3) then s.next_at end,
       problem = case when t.as_it_was then s.problem else 'not tried yet' end
  from (select l.name, l.problem,
               (l.cron, l.timezone, l.kind, l.payload, l.queue, l.priority, l.missed)
               is not distinct from ($2::text, $3::text, $4::text, $5::jsonb, $6::text, $7::int, $8::text) as as_it_was
          from worker.schedules l
         where l.name = $1
           for update skip locked) t
 where s.name = t.name and (t.as_it_was or s.edition < $9 or s.seen_at < now() - $10::interval)
returning s.next_at, s.problem, t.problem as known_problem, now() as now

-- name: enqueue
-- A job for each time, which becomes its run_at.
select worker.enqueue($1, $2::jsonb, $3, $4, d.at) as job
  from unnest($5::timestamptz[]) with ordinality d(at, place)
 order by d.place

-- name: move_on
update worker.schedules s
   set next_at = $2, problem = $3, last_job = coalesce($4, s.last_job),
       last_at = case when $4::bigint is null then s.last_at else now() end
 where s.name = $1

-- name: let_rest
-- Schedules that nobody confirms any more; those that have rested for long are forgotten.
with resting as (
    select s.name, s.rests_since from worker.schedules s
     where s.seen_at < now() - $1::interval
       for update skip locked
), forgotten as (
    delete from worker.schedules s using resting r where s.name = r.name and r.rests_since < now() - $2::interval
)
update worker.schedules s set rests_since = now() from resting r where s.name = r.name and r.rests_since is null
