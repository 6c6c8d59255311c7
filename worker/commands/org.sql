-- name: org
select o.id, o.name, o.budget_cap_cents, o.warn_percents, o.max_concurrent_runs, o.daily_cap_cents,
       coalesce(d.spent_cents, 0) as spent_today_cents, coalesce(d.reserved_cents, 0) as reserved_today_cents,
       (select count(*)::int from worker.runs r where r.org_id = o.id and r.state = 'running') as runs_running,
       (select count(*)::int from worker.runs r
         where r.org_id = o.id and r.state = 'pending' and r.waits) as runs_waiting
  from public.orgs o
  left join worker.org_days d on d.org_id = o.id and d.day = (now() at time zone 'UTC')::date
 where o.id = $1

-- name: set_org
select worker.set_org($1, $2, $3, $4, $5, $6)
