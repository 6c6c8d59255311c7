-- name: keep_history
select worker.keep_history($1)

-- name: prune_events
with gone as (
    delete from worker.run_events e where e.ctid = any(array(
        select o.ctid from worker.run_events o join worker.runs r on r.id = o.run_id
         where o.at < now() - $1::interval and r.state in ('completed', 'failed', 'cancelled')
         limit $2))
    returning 1
)
select count(*)::int from gone

-- name: prune_items
with gone as (
    delete from worker.items i where i.ctid = any(array(
        select o.ctid from worker.runs r join worker.items o on o.run_id = r.id
         where r.completed_at < now() - $1::interval and r.state in ('completed', 'failed', 'cancelled')
         limit $2))
    returning 1
)
select count(*)::int from gone

-- name: prune_ledger
with gone as (
    delete from worker.ledger l where l.ctid = any(array(
        select o.ctid from worker.ledger o left join worker.runs r on r.id = o.run_id
         where o.state <> 'held' and coalesce(r.completed_at, o.ended_at) < now() - $1::interval
           and (o.run_id is null or r.state in ('completed', 'failed', 'cancelled'))
         limit $2))
    returning 1
)
select count(*)::int from gone

-- name: prune_days
delete from worker.org_days d
 where d.day < (now() - $1::interval)::date
   and not exists (select from worker.ledger l where l.org_id = d.org_id and l.day = d.day)

-- name: prune_alerts
-- Delivered or not: one that waits for so long is one to which nobody listens.
with gone as (
    delete from worker.alerts a where a.ctid = any(array(
        select o.ctid from worker.alerts o where o.raised_at < now() - $1::interval limit $2))
    returning 1
)
select count(*)::int from gone

-- name: prune_messages
-- They are counted for an hour.
delete from worker.alert_messages m where m.sent_at < now() - interval '1 day'
