-- name: waiting
-- Whether alerts wait to be delivered, whether a job is there to do it, and whether that job finds nobody. It is looked
-- for by its key: by its kind alone all of a backlog would be read.
select (select count(*)::int
          from (select from worker.alerts a where a.delivered_at is null and a.given_up_at is null limit 10000) w)
           as alerts,
       exists (select from worker.jobs j
                where j.kind = 'deliver_alerts' and j.dedupe_key = 'deliver_alerts') as attended,
       exists (select from worker.jobs j
                where j.kind = 'deliver_alerts' and j.dedupe_key = 'deliver_alerts' and j.state = 'pending'
                  and greatest(j.created_at, j.run_at) < now() - interval '1 minute') as unheard

-- name: enqueue
select worker.enqueue(k.kind, dedupe_key => k.kind) from worker.kinds k where k.kind = 'deliver_alerts'

-- name: hold
-- The channel's row, locked, so that two jobs do not count the same messages. Looking is a statement of its own, for its
-- own view of them.
insert into worker.alert_channels as c (channel) values ($1)
    on conflict (channel) do update set channel = excluded.channel

-- name: look
-- How a channel stands: what is left of its messages this hour, and the seconds until it may be tried, which is when one
-- of them is more than an hour ago, or when a channel that is down is due again.
select c.failures, c.refused, $2 - h.messages as free,
       greatest(date_part('epoch', c.next_try_at - now()),
                case when h.messages >= $2 then date_part('epoch', h.since + interval '1 hour' - now()) end, 0) as wait,
       coalesce(c.failing_since < now() - $3::interval, false) as hopeless
  from worker.alert_channels c
       cross join lateral (
       select count(*)::int as messages, min(m.sent_at) as since
         from (select l.sent_at from worker.alert_messages l
                where l.channel = c.channel and l.sent_at > now() - interval '1 hour'
                order by l.sent_at desc limit $2) m) h
 where c.channel = $1

-- name: give_up
-- On a channel that has been down for so long, what is as old.
with hopeless as (
    insert into worker.alert_deliveries (alert_id, channel, delivered)
    select a.id, $1, false from worker.alerts a
     where a.delivered_at is null and a.given_up_at is null and a.raised_at < now() - $2::interval
        on conflict do nothing
    returning 1
)
select count(*)::int from hopeless

-- name: due
-- What waits for a channel, oldest first.
select a.id, a.key, a.alert::text, a.message, a.org_id, a.run_id, a.job_id, a.data::text, a.raised_at
  from worker.alerts a
 where a.delivered_at is null and a.given_up_at is null
   and not exists (select from worker.alert_deliveries d where d.alert_id = a.id and d.channel = $1)
 order by a.id limit $2

-- name: note_try
insert into worker.alert_messages (channel) values ($1)

-- name: took
insert into worker.alert_deliveries (alert_id, channel, delivered)
select unnest($2::bigint[]), $1, true
    on conflict (alert_id, channel) do update set delivered = true

-- name: up_again
update worker.alert_channels c set failing_since = null, failures = 0, refused = false, next_try_at = '-infinity'
 where c.channel = $1 and c.failures > 0

-- name: failed
update worker.alert_channels c
   set failing_since = coalesce(c.failing_since, now()), failures = c.failures + 1, refused = $2,
       next_try_at = now() + greatest($3::interval, least($4::interval * 2 ^ least(c.failures, 20), $5::interval))
 where c.channel = $1
returning c.failures, date_part('epoch', c.next_try_at - now()) as wait

-- name: settle
-- What no channel waits for any more.
with settled as (
    select a.id, bool_or(d.delivered) as delivered, bool_or(not d.delivered) as given_up
      from worker.alerts a join worker.alert_deliveries d on d.alert_id = a.id and d.channel = any($1::text[])
     where a.delivered_at is null and a.given_up_at is null
     group by a.id
    having count(*) = cardinality($1::text[])
)
update worker.alerts a
   set delivered_at = case when s.delivered then now() end, given_up_at = case when s.given_up then now() end
  from settled s where a.id = s.id
