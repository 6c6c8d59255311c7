-- name: queues
select q.queue, q.paused, q.scheduled, q.pending, q.running, q.oldest_pending_seconds from worker.queue_status q

-- name: runs
select r.state::text, count(*)::int as count from worker.runs r where r.state in ('pending', 'running', 'paused')
 group by r.state

-- name: paused_runs
select r.reason, count(*)::int as count from worker.runs r where r.state = 'paused' group by r.reason

-- name: quotas
select q.api, q.calls, q.remaining_calls from worker.quota_status q

-- name: accounts_revoked
-- Not those that an operator took out of use, who knows of it.
select count(*)::int from public.ebay_accounts a where not a.is_active and a.inactive_reason <> 'disabled'

-- name: quarantined
-- Found by their alerts, of which the last thousand are looked at: among a day's failures they would be looked for in vain.
select count(*)::int
  from (select distinct l.job_id
          from (select r.alert, r.job_id, r.raised_at from worker.alerts r order by r.id desc limit 1000) l
         where l.alert = 'job_quarantined' and l.raised_at > now() - interval '1 day' limit 100) a
 where exists (select from worker.job_history h
                where h.id = a.job_id and h.state = 'failed' and h.reason = 'quarantined')

-- name: unknown_kinds
select count(*)::int from worker.jobs j where j.state = 'pending' and j.kind <> all($1::text[])

-- name: health
select coalesce((select max(extract(epoch from now() - least(a.xact_start, a.query_start)))
                   from pg_catalog.pg_stat_activity a where a.backend_xmin is not null and a.pid <> pg_backend_pid()),
                0)::float8 as oldest_xmin_seconds,
       coalesce((select s.n_dead_tup from pg_catalog.pg_stat_user_tables s
                  where s.schemaname = 'worker' and s.relname = 'jobs'), 0)::float8 as dead_tuples

-- name: sources
select s.name, s.basis from public.sources s where s.enabled
