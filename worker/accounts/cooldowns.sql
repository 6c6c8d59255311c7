-- name: cooldown
-- The one that lasts longest, also if it is over.
select c.reason, c.until - now() as wait
  from worker.cooldowns c
 where c.api = $1 and c.account in ('', $2)
 order by c.until desc limit 1

-- name: begin
-- Of two advices the longer counts. Calls that were under way together are told once.
insert into worker.cooldowns as c (api, account, until, reason) values ($1, $2, now() + $3, $6)
on conflict (api, account) do update
   set told = least(20, c.told + (c.until <= now())::int),
       until = greatest(c.until, now() + greatest($3, least($5::interval,
                            $4::interval * 2 ^ (least(20, c.told + (c.until <= now())::int) - 1)))),
       reason = excluded.reason
returning c.until - now() as wait

-- name: end
delete from worker.cooldowns c where c.api = $1 and c.account = $2 and c.until <= now()

-- name: forget
delete from worker.cooldowns c where c.until < now() - interval '1 hour'
