-- name: claim_with_cursor
-- worker/queue/jobs.sql's claim, but for where it looks: past the job that was claimed last, ($7, $8) in the
-- order of claiming, and not past the dead entries before it. The order is cut in three, for an index is entered
-- in the middle only by a comparison of one kind with each of its columns; the parts are looked at one after the
-- other, until enough is found.
with picked as materialized (
    select c.place
      from (select higher.place from (
            select j.ctid as place
              from worker.jobs j
             where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
               and j.kind = any((select worker.unlimited($2::text[]))::text[]) and j.priority between $5 and $6
               and not exists (select from worker.queues q where q.queue = $1 and q.paused)
               and exists (select from worker.workers w where w.id = $4 and w.lease_until > now())
               and j.priority > $7
             order by j.priority desc, j.id
             limit $3
               for update skip locked) higher
            union all
            select same.place from (
            select j.ctid as place
              from worker.jobs j
             where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
               and j.kind = any((select worker.unlimited($2::text[]))::text[]) and j.priority between $5 and $6
               and not exists (select from worker.queues q where q.queue = $1 and q.paused)
               and exists (select from worker.workers w where w.id = $4 and w.lease_until > now())
               and j.priority = $7 and j.id > $8
             order by j.id
             limit $3
               for update skip locked) same
            union all
            select lower.place from (
            select j.ctid as place
              from worker.jobs j
             where j.state = 'pending' and not j.blocked and not j.limited and j.queue = $1
               and j.kind = any((select worker.unlimited($2::text[]))::text[]) and j.priority between $5 and $6
               and not exists (select from worker.queues q where q.queue = $1 and q.paused)
               and exists (select from worker.workers w where w.id = $4 and w.lease_until > now())
               and j.priority < $7
             order by j.priority desc, j.id
             limit $3
               for update skip locked) lower) c
     limit $3
)
update worker.jobs j
   set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, worker_id = $4, started_at = now(),
       reason = null
 where j.ctid = any(array(select p.place from picked p))
returning j.id, j.fence, j.kind, j.queue, j.payload, j.attempt, j.max_attempts, j.crashes, j.run_id, j.checkpoint,
          j.concurrency_key, date_part('epoch', now() - greatest(j.created_at, j.run_at)) as waited, j.priority
