-- Alerts: what somebody should hear of, written in the transaction in which it happened.
-- depends: 0006-payloads
--
-- An alert is one row, kept apart from others by its key: said twice, it is there once. A job carries it to wherever
-- alerts are sent (kind deliver_alerts), at least once. That kind is known only where somebody listens; without it the
-- rows wait to be read.

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
    delivered_at  timestamptz
);

create function worker.raise_alert(
    alert worker.alert, key text, message text, org_id uuid = null, run_id uuid = null, job_id bigint = null,
    data jsonb = '{}'
) returns void language plpgsql as $$
begin
    insert into worker.alerts as a (key, alert, message, org_id, run_id, job_id, data)
    values (raise_alert.key, raise_alert.alert, raise_alert.message, raise_alert.org_id, raise_alert.run_id,
            raise_alert.job_id, raise_alert.data)
    on conflict on constraint alerts_key_key do nothing;
    if found and exists (select from worker.kinds k where k.kind = 'deliver_alerts') then
        perform worker.enqueue('deliver_alerts', dedupe_key => 'deliver_alerts');
    end if;
end $$;

revoke all on function worker.raise_alert(worker.alert, text, text, uuid, uuid, bigint, jsonb) from public;
