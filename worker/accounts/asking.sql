-- name: cooldown
select c.reason, c.until - now() as wait
  from worker.cooldowns c
 where c.api = $1 and c.account in ('', $2) and c.until > now()
 order by c.until desc limit 1

-- name: cool_down
-- The longer of two advices counts: whoever was told less was told before.
insert into worker.cooldowns as c (api, account, until, reason) values ($1, $2, now() + $3, $4)
on conflict (api, account) do update
   set until = greatest(c.until, excluded.until), reason = excluded.reason
returning c.until - now() as wait

-- name: log_call
insert into worker.api_log (org_id, account_id, run_id, job_id, request_id, api, operation, status, error_id, milliseconds)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: forget_cooldowns
delete from worker.cooldowns c where c.until < now() - interval '1 hour'
