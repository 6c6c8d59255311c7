-- name: queues
select q.queue, q.paused, q.scheduled, q.pending, q.running, q.oldest_pending_seconds from worker.queue_status q

-- name: runs
select r.state::text, count(*)::int as count from worker.runs r where r.state in ('pending', 'running', 'paused')
 group by r.state

-- name: quotas
select q.api, q.remaining_calls from worker.quota_status q

-- name: unknown_kinds
select count(*)::int from worker.jobs j where j.state = 'pending' and j.kind <> all($1::text[])

-- name: health
select coalesce((select max(extract(epoch from now() - least(a.xact_start, a.query_start)))
                   from pg_catalog.pg_stat_activity a where a.backend_xmin is not null and a.pid <> pg_backend_pid()),
                0)::float8 as oldest_xmin_seconds,
       coalesce((select s.n_dead_tup from pg_catalog.pg_stat_user_tables s
                  where s.schemaname = 'worker' and s.relname = 'jobs'), 0)::float8 as dead_tuples
