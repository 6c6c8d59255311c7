delete from worker.rights r
 where r.object like '%ebay_accounts%' or r.object like '%oauth_%' or r.object like '%api_log%' or r.object like '%cooldowns%'
    or r.object in ('function worker.deactivate_account', 'function worker.disable_account',
                    'function worker.disconnect_account', 'function worker.open_ticket', 'function worker.shape_quota', 'function worker.reconcile_quota');

create or replace function worker.lock_quota(the_api text) returns worker.api_quotas
language plpgsql as $$
declare
    quota worker.api_quotas;
begin
    select q.* into quota from worker.api_quotas q where q.api = the_api for update;
    if quota.resets_at <= now() then
        update worker.api_quotas q
           set used_calls = 0, elsewhere_calls = 0,
               resets_at = q.resets_at + (1 + floor(extract(epoch from now() - q.resets_at) / 86400)) * interval '1 day'
         where q.api = the_api
        returning q.* into quota;
    end if;
    return quota;
end $$;

create or replace function worker.reserve(
    the_run uuid, the_job bigint, the_fence bigint, the_step text, the_api text, the_operation text, the_calls int,
    highest numeric, the_repeat worker.repeat, the_item_type worker.item_type, the_item_id text,
    out reservation bigint, out reserved_cents numeric, out verdict text, out until timestamptz
) language plpgsql security definer set search_path = '' as $$
declare
    today date := (now() at time zone 'UTC')::date;
    the_org uuid := '00000000-0000-0000-0000-000000000001';
    run worker.runs;
    job record;
    earlier worker.ledger;
    quota worker.api_quotas;
    gone_today numeric;
begin
    if the_run is not null then
        select r.* into run from worker.runs r where r.id = the_run for no key update;
        the_org := run.org_id;
    end if;
    select j.cancel_requested into job
      from worker.jobs j join worker.workers w on w.id = j.worker_id and w.lease_until > now()
     where j.id = the_job and j.fence = the_fence and j.state = 'running' and j.run_id is not distinct from the_run;
    verdict := case
        when not found then 'lease'
        when job.cancel_requested then 'job cancelled'
        when run.state <> 'running' then 'run ' || run.state
        when the_run is null and highest > 0 then 'no_run'
    end;
    if verdict is not null then
        return;
    end if;
    select l.* into earlier from worker.ledger l where l.job_id = the_job and l.step = the_step and l.open;
    if found then
        if earlier.state = 'unknown' then
            verdict := 'outcome_unknown';
        elsif earlier.repeat = 'same_key' then
            quota := worker.lock_quota(the_api);
            if quota.used_calls + quota.elsewhere_calls + the_calls > quota.calls then
                verdict := 'quota';
                until := quota.resets_at;
                return;
            end if;
            update worker.api_quotas q set used_calls = q.used_calls + the_calls where q.api = quota.api;
            update worker.ledger l
               set fence = the_fence, quota_resets_at = quota.resets_at,
                   calls = case when l.quota_resets_at is not distinct from quota.resets_at then l.calls else 0 end + the_calls
             where l.id = earlier.id;
            reservation := earlier.id;
            reserved_cents := earlier.highest_cents;  -- What it costs at most may have changed since.
            verdict := 'adopted';
        else
            perform worker.lose(earlier);
            verdict := case when earlier.repeat = 'never' then 'outcome_unknown' end;
            select r.* into run from worker.runs r where r.id = the_run;
        end if;
        if verdict is not null then
            return;
        end if;
    end if;
    if run.spent_cents + run.reserved_cents + highest > run.budget_cap_cents and highest > 0 then
        if run.spent_cents + run.reserved_cents > 0 then
            -- It is used up for what was to be done, though the last cents of it be left.
            run.warn_percents := array(select p from unnest(run.warn_percents) p where p = 100);
            update worker.runs r set warned_percents = worker.warn_of_budget(run, run.budget_cap_cents)
             where r.id = run.id;
        end if;
        perform worker.pause_for(run, 'budget', the_job);
        verdict := 'budget';
        return;
    end if;
    if highest > 0 then
        update worker.org_days d set reserved_cents = d.reserved_cents + highest
         where d.org_id = the_org and d.day = today
        returning d.reserved_cents + d.spent_cents into gone_today;
        if not found then
            insert into worker.org_days as d (org_id, day, reserved_cents) values (the_org, today, highest)
            on conflict on constraint org_days_pkey do update set reserved_cents = d.reserved_cents + highest
            returning d.reserved_cents + d.spent_cents into gone_today;
        end if;
        if gone_today > (select o.daily_cap_cents from public.orgs o where o.id = the_org) then
            update worker.org_days d set reserved_cents = d.reserved_cents - highest
             where d.org_id = the_org and d.day = today;
            perform worker.pause_for(run, 'org_budget', the_job);
            verdict := 'org_budget';
            return;
        end if;
    end if;
    quota := worker.lock_quota(the_api);
    if quota.used_calls + quota.elsewhere_calls + the_calls > quota.calls then
        update worker.org_days d set reserved_cents = d.reserved_cents - highest
         where d.org_id = the_org and d.day = today and highest > 0;
        verdict := 'quota';
        until := quota.resets_at;
        return;
    end if;
    if quota.api is not null then
        update worker.api_quotas q set used_calls = q.used_calls + the_calls where q.api = quota.api;
    end if;
    if highest > 0 then
        update worker.runs r
           set reserved_cents = r.reserved_cents + highest,
               warned_percents = worker.warn_of_budget(run, run.spent_cents + run.reserved_cents + highest)
         where r.id = the_run;
    end if;
    insert into worker.ledger as l (run_id, org_id, day, job_id, fence, step, api, operation, calls, quota_resets_at,
                                    highest_cents, repeat, item_type, item_id)
    values (the_run, the_org, today, the_job, the_fence, the_step, the_api, the_operation, the_calls, quota.resets_at,
            highest, the_repeat, the_item_type, the_item_id)
    returning l.id, l.highest_cents into reservation, reserved_cents;
    verdict := 'granted';
end $$;

drop function worker.prune_api_log(interval, int);
drop function worker.open_ticket(bytea, text, uuid, text);
drop function worker.disconnect_account(uuid);
drop function worker.disable_account(uuid);
drop function worker.deactivate_account(uuid, text, int);
drop function worker.reconcile_quota(text, int, int, timestamptz, int, timestamptz, bigint);
drop function worker.shape_quota(text, text, int);
drop function worker.calls_for(worker.api_quotas, int);
drop function worker.next_day(timestamptz, text);
alter table worker.api_quotas drop column zone, drop column kept_percent;
drop table worker.cooldowns;
drop table worker.api_log;
drop table worker.oauth_states;
drop table worker.oauth_tickets;
drop table public.ebay_accounts;
