-- name: claim
-- The jobs a worker may take now, in order, locked past whoever else is claiming; a paused queue gives none, nor is
-- anything of a limited kind given. Nor does a worker get any whose lease has run out: its row may be gone, and the
-- job would be nobody's. Where the rows stand becomes an array first: else the planner may choose them twice. A row that
-- is locked stays where it is, so that its place finds it again, faster than its id.
with picked as materialized (
    select j.ctid as place
      from worker.jobs j
     where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
       and j.kind = any((select worker.unlimited($2::text[]))::text[]) and j.priority between $5 and $6
       and not exists (select from worker.queues q where q.queue = $1 and q.paused)
       and exists (select from worker.workers w where w.id = $4 and w.lease_until > now())
     order by j.priority desc, j.id
     limit $3
       for update skip locked
)
update worker.jobs j
   set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, worker_id = $4, started_at = now(),
       reason = null
 where j.ctid = any(array(select p.place from picked p))
returning j.id, j.fence, j.kind, j.queue, j.payload, j.attempt, j.max_attempts, j.crashes, j.run_id, j.checkpoint,
          j.concurrency_key, date_part('epoch', now() - greatest(j.created_at, j.run_at)) as waited, j.priority,
          j.metadata ->> 'traceparent' as traceparent

-- name: claim_behind
-- The same from behind a cursor: past an id in each of some priorities ($5, $6), and everything in the gaps between
-- them ($7, $8), which are as good as empty. An index is entered in its middle only at one priority.
with picked as materialized (
    select c.place
      from (
        select k.place, k.priority, k.id
          from unnest($5::int[], $6::bigint[]) as r(priority, behind) cross join lateral (
               select j.ctid as place, j.priority, j.id
                 from worker.jobs j
                where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
                  and j.kind = any((select worker.unlimited($2::text[]))::text[])
                  and j.priority = r.priority and j.id > r.behind
                order by j.id limit $3 for update skip locked) k
        union all
        select g.place, g.priority, g.id
          from unnest($7::bigint[], $8::bigint[]) as r(above, below) cross join lateral (
               select j.ctid as place, j.priority, j.id
                 from worker.jobs j
                where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
                  and j.kind = any((select worker.unlimited($2::text[]))::text[])
                  and j.priority > r.above and j.priority < r.below
                order by j.priority desc, j.id limit $3 for update skip locked) g
      ) c
     where not exists (select from worker.queues q where q.queue = $1 and q.paused)
       and exists (select from worker.workers w where w.id = $4 and w.lease_until > now())
     order by c.priority desc, c.id
     limit $3
)
update worker.jobs j
   set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, worker_id = $4, started_at = now(),
       reason = null
 where j.ctid = any(array(select p.place from picked p))
returning j.id, j.fence, j.kind, j.queue, j.payload, j.attempt, j.max_attempts, j.crashes, j.run_id, j.checkpoint,
          j.concurrency_key, date_part('epoch', now() - greatest(j.created_at, j.run_at)) as waited, j.priority,
          j.metadata ->> 'traceparent' as traceparent

-- name: claim_within_limits
-- The same where limits are in force: of each limited kind as many as there is room for, which is counted under the
-- lock of its limit's row, and noted where the kind has a rate.
with rooms as materialized (
    select r.kind, r.free from worker.room_of_limits($2::text[], $3) r where r.free > 0
), picked as materialized (
    select p.id
      from (
        select u.id, u.priority
          from (select j.id, j.priority
                  from worker.jobs j
                 where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
                   and j.kind = any((select worker.unlimited($2::text[]))::text[])
                   and j.priority between $5 and $6
                 order by j.priority desc, j.id limit $3 for update skip locked) u
        union all
        select l.id, l.priority
          from rooms r cross join lateral (
               select j.id, j.priority
                 from worker.jobs j
                where j.state = 'pending' and not j.blocked and j.limited and j.queue = $1 and j.kind = r.kind
                  and j.priority between $5 and $6
                order by j.priority desc, j.id limit r.free for update skip locked) l
      ) p
     where not exists (select from worker.queues q where q.queue = $1 and q.paused)
       and exists (select from worker.workers w where w.id = $4 and w.lease_until > now())
     order by p.priority desc, p.id
     limit $3
), taken as (
    update worker.jobs j
       set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, worker_id = $4, started_at = now(),
           reason = null
     where j.id = any(array(select p.id from picked p))
    returning j.id, j.fence, j.kind, j.queue, j.payload, j.attempt, j.max_attempts, j.crashes, j.run_id,
              j.checkpoint, j.concurrency_key, date_part('epoch', now() - greatest(j.created_at, j.run_at)) as waited,
              j.priority, j.metadata ->> 'traceparent' as traceparent
), noted as (
    insert into worker.limit_starts (kind, started_at, jobs)
    select t.kind, clock_timestamp(), count(*)
      from taken t join worker.limits l on l.kind = t.kind
     where l.starts is not null
     group by t.kind
)
select t.id, t.fence, t.kind, t.queue, t.payload, t.attempt, t.max_attempts, t.crashes, t.run_id, t.checkpoint,
       t.concurrency_key, t.waited, t.priority, t.traceparent
  from taken t

-- name: limits
-- Which kinds are limited, and the queues in which such jobs wait.
select l.kind, array(select q.queue from worker.queues q
                      where exists (select from worker.jobs j
                                     where j.state = 'pending' and not j.blocked and j.limited
                                       and j.queue = q.queue and j.kind = l.kind)) as queues
  from worker.limits l where l.kind = any($1::text[])

-- name: mark_limited
-- What was enqueued before a limit was set or lifted gets its mark, or loses it. Answers the queues.
update worker.jobs j set limited = not j.limited
 where j.id = any(array(
       select a.id from (select m.id from worker.jobs m
                          where m.state = 'pending' and not m.blocked and not m.limited
                            and m.kind in (select l.kind from worker.limits l)
                          limit $1 for update skip locked) a
       union all
       select b.id from (select m.id from worker.jobs m
                          where m.state = 'pending' and not m.blocked and m.limited
                            and not exists (select from worker.limits l where l.kind = m.kind)
                          limit $1 for update skip locked) b))
returning j.queue

-- name: longest_waiting
-- The priority whose first job has waited longest, if that is longer than it should be: one descent of the index for
-- each priority in use, and of each limited kind only its least urgent.
with recursive heads as (
    (select j.priority, j.id, greatest(j.created_at, j.run_at) as since
       from worker.jobs j
      where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
      order by j.priority desc, j.id limit 1)
    union all
    select n.priority, n.id, n.since
      from heads h cross join lateral (
           select j.priority, j.id, greatest(j.created_at, j.run_at) as since
             from worker.jobs j
            where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
              and j.priority < h.priority
            order by j.priority desc, j.id limit 1) n
), limited as (
    select f.priority, f.since
      from worker.limits l
           cross join lateral (
           select min(j.priority) as priority
             from worker.jobs j
            where j.state = 'pending' and not j.blocked and j.limited and j.queue = $1 and j.kind = l.kind) p
           cross join lateral (
           select j.priority, greatest(j.created_at, j.run_at) as since
             from worker.jobs j
            where j.state = 'pending' and not j.blocked and j.limited and j.queue = $1 and j.kind = l.kind
              and j.priority = p.priority
            order by j.id limit 1) f
)
select w.priority
  from ((select h.priority, h.since from heads h limit 1000) union all select l.priority, l.since from limited l) w
 where w.since < now() - $2::interval
 order by w.since limit 1

-- name: unheard
-- Jobs of a queue that this worker holds, as far as the database knows, and has never heard of: the connection
-- broke between the commit of their claim and its answer. Reads all of the table, so only after such a break.
select j.id, j.fence, j.kind, j.queue, j.payload, j.attempt, j.max_attempts, j.crashes, j.run_id, j.checkpoint,
       j.concurrency_key, date_part('epoch', now() - greatest(j.created_at, j.run_at)) as waited,
       j.priority, j.metadata ->> 'traceparent' as traceparent
  from worker.jobs j
 where j.state = 'running' and j.worker_id = $2 and j.queue = $1 and j.id <> all($3::bigint[])
 order by j.id

-- name: finish
-- (id, fence) is the fence: a worker whose job was taken back matches no row, and its result is dropped.
-- The state is asked for in a way that the planner has no statistics of: it takes "running" for as good as
-- nobody when it last looked in a quiet hour, and would then try every pair of rows.
with ended as (
    select e.id, e.fence, e.state, e.reason, e.error_code, e.error_message, e.result
      from unnest($1::bigint[], $2::bigint[], $3::worker.job_state[], $4::text[], $5::text[], $6::text[],
                  $7::jsonb[]) as e(id, fence, state, reason, error_code, error_message, result)
), gone as (
    delete from worker.jobs j using ended e
     where j.id = e.id and j.fence = e.fence and case when j.state = 'running' then true end
    returning j.id, j.fence, j.run_at, j.created_at, j.started_at, j.worker_id, j.run_id, j.priority,
              j.max_attempts, j.attempt, j.crashes, e.state, j.queue, j.kind, j.dedupe_key, j.concurrency_key,
              e.reason, e.error_code, e.error_message, j.payload, j.checkpoint, e.result, j.metadata
)
insert into worker.job_history (id, fence, run_at, created_at, started_at, worker_id, run_id, priority, max_attempts,
                                attempt, crashes, state, queue, kind, dedupe_key, concurrency_key, reason,
                                error_code, error_message, payload, checkpoint, result, metadata)
select g.id, g.fence, g.run_at, g.created_at, g.started_at, g.worker_id, g.run_id, g.priority, g.max_attempts,
       g.attempt, g.crashes, g.state, g.queue, g.kind, g.dedupe_key, g.concurrency_key, g.reason, g.error_code,
       g.error_message, g.payload, g.checkpoint, g.result, g.metadata
  from gone g
returning id

-- name: complete
-- The same for the many that are simply done: nothing to say of each but that it is.
with gone as (
    delete from worker.jobs j using unnest($1::bigint[], $2::bigint[]) as e(id, fence)
     where j.id = e.id and j.fence = e.fence and case when j.state = 'running' then true end
    returning j.id, j.fence, j.run_at, j.created_at, j.started_at, j.worker_id, j.run_id, j.priority,
              j.max_attempts, j.attempt, j.crashes, j.queue, j.kind, j.dedupe_key, j.concurrency_key, j.payload,
              j.checkpoint, j.metadata
)
insert into worker.job_history (id, fence, run_at, created_at, started_at, worker_id, run_id, priority, max_attempts,
                                attempt, crashes, state, queue, kind, dedupe_key, concurrency_key, payload,
                                checkpoint, metadata)
select g.id, g.fence, g.run_at, g.created_at, g.started_at, g.worker_id, g.run_id, g.priority, g.max_attempts,
       g.attempt, g.crashes, 'completed', g.queue, g.kind, g.dedupe_key, g.concurrency_key, g.payload, g.checkpoint,
       g.metadata
  from gone g
returning id

-- name: put_back
-- Jobs that will be worked again: later (a delay above zero) or at once, the try counted or given back. Where the
-- run has been paused meanwhile, or waits for a place, they rest with it. A job that was asked to be cancelled matches no row: it ends.
with back as (
    select b.id, b.fence, b.delay, b.counted, b.reason, b.error_code, b.error_message
      from unnest($1::bigint[], $2::bigint[], $3::interval[], $4::boolean[], $5::text[], $6::text[], $7::text[])
           as b(id, fence, delay, counted, reason, error_code, error_message)
)
update worker.jobs j
   set state = case when r.state = 'paused' or r.waits then 'paused' when b.delay > '0' then 'scheduled' else 'pending'
               end::worker.job_state,
       run_at = case when b.delay > '0' then now() + b.delay else j.run_at end,
       attempt = j.attempt - case when b.counted then 0 else 1 end,
       blocked = j.concurrency_key is not null, worker_id = null, reason = b.reason,
       error_code = coalesce(b.error_code, j.error_code), error_message = coalesce(b.error_message, j.error_message)
  from back b left join worker.jobs same on same.id = b.id left join worker.runs r on r.id = same.run_id
 where j.id = b.id and j.fence = b.fence and case when j.state = 'running' then true end and not j.cancel_requested
   and (r.id is null or r.state in ('pending', 'running', 'paused'))
returning j.id, j.queue, j.state = 'pending' as waits

-- name: fall_due
-- Scheduled jobs whose time has come. Answers their queues and keys.
update worker.jobs j set state = 'pending'
 where j.id = any(array(select d.id from worker.jobs d
                         where d.state = 'scheduled' and d.run_at <= now()
                         order by d.run_at limit $1 for update skip locked))
returning j.queue, j.concurrency_key

-- name: next_due
-- Seconds until the next scheduled job falls due; null when none is scheduled.
select extract(epoch from min(j.run_at) - now())::float8 from worker.jobs j where j.state = 'scheduled'

-- name: free_keys
select worker.free_keys($1::text[])

-- name: waiting_keys
-- Keys that jobs wait for and nobody holds: left behind when an enqueue met the holder's end.
select distinct w.concurrency_key
  from worker.jobs w
 where w.concurrency_key is not null and w.blocked and w.state = 'pending'
   and not exists (select from worker.jobs h where h.concurrency_key = w.concurrency_key and not h.blocked)
 limit $1

-- name: announce
select worker.announce(q) from unnest($1::text[]) q

-- name: fall_asleep
-- A worker that was declared dead meanwhile has no row to refer to, and learns of it by its next beat.
insert into worker.sleepers (queue, worker_id)
select $1, w.id from worker.workers w where w.id = $2 for key share
    on conflict do nothing

-- name: wake_up
delete from worker.sleepers where queue = $1 and worker_id = $2

-- name: queues
select q.queue from worker.queues q order by q.queue

-- name: work_left
-- Is there anything a draining worker should wait for: waiting, at work anywhere, due within the horizon, or of a run
-- that is about to be called?
select exists (
    select from worker.jobs j
     where j.queue = any($1::text[]) and j.kind = any($2::text[])
       and (j.state = 'running' or (j.state = 'pending' and not exists (
                select from worker.queues q where q.queue = j.queue and q.paused))
            or (j.state = 'scheduled' and j.run_at <= now() + $3::interval)
            or (j.state = 'paused' and exists (
                select from worker.runs r join public.orgs o on o.id = r.org_id
                 where r.id = j.run_id and r.waits
                   and o.max_concurrent_runs > (
                       select count(*) from worker.runs x
                        where x.org_id = o.id and x.state = 'running'
                          and exists (select from worker.jobs k where k.run_id = x.id))))))

-- name: publish_kinds
insert into worker.kinds as k (kind, queue, schema, max_attempts, starts_run, gate)
select p.kind, p.queue, p.schema, p.max_attempts, p.starts_run, worker.gate(p.schema)
  from unnest($1::text[], $2::text[], $3::jsonb[], $4::int[], $5::boolean[])
       as p(kind, queue, schema, max_attempts, starts_run)
    on conflict (kind) do update
   set queue = excluded.queue, schema = excluded.schema, max_attempts = excluded.max_attempts,
       starts_run = excluded.starts_run, gate = excluded.gate, published_at = now()
 where (k.queue, k.schema, k.max_attempts, k.starts_run)
       is distinct from (excluded.queue, excluded.schema, excluded.max_attempts, excluded.starts_run)

-- name: publish_queues
insert into worker.queues (queue) select unnest($1::text[]) on conflict do nothing
