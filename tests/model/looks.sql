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
truncate worker.jobs, worker.job_history, worker.runs, worker.workers, worker.queues, worker.items, worker.ledger,
         worker.org_days cascade

-- name: sums
-- Runs whose counters are not what their ledger adds up to.
select r.id
  from worker.runs r cross join lateral (
       select coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held,
              coalesce(sum(l.cents), 0) as gone
         from worker.ledger l where l.run_id = r.id) l
 where (r.reserved_cents, r.spent_cents) is distinct from (l.held, l.gone)

-- name: sums_of_days
select d.org_id, d.day
  from worker.org_days d cross join lateral (
       select coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held,
              coalesce(sum(l.cents), 0) as gone
         from worker.ledger l where l.org_id = d.org_id and l.day = d.day) l
 where (d.reserved_cents, d.spent_cents) is distinct from (l.held, l.gone)

-- name: items
-- Runs whose counters are not the number of their items, and runs in which an item of a job is there twice.
select r.id
  from worker.runs r cross join lateral (
       select count(*) filter (where i.state in ('completed', 'failed', 'skipped')) as processed,
              count(*) filter (where i.state = 'failed') as failed,
              count(*) filter (where i.state = 'skipped') as skipped,
              count(*) > count(distinct (i.job_id, i.type, i.external_id)) as any_twice
         from worker.items i where i.run_id = r.id) i
 where i.any_twice
    or (r.processed_items, r.failed_items, r.skipped_items) is distinct from (i.processed, i.failed, i.skipped)

-- name: jobs
select id, state::text, fence, attempt, crashes_in_a_row, coalesce((checkpoint ->> 'done')::int, 0) as done,
       cancel_requested
  from worker.jobs
union all
select id, state::text, fence, attempt, 0, coalesce((checkpoint ->> 'done')::int, 0), false from worker.job_history
 order by id

-- name: run
select r.state::text, r.spent_cents, r.reserved_cents, r.budget_cap_cents, r.processed_items, r.failed_items
  from worker.runs r where r.id = $1

-- name: steps
-- Of each step that anything is known of: who holds its reservation, whether it may not be made again, its item.
select job_id, number, l.held, coalesce(l.unknown, false) as unknown,
       coalesce(case when i.state in ('pending', 'processing') then 'again' else i.state::text end, '') as item
  from (select l.job_id, substr(l.step, 6)::int as number, case when l.state = 'held' then l.fence end as held,
               l.state = 'unknown' as unknown
          from worker.ledger l where l.run_id = $1 and l.open) l
  full join (select i.job_id, i.external_id::int as number, i.state from worker.items i where i.run_id = $1) i
            using (job_id, number)
 order by job_id, number

-- name: place
select r.org_id, r.created_at, r.state::text, r.waits from worker.runs r where r.id = $1

-- name: waiting_before
select r.id from worker.runs r
 where r.org_id = $1 and r.created_at < $2 and r.state = 'pending' and r.waits

-- name: places
select o.id as org_id, o.max_concurrent_runs as places,
       (select count(*) from worker.runs r where r.org_id = o.id and r.state = 'running') as running
  from public.orgs o

-- name: waits_in_vain
-- Runs with live jobs of which none has begun, though their org has a place; and jobs that rest in a run at work.
select r.id from worker.runs r join public.orgs o on o.id = r.org_id
 where r.state = 'pending' and exists (select from worker.jobs j where j.run_id = r.id)
   and (select count(*) from worker.runs s where s.org_id = o.id and s.state = 'running') < o.max_concurrent_runs
union all
select r.id from worker.runs r
 where r.state = 'running' and exists (select from worker.jobs j where j.run_id = r.id and j.state = 'paused')

-- name: waits_wrongly
select r.id from worker.runs r where r.waits and r.state <> 'pending'

-- name: org
insert into public.orgs (name) values ($1) on conflict (name) do update set name = excluded.name returning id
