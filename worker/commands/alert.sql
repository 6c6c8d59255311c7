-- name: alerts
-- Newest first; $2: only those that no channel took.
select a.id, a.key, a.alert::text, a.message, a.org_id, a.run_id, a.job_id, a.data::text, a.raised_at, a.delivered_at,
       a.given_up_at, array(select d.channel from worker.alert_deliveries d
                             where d.alert_id = a.id and d.delivered order by d.channel) as taken_by
  from worker.alerts a
 where not $2 or a.delivered_at is null
 order by a.id desc limit $1
