-- Connected accounts: whose they are, their tokens as ciphertext, how they are connected, and how their API is asked.
-- depends: 0010-mapping
--
-- An account of eBay's is known by its immutable user id; its username may change. Its tokens are encrypted by whoever
-- writes them, each bound to its row and column, so that one moved to another row cannot be read there; the database
-- never sees a key. A token is refreshed by whoever takes its turn (refreshing_until), and stored under the version that
-- was read: nobody holds a lock while eBay is asked. worker.deactivate_account() ends an account's use in one
-- transaction: it says why, pauses the runs that are about this account alone, and raises one alert.
--
-- Connecting begins with a ticket, made by an operator for an org and a user, and goes through a state, made for one
-- browser, which is deleted as it is looked up. Of tickets, states and browsers only hashes are kept.

create table public.ebay_accounts (
    id                        uuid primary key default gen_random_uuid(),
    org_id                    uuid not null default '00000000-0000-0000-0000-000000000001' references public.orgs,
    user_id                   text not null check (user_id <> ''),     -- whose it is in the marketplace
    ebay_user_id              text not null check (ebay_user_id <> ''),  -- never changes
    ebay_username             text,                                     -- may
    environment               text not null default 'production' check (environment <> ''),
    marketplace_id            text not null default 'EBAY_US',
    access_token              bytea,
    refresh_token             bytea,
    access_token_expires_at   timestamptz,
    access_token_lasts        interval,                                 -- from when it was given
    refresh_token_expires_at  timestamptz,
    scopes                    text[] not null default '{}',
    is_active                 boolean not null default true,
    inactive_reason           text,
    last_sync_at              timestamptz,
    token_version             int not null default 1,                  -- counted up whenever tokens are stored
    refreshing_until          timestamptz,                              -- until then somebody's refresh is awaited
    has_refresh_token         boolean generated always as (refresh_token is not null) stored,
    connected_at              timestamptz not null default now(),       -- the last time somebody consented
    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    check (is_active or inactive_reason is not null),
    unique (environment, ebay_user_id)
) with (fillfactor = 80);
create index ebay_accounts_of_user on public.ebay_accounts (user_id);
create index ebay_accounts_to_sync on public.ebay_accounts (is_active, last_sync_at nulls first);

create table worker.oauth_tickets (
    ticket_hash  bytea primary key,
    provider     text not null,
    org_id       uuid not null references public.orgs,
    user_id      text not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null
);

create table worker.oauth_states (
    state_hash    bytea primary key,
    browser_hash  bytea not null,
    ticket_hash   bytea not null references worker.oauth_tickets on delete cascade,
    provider      text not null,
    org_id        uuid not null,
    user_id       text not null,
    expires_at    timestamptz not null
);

-- Every call of somebody else's API, and how it ended: never a body, a header or an address.
create table worker.api_log (
    id            bigint generated always as identity primary key,
    at            timestamptz not null default now(),
    org_id        uuid not null,
    account_id    uuid,
    run_id        uuid,
    job_id        bigint,
    request_id    text not null,
    api           text not null,
    operation     text not null,
    status        int,                            -- null: there was no answer
    error_id      text,                           -- the provider's own, or the code of ours
    milliseconds  int not null
);
create index api_log_by_time on worker.api_log (at);
create index api_log_of_account on worker.api_log (account_id, id);

-- Who was told to wait: nobody asks this API in this account's name until then, whatever worker it is.
create table worker.cooldowns (
    api      text not null,
    account  text not null default '',            -- '': everybody's
    until    timestamptz not null,
    reason   text not null,
    told     int not null default 1,         -- so many times in a row: each time it lasts longer
    primary key (api, account)
);

-- The provider's day: where its midnight is, and what part of it is kept for people who wait.
alter table worker.api_quotas
    add column zone text not null default 'UTC',
    add column kept_percent int not null default 0 check (kept_percent between 0 and 90);

create function worker.next_day(after timestamptz, zone text) returns timestamptz
language sql stable set search_path = '' as $$
    -- Counted from the end that is known, which need not be a midnight; all by the clock of its zone, also where that
    -- was put forward or back since.
    select ((after at time zone zone)
            + (1 + greatest(0, floor(extract(epoch from (now() at time zone zone) - (after at time zone zone)) / 86400)))
              * interval '1 day') at time zone zone
$$;

-- What a job may use of a quota: all of it when somebody waits for the job, whose priority is then above 0.
create function worker.calls_for(quota worker.api_quotas, priority int) returns int
language sql immutable set search_path = '' as $$
    select quota.calls - case when priority > 0 then 0 else ceil(quota.calls::bigint * quota.kept_percent / 100.0)::int end
$$;

-- The provider's day, begun anew where the last has ended, at the midnight of its zone. Keeps the quota's row locked.
create or replace function worker.lock_quota(the_api text) returns worker.api_quotas
language plpgsql as $$
declare
    quota worker.api_quotas;
begin
    select q.* into quota from worker.api_quotas q where q.api = the_api for update;
    if quota.resets_at <= now() then
        update worker.api_quotas q
           set used_calls = 0, elsewhere_calls = 0,
               resets_at = worker.next_day(q.resets_at, q.zone)
         where q.api = the_api
        returning q.* into quota;
    end if;
    return quota;
end $$;

-- As before, but for what is kept of a quota; see 0008-budgets for what it answers.
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
    select j.cancel_requested, j.priority into job
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
            if quota.used_calls::bigint + quota.elsewhere_calls + the_calls > worker.calls_for(quota, job.priority) then
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
    if quota.used_calls::bigint + quota.elsewhere_calls + the_calls > worker.calls_for(quota, job.priority) then
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

-- Where a provider's day ends, by the midnight of a time zone, and what percentage of its calls is kept for jobs of a
-- priority above 0. Unknown quotas are left alone: set_quota() makes them.
create function worker.shape_quota(api text, zone text, kept_percent int) returns void
language plpgsql security definer set search_path = '' as $$
declare
    was worker.api_quotas;
    ends timestamptz;
begin
    perform worker.refuse_confined('shape_quota');
    if kept_percent not between 0 and 90 or kept_percent is null then
        raise exception using errcode = 'MM005', message = 'what is kept of a quota is a percentage from 0 to 90';
    elsif not exists (select from pg_catalog.pg_timezone_names z where z.name = shape_quota.zone) then
        raise exception using errcode = 'MM005', message = format('there is no time zone %s', shape_quota.zone);
    end if;
    select q.* into was from worker.api_quotas q where q.api = shape_quota.api;
    if (was.zone, was.kept_percent) is not distinct from (shape_quota.zone, shape_quota.kept_percent) then
        return;
    end if;
    was := worker.lock_quota(shape_quota.api);
    ends := case when was.zone = shape_quota.zone then was.resets_at
                 else (date_trunc('day', now() at time zone shape_quota.zone) + interval '1 day')
                      at time zone shape_quota.zone end;
    update worker.api_quotas q
       set zone = shape_quota.zone, kept_percent = shape_quota.kept_percent, resets_at = ends
     where q.api = was.api;
    update worker.ledger l set quota_resets_at = ends
     where l.api = was.api and l.quota_resets_at = was.resets_at and ends <> was.resets_at;
end $$;

-- What a provider says of its day: how many calls it allows, how many it has counted, when its day ends. "ours" is how many
-- of ours it had surely had by then: those that were reserved and ended before it was asked, in the day that ends at
-- "our_day"; with what this job has asked it since. What it counted besides, somebody else has made. Whatever was on its
-- way while it was asked comes on top: such a call may count twice until the next time, and is never left out. What we
-- counted and the provider has not stays counted until the day ends: it may come yet.
create function worker.reconcile_quota(
    the_api text, the_calls int, counted int, ends timestamptz, ours int, our_day timestamptz, the_job bigint
) returns void language plpgsql security definer set search_path = '' as $$
declare
    quota worker.api_quotas;
    held int;
    mine int;
    is_new_day boolean;
begin
    perform worker.refuse_confined('reconcile_quota');
    perform worker.check_quota(the_api, the_calls, counted, ends);
    if ends <= now() then
        return;  -- That day is over: what was counted in it says nothing of this one.
    end if;
    if not exists (select from worker.api_quotas q where q.api = the_api) then
        perform worker.set_quota(the_api, the_calls);
    end if;
    quota := worker.lock_quota(the_api);
    -- Ours may have ended some while before or after the provider's; but not half a day.
    is_new_day := ends > quota.resets_at + interval '12 hours';
    select coalesce(sum(l.calls), 0), coalesce(sum(l.calls) filter (where l.job_id = the_job), 0) into held, mine
      from worker.ledger l where l.api = the_api and l.state = 'held' and l.quota_resets_at = quota.resets_at;
    update worker.api_quotas q
       set calls = the_calls,
           used_calls = case when is_new_day then held else q.used_calls end,
           elsewhere_calls = case when is_new_day or our_day is distinct from quota.resets_at then greatest(0, counted - mine)
                                  else greatest(0, counted - ours - mine) end,
           resets_at = ends
     where q.api = the_api;
    update worker.ledger l set quota_resets_at = ends
     where l.api = the_api and l.quota_resets_at = quota.resets_at and ends <> quota.resets_at
       and (l.state = 'held' or not is_new_day);
    select q.* into quota from worker.api_quotas q where q.api = the_api;
    -- Who waits for the provider's next day may find that it has begun, or is longer than it was.
    update worker.jobs j set run_at = now()
     where j.state = 'scheduled' and j.reason = format('the quota of %s is used up', the_api) and j.run_at > now()
       and quota.used_calls + quota.elsewhere_calls < worker.calls_for(quota, j.priority);
end $$;

-- End the use of an account: say why, pause the runs that are about it alone, and raise one alert. Answers whether it was
-- in use until now. What was refused under an older version of its tokens says nothing of the newer ones.
create function worker.deactivate_account(account uuid, reason text, version int = null) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    mine uuid[] := worker.confined_to();
    one public.ebay_accounts;
    run record;
begin
    -- Runs first, as whoever commits a batch does, who holds his run and then notes that the account is synced.
    perform from worker.runs r
      where r.state in ('pending', 'running') and r.params ->> 'account_id' = deactivate_account.account::text
      order by r.id for update;
    update public.ebay_accounts a
       set is_active = false, inactive_reason = deactivate_account.reason, refreshing_until = null, updated_at = now()
     where a.id = deactivate_account.account and a.is_active and (mine is null or a.org_id = any (mine))
       and (version is null or a.token_version = version)
    returning a.* into one;
    if one.id is null then
        return false;
    end if;
    for run in select r.id from worker.runs r
                where r.org_id = one.org_id and r.state in ('pending', 'running') and r.params ->> 'account_id' = one.id::text
                order by r.id
    loop
        perform worker.pause_run(run.id, 'credential_revoked');
    end loop;
    perform worker.raise_alert(
        'credential_revoked', format('credential_revoked/%s/%s', one.id, one.token_version),
        format('The eBay account %s cannot be used any more (%s): connect it again. More: mintmark account list',
               coalesce(one.ebay_username, one.ebay_user_id), reason),
        org_id => one.org_id, data => jsonb_build_object('account', one.id, 'reason', reason));
    return true;
end $$;

-- Have an account not be used until it is connected anew; for operators. No alert: they know.
create function worker.disable_account(account uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    mine uuid[] := worker.confined_to();
begin
    update public.ebay_accounts a
       set is_active = false, inactive_reason = 'disabled', refreshing_until = null, updated_at = now()
     where a.id = disable_account.account and (mine is null or a.org_id = any (mine));
    if not found then
        raise exception using errcode = 'MM004', message = format('there is no account %s', disable_account.account);
    end if;
end $$;

-- Have an account not be known any more, so that any org may connect it; for operators. Its tokens go with it, and all that
-- hangs on it; what it sold stays observed.
create function worker.disconnect_account(account uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    mine uuid[] := worker.confined_to();
begin
    delete from public.ebay_accounts a
     where a.id = disconnect_account.account and (mine is null or a.org_id = any (mine));
    if not found then
        raise exception using errcode = 'MM004', message = format('there is no account %s', disconnect_account.account);
    end if;
end $$;

-- Let somebody connect an account for an org and a user; for operators. Who holds the ticket may begin, for half an hour.
create function worker.open_ticket(hash bytea, provider text, org_id uuid, user_id text, out expires_at timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
    mine uuid[] := worker.confined_to();
begin
    if not exists (select from public.orgs o where o.id = open_ticket.org_id)
       or (mine is not null and open_ticket.org_id <> all (mine)) then
        raise exception using errcode = 'MM004', message = format('there is no org %s', open_ticket.org_id);
    elsif coalesce(open_ticket.user_id, '') = '' then
        raise exception using errcode = 'MM005', message = 'an account is connected for somebody: name the user';
    end if;
    delete from worker.oauth_tickets t where t.expires_at < now();
    delete from worker.oauth_states s where s.expires_at < now();
    insert into worker.oauth_tickets as t (ticket_hash, provider, org_id, user_id, expires_at)
    values (open_ticket.hash, open_ticket.provider, open_ticket.org_id, open_ticket.user_id, now() + interval '30 minutes')
    returning t.expires_at into expires_at;
end $$;

create function worker.prune_api_log(keep interval, most int) returns int
language plpgsql security definer set search_path = '' as $$
declare
    gone int;
begin
    perform worker.check_keep(keep);
    delete from worker.api_log l where l.id = any (array(
        select o.id from worker.api_log o where o.at < now() - keep order by o.at limit most));
    get diagnostics gone = row_count;
    return gone;
end $$;

-- Tickets and states are not for readers at all; a state's org is its ticket's.
do $$
declare
    name text;
begin
    foreach name in array array['public.ebay_accounts', 'worker.oauth_tickets', 'worker.oauth_states', 'worker.api_log'] loop
        execute format('alter table %s enable row level security, force row level security', name);
        execute format('create policy own_org on %s using ((select worker.confined_to()) is null or org_id = any ((select worker.confined_to())::uuid[]))', name);
    end loop;
end $$;

insert into worker.rights (role, object, privileges)
select r.role, 'table public.ebay_accounts',
       'select (id, org_id, user_id, ebay_user_id, ebay_username, environment, marketplace_id, access_token_expires_at,
                refresh_token_expires_at, scopes, is_active, inactive_reason, last_sync_at, token_version,
                has_refresh_token, connected_at, created_at, updated_at)'
  from unnest(array['mintmark_operator', 'mintmark_reader']) as r(role);

insert into worker.rights (role, object, privileges) values
    ('mintmark_operator', 'table worker.api_log', 'select'),
    ('mintmark_operator', 'table worker.cooldowns', 'select'),
    ('mintmark_operator', 'function worker.disable_account', 'execute'),
    ('mintmark_operator', 'function worker.disconnect_account', 'execute'),
    ('mintmark_operator', 'function worker.open_ticket', 'execute'),
    ('mintmark_operator', 'function worker.shape_quota', 'execute'),
    ('mintmark_worker', 'function worker.deactivate_account', 'execute'),
    ('mintmark_worker', 'function worker.prune_api_log', 'execute'),
    ('mintmark_worker', 'function worker.shape_quota', 'execute'),
    ('mintmark_worker', 'function worker.reconcile_quota', 'execute'),
    ('mintmark_worker', 'table public.ebay_accounts', 'select, insert, update'),
    ('mintmark_worker', 'table worker.oauth_tickets', 'select, update, delete'),
    ('mintmark_worker', 'table worker.oauth_states', 'select, insert, delete'),
    ('mintmark_worker', 'table worker.api_log', 'insert'),
    ('mintmark_worker', 'table worker.cooldowns', 'select, insert, update, delete');

revoke all on all functions in schema worker from public;
select worker.grant_roles();
