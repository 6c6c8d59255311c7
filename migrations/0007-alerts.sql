-- Alerts: what somebody should hear of, written in the transaction in which it happened.
-- depends: 0006-payloads
--
-- An alert is one row, kept apart from others by its key: said twice, it is there once. As the transaction commits, a
-- job is enqueued that carries it to every channel (kind deliver_alerts), at least once. That kind is known only where
-- somebody listens; without it the rows wait to be read. What a channel took, or what was given up there, is noted in
-- worker.alert_deliveries, so that a channel that is down has nothing repeated at the others; once every channel has its
-- note the alert waits no more. Each try at sending a message is noted in worker.alert_messages before it is made, which
-- is how a channel's messages of an hour are counted, and worker.alert_channels knows which channel is down.

create type worker.alert as enum
    ('run_failed', 'run_paused_by_budget', 'budget_warning', 'credential_revoked', 'job_quarantined');

create table worker.alerts (
    id            bigint generated always as identity primary key,
    key           text not null unique,
    alert         worker.alert not null,
    message       text not null,               -- a sentence; never a secret
    org_id        uuid,
    run_id        uuid,
    job_id        bigint,
    data          jsonb not null default '{}',
    raised_at     timestamptz not null default now(),
    delivered_at  timestamptz,                 -- no channel waits for it, and one took it
    given_up_at   timestamptz                  -- no channel waits for it, and one did not take it for a day
);
create index alerts_waiting on worker.alerts (id) where delivered_at is null and given_up_at is null;

create table worker.alert_deliveries (
    alert_id   bigint not null references worker.alerts on delete cascade,
    channel    text not null,
    delivered  boolean not null,               -- else given up
    primary key (alert_id, channel)
);

create table worker.alert_messages (
    id       bigint generated always as identity primary key,
    channel  text not null,
    sent_at  timestamptz not null default clock_timestamp()
);
create index alert_messages_of_channel on worker.alert_messages (channel, sent_at);

create table worker.alert_channels (
    channel        text primary key,
    failing_since  timestamptz,
    failures       int not null default 0,     -- in a row
    refused        boolean not null default false,  -- by the last of them: what was said, or who said it, is not liked
    next_try_at    timestamptz not null default '-infinity'
);

-- Have what waits delivered in a second: what comes in one burst shall go in one message. A job that is put off, because a
-- channel is down, comes forward: the others shall not wait with it. Where this cannot be done at once it is left to the
-- workers, which look now and then; it must not undo, nor hold up, what the alert tells of.
create function worker.enqueue_delivery() returns void
language plpgsql security definer set search_path = '' set lock_timeout = '1s' as $$
declare
    soon timestamptz := clock_timestamp() + interval '1 second';
begin
    if exists (select from worker.kinds k where k.kind = 'deliver_alerts') then
        perform worker.enqueue('deliver_alerts', run_at => soon, dedupe_key => 'deliver_alerts');
        update worker.jobs j set run_at = soon
         where j.kind = 'deliver_alerts' and j.dedupe_key = 'deliver_alerts' and j.state = 'scheduled' and j.run_at > soon;
    end if;
exception when others then
    null;
end $$;

create function worker.alert_raised() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform worker.enqueue_delivery();
    return null;
end $$;

-- At the commit, and not before: the job's row is everybody's, and whoever has written it keeps all others waiting that
-- raise an alert. By then nothing more is locked, so nobody waits in a circle.
create constraint trigger alert_raised after insert on worker.alerts
    deferrable initially deferred for each row execute function worker.alert_raised();

create function worker.raise_alert(
    alert worker.alert, key text, message text, org_id uuid = null, run_id uuid = null, job_id bigint = null,
    data jsonb = '{}'
) returns void language sql security definer set search_path = '' as $$
    insert into worker.alerts as a (key, alert, message, org_id, run_id, job_id, data)
    values (left(raise_alert.key, 500), raise_alert.alert, left(raise_alert.message, 4000), raise_alert.org_id,
            raise_alert.run_id, raise_alert.job_id, coalesce(raise_alert.data, '{}'))
    on conflict on constraint alerts_key_key do nothing
$$;

-- Functions are executable by everybody unless that is taken back.
revoke all on function worker.enqueue_delivery() from public;
revoke all on function worker.alert_raised() from public;
revoke all on function worker.raise_alert(worker.alert, text, text, uuid, uuid, bigint, jsonb) from public;
