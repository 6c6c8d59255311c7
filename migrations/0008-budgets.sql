-- Budgets that hold: reserve, settle, release; places for runs; failed items worked again.
-- depends: 0007-alerts
--
-- Money moves in three steps. Before a call its highest price is reserved: one function asks the run, its org's day and
-- the provider's quota in that order, and grants or denies in one transaction. After it the true price is settled in
-- the same transaction as the work it paid for. Only what provably never left is released. What nobody knows stays
-- spent. Each reservation is a row of worker.ledger, and the counters of runs, days and quotas equal its sums whenever
-- a transaction has ended. The run's row is locked by whoever changes a reservation of that run.
--
-- An org has so many places for runs at work. A run whose first job begins while none is free waits: it stays pending,
-- its jobs rest as paused, and it is called when a place is free, the oldest first. Nobody who holds an org's row waits
-- for a run.
--
-- Lock order: run, then org, then job (by id), then the org's day, then the quota.

alter table public.orgs
    add column warn_percents int[] not null default '{80}'
        check (0 < all (warn_percents) and 100 >= all (warn_percents)),
    add column max_concurrent_runs int not null default 3 check (max_concurrent_runs > 0),
    add column daily_cap_cents numeric(14,4) check (daily_cap_cents >= 0);  -- null: none

alter table worker.runs
    add column warn_percents int[] not null default '{80}',
    add column warned_percents int[] not null default '{}',        -- each is said once in a run's life
    add column overrun_cents numeric(14,4) not null default 0,     -- what calls cost above their highest price
    add column waits boolean not null default false,               -- for a place
    add constraint runs_cap_holds check (spent_cents + reserved_cents <= budget_cap_cents + overrun_cents);
create index runs_at_work on worker.runs (org_id) where state = 'running';
create index runs_pending on worker.runs (org_id, created_at, id) where state = 'pending';
create index runs_unsummed on worker.runs (id) where state = 'cancelled' and summary is null;

-- An item belongs to the job that worked it; of those from before nobody knows which that was.
alter table worker.items add column job_id bigint not null default 0;
alter table worker.items alter column job_id drop default;
create index items_to_work on worker.items (run_id, job_id) where state in ('pending', 'processing');
create index items_failed on worker.items (run_id) where state = 'failed';

create type worker.reservation_state as enum ('held', 'settled', 'released', 'unknown');
create type worker.repeat as enum ('same_key', 'charged_again', 'never');

create table worker.ledger (
    id               bigint generated always as identity primary key,
    run_id           uuid,
    org_id           uuid not null references public.orgs,
    day              date not null,              -- of the org, in UTC
    job_id           bigint not null,
    fence            bigint not null,
    step             text not null,              -- of the job, whichever attempt it is: the call's key is made of both
    api              text not null,
    operation        text not null,
    calls            int not null check (calls > 0),
    quota_resets_at  timestamptz,                -- in which of the provider's days they count; null: it has no quota
    highest_cents    numeric(14,4) not null check (highest_cents >= 0),
    cents            numeric(14,4) check (cents >= 0),  -- what it cost; null while held
    state            worker.reservation_state not null default 'held',
    open             boolean not null default true,     -- nobody else may take this step until it is answered for
    repeat           worker.repeat not null,
    item_type        worker.item_type,
    item_id          text,
    held_at          timestamptz not null default now(),
    ended_at         timestamptz,
    check ((state = 'held') = (cents is null))
) with (fillfactor = 80);
create unique index ledger_step on worker.ledger (job_id, step) where open;
create index ledger_of_run on worker.ledger (run_id);
create index ledger_held on worker.ledger (run_id, job_id) where state = 'held';

create table worker.org_days (
    org_id          uuid not null references public.orgs,
    day             date not null,
    reserved_cents  numeric(14,4) not null default 0 check (reserved_cents >= 0),
    spent_cents     numeric(14,4) not null default 0 check (spent_cents >= 0),
    primary key (org_id, day)
) with (fillfactor = 50);

create table worker.api_quotas (
    api              text primary key check (api <> ''),
    calls            int not null check (calls >= 0),     -- a day
    used_calls       int not null default 0 check (used_calls >= 0),       -- ours, since the last reset
    elsewhere_calls  int not null default 0 check (elsewhere_calls >= 0),  -- that the provider counts besides ours
    resets_at        timestamptz not null
) with (fillfactor = 50);

create view worker.quota_status as
    select q.api, q.calls, u.used_calls, greatest(0, q.calls - u.used_calls) as remaining_calls, u.resets_at
      from worker.api_quotas q cross join lateral (
           select case when q.resets_at > now() then q.used_calls + q.elsewhere_calls else 0 end as used_calls,
                  case when q.resets_at > now() then q.resets_at end as resets_at) u;

-- Where a run goes by an event, now that it may have to wait for a place.
create or replace function worker.move_run(state worker.run_state, event text) returns worker.run_state
language plpgsql immutable as $$
begin
    return case
        when event = 'start'    and state = 'pending' then 'running'
        when event = 'pause'    and state in ('pending', 'running') then 'paused'
        when event = 'resume'   and state = 'paused' then 'running'
        when event = 'complete' and state in ('pending', 'running') then 'completed'
        when event = 'fail'     and state in ('pending', 'running') then 'failed'
        when event = 'cancel'   and state in ('pending', 'running', 'paused') then 'cancelled'
        when event = 'retry'    and state in ('completed', 'failed', 'cancelled') then 'running'
        when event = 'wait'     and state in ('paused', 'completed', 'failed', 'cancelled') then 'pending'
        else worker.refuse_move('run', state::text, event)
    end;
end $$;

create function worker.actor(of_job bigint) returns text language sql immutable as $$ select 'job ' || of_job $$;

-- What people name and say is short, and one line: it is shown in tables and on terminals.
create function worker.check_words(what text, words text, longest int) returns void
language plpgsql immutable as $$
begin
    if length(words) > longest or words ~ '[[:cntrl:]]' then
        raise exception using errcode = 'MM005',
            message = format('%s has at most %s characters, and no line breaks or control characters', what, longest);
    end if;
end $$;

-- Thresholds of a budget in order, each once.
create function worker.check_thresholds(given int[]) returns int[]
language plpgsql immutable as $$
begin
    if cardinality(given) > 100 or array_position(given, null) is not null
       or not (0 < all (given) and 100 >= all (given)) then
        raise exception using errcode = 'MM005', message = 'a threshold is a percentage from 1 to 100';
    end if;
    return case when given is not null then array(select distinct p from unnest(given) p order by p) end;
end $$;

create function worker.check_quota(api text, calls int, remaining int, resets_at timestamptz) returns void
language plpgsql stable as $$
begin
    if api is null or api !~ '^[a-z0-9][a-z0-9_.-]{0,99}$' then
        raise exception using errcode = 'MM005',
            message = 'an API has a name of at most 100 lower-case letters, digits, dots, dashes and underscores';
    elsif calls < 0 or remaining < 0 or calls is null then
        raise exception using errcode = 'MM005', message = 'a quota is a number of calls from 0';
    elsif resets_at not between now() - interval '10 years' and now() + interval '10 years' then
        raise exception using errcode = 'MM005', message = 'a quota''s day ends at a time near now: name a time within ten years';
    end if;
end $$;

-- Places.

-- For how many more runs has the org a place? Keeps its row locked: two that ask at once do not both get the last.
create function worker.free_places(the_org uuid) returns int
language plpgsql as $$
declare
    places int := (select o.max_concurrent_runs from public.orgs o where o.id = the_org for no key update);
begin
    return places - (select count(*) from worker.runs r where r.org_id = the_org and r.state = 'running');
end $$;

-- Might a job of the run begin, as soon as there is a place? Not one that is put off, nor one whose queue or key is held:
-- those do not hold up the runs behind them.
create function worker.might_begin(the_run uuid) returns boolean
language sql stable as $$
    select exists (select from worker.jobs j
                    where j.run_id = the_run
                      and (j.state in ('running', 'paused')
                           or (j.state = 'pending' and not j.blocked
                               and not exists (select from worker.queues q where q.queue = j.queue and q.paused))))
$$;

-- Call those that wait longest for the places that are free: their jobs wait again, and the first to begin takes the
-- place, or finds that somebody else has. Waits for nobody.
create function worker.call_waiting_runs(the_org uuid) returns void
language plpgsql as $$
declare
    free int := (select o.max_concurrent_runs from public.orgs o where o.id = the_org)
                - (select count(*) from worker.runs r where r.org_id = the_org and r.state = 'running');
begin
    if free > 0 then
        perform worker.wake_jobs(w.id)
           from (select r.id from worker.runs r
                  where r.org_id = the_org and r.state = 'pending' and r.waits and worker.might_begin(r.id)
                  order by r.created_at, r.id limit free for no key update skip locked) w;
    end if;
end $$;

-- A job of the run begins. Answers "started" when that starts the run, "waits" when there is no place for it, "lost"
-- when the job is somebody else's; else the run's state, or "gone". Runs that came before it and wait, or are just
-- about to begin too, have their places first.
create function worker.begin_run(the_run uuid, the_job bigint, the_fence bigint) returns text
language plpgsql as $$
declare
    run worker.runs;
    free int;
begin
    select r.* into run from worker.runs r where r.id = the_run for no key update;
    if not found then
        return 'gone';
    elsif run.state <> 'pending' then
        return run.state;
    elsif not exists (select from worker.jobs j where j.id = the_job and j.fence = the_fence and j.state = 'running') then
        return 'lost';
    end if;
    free := greatest(0, worker.free_places(run.org_id));
    if free > (select count(*) from (
                  select from worker.runs w
                   where w.org_id = run.org_id and w.state = 'pending'
                     and (w.created_at, w.id) < (run.created_at, run.id)
                     and case when w.waits then worker.might_begin(w.id)
                              else exists (select from worker.jobs j where j.run_id = w.id and j.state = 'running') end
                   limit free) ahead) then
        update worker.runs r set state = worker.move_run(run.state, 'start'), waits = false, reason = null,
                                 started_at = coalesce(r.started_at, now())
         where r.id = run.id;
        perform worker.log_run(run.id, 'info', 'started', actor => worker.actor(the_job));
        perform worker.wake_jobs(run.id);
        return 'started';
    end if;
    if not run.waits then
        perform worker.log_run(run.id, 'info', 'waiting', jsonb_build_object('reason', 'max_concurrent_runs'),
                               worker.actor(the_job));
    end if;
    update worker.runs r set waits = true, reason = 'max_concurrent_runs' where r.id = run.id;
    update worker.jobs j set state = 'paused', blocked = j.concurrency_key is not null
     where j.run_id = run.id and j.state in ('scheduled', 'pending');
    return 'waits';
end $$;

-- May a run take more jobs, and if so, does it hold them back? Keeps the run's row locked: a pause waits.
create or replace function worker.run_is_paused(wanted uuid) returns boolean
language plpgsql as $$
declare
    run worker.runs;
begin
    if wanted is null then
        return false;
    end if;
    run := worker.lock_run(wanted);
    if run.state in ('completed', 'failed', 'cancelled') then
        raise exception using errcode = 'MM003',
            message = format('run %s is %s: it takes no more jobs', wanted, run.state);
    end if;
    return run.state = 'paused' or run.waits;
end $$;

create or replace function worker.put_run(
    the_kind text, the_params jsonb, the_name text, the_cap numeric, the_org uuid, the_id uuid
) returns void language plpgsql as $$
declare
    org public.orgs;
begin
    select o.* into org from public.orgs o
     where o.id = coalesce(the_org, '00000000-0000-0000-0000-000000000001');
    if not found then
        raise exception using errcode = 'MM004', message = format('there is no org %s', the_org);
    end if;
    perform worker.check_cap(the_cap, 0);
    perform worker.check_words('the name of a run', the_name, 200);
    insert into worker.runs (id, org_id, name, kind, params, budget_cap_cents, warn_percents)
    values (the_id, org.id, coalesce(the_name, the_kind || ' ' || to_char(now(), 'YYYY-MM-DD HH24:MI')), the_kind,
            the_params, coalesce(the_cap, org.budget_cap_cents), org.warn_percents);
    perform worker.log_run(the_id, 'info', 'created', jsonb_build_object('kind', the_kind, 'params', the_params));
end $$;

-- What a run is going to cost, as its handler reckons; more than a cap can be is as much as one can be. Said once,
-- unless it changes; louder when it is over the cap. Answers the estimate that stands (null: asks for it) and the cap.
create function worker.note_estimate(
    run_id uuid, cents numeric, out estimated_cents numeric, out budget_cap_cents numeric
) language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(note_estimate.run_id);
    reckoned numeric := round(least(greatest(note_estimate.cents, 0), 9999999999.9999), 4);
    facts jsonb := jsonb_build_object('cents', reckoned, 'budget_cap_cents', run.budget_cap_cents);
begin
    if run.estimated_cents <> reckoned then
        update worker.runs r set estimated_cents = reckoned where r.id = run.id;
        if reckoned > run.budget_cap_cents then
            perform worker.log_run(run.id, 'warning', 'estimate_over_cap', facts);
        else
            perform worker.log_run(run.id, 'info', 'estimated', facts);
        end if;
    end if;
    estimated_cents := coalesce(reckoned, run.estimated_cents);
    budget_cap_cents := run.budget_cap_cents;
end $$;

-- The three verbs.

-- An item of a job failed, one that was to be worked again or one not heard of before; the run's counters follow.
-- The run is locked.
create function worker.fail_item(
    the_run uuid, the_job bigint, the_type worker.item_type, the_id text, code text, message text, cost numeric
) returns void language plpgsql as $$
begin
    update worker.items i
       set state = 'failed', error_code = code, error_message = message, cost_cents = i.cost_cents + cost,
           worked_at = now()
     where i.run_id = the_run
       and i.id = (select min(w.id) from worker.items w
                    where w.run_id = the_run and w.job_id = the_job and w.state in ('pending', 'processing')
                      and w.type = the_type and w.external_id = the_id);
    if not found then
        insert into worker.items (run_id, job_id, type, external_id, state, error_code, error_message, cost_cents)
        values (the_run, the_job, the_type, the_id, 'failed', code, message, cost);
    end if;
    update worker.runs r set processed_items = r.processed_items + 1, failed_items = r.failed_items + 1
     where r.id = the_run;
end $$;

-- Nobody knows what came of a call: its highest price stays spent. Where it may not be repeated, its item has failed.
-- The run is locked.
create function worker.lose(one worker.ledger) returns void
language plpgsql as $$
begin
    update worker.ledger l
       set state = 'unknown', cents = l.highest_cents, open = l.repeat = 'never', ended_at = clock_timestamp()
     where l.id = one.id;
    update worker.org_days d set reserved_cents = d.reserved_cents - one.highest_cents,
                                 spent_cents = d.spent_cents + one.highest_cents
     where d.org_id = one.org_id and d.day = one.day and one.highest_cents > 0;
    if one.run_id is null then
        return;
    end if;
    update worker.runs r set reserved_cents = r.reserved_cents - one.highest_cents,
                             spent_cents = r.spent_cents + one.highest_cents
     where r.id = one.run_id and one.highest_cents > 0;
    if one.repeat = 'never' and one.item_type is not null then
        perform worker.fail_item(one.run_id, one.job_id, one.item_type, one.item_id, 'outcome_unknown',
                                 format('nobody knows whether %s %s was done: find out, then retry the run''s failed items',
                                        one.api, one.operation),
                                 one.highest_cents);
    end if;
    perform worker.log_run(one.run_id, 'warning', 'outcome_unknown',
                           jsonb_build_object('api', one.api, 'operation', one.operation, 'step', one.step,
                                              'cents', one.highest_cents),
                           worker.actor(one.job_id));
end $$;

-- What jobs that have ended still hold of a run (or, for null, of no run) is lost. Answers how many.
create function worker.lose_orphans(the_run uuid) returns int
language plpgsql security definer set search_path = '' as $$
declare
    one worker.ledger;
    lost int := 0;
begin
    perform from worker.runs r where r.id = the_run for no key update;
    for one in select l.* from worker.ledger l
                where l.run_id is not distinct from the_run and l.state = 'held'
                  and not exists (select from worker.jobs j where j.id = l.job_id)
                order by l.id for update
    loop
        perform worker.lose(one);
        lost := lost + 1;
    end loop;
    return lost;
end $$;

-- The provider's day, begun anew where the last has ended. Keeps the quota's row locked.
create function worker.lock_quota(the_api text) returns worker.api_quotas
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

-- Thresholds of the budget that a run has crossed now and not before: each is a warning.
create function worker.warn_of_budget(run worker.runs, gone numeric) returns int[]
language plpgsql as $$
declare
    crossed int[] := array(select p from unnest(run.warn_percents) p
                            where gone * 100 >= run.budget_cap_cents * p and p <> all (run.warned_percents)
                            order by p);
    percent int;
begin
    foreach percent in array crossed loop
        perform worker.log_run(run.id, 'warning', 'budget_warning',
                               jsonb_build_object('percent', percent, 'cents', gone,
                                                  'budget_cap_cents', run.budget_cap_cents), 'mintmark');
        perform worker.raise_alert('budget_warning', format('budget_warning/%s/%s', run.id, percent),
                                   format('run "%s" has used %s %% of its budget of %s cents', run.name, percent,
                                          run.budget_cap_cents), run.org_id, run.id);
    end loop;
    return run.warned_percents || crossed;
end $$;

-- A run that may not go on: everything it has keeps; it waits for an operator.
create function worker.pause_for(run worker.runs, why text, the_job bigint) returns void
language plpgsql as $$
begin
    perform set_config('mintmark.actor', worker.actor(the_job), true);
    perform worker.pause_run(run.id, why);
    if why in ('budget', 'org_budget') then
        perform worker.raise_alert('run_paused_by_budget',
                                   format('run_paused_by_budget/%s/%s', run.id, run.budget_cap_cents),
                                   format('run "%s" is paused: its budget of %s cents is used up', run.name,
                                          run.budget_cap_cents), run.org_id, run.id, the_job);
    end if;
end $$;

-- Reserve the highest price of a call and its share of the quota, for one step of a job that the caller holds.
-- Answers the reservation with what it holds, and "granted", or "adopted" where a try before holds it, whose call may have
-- left; or why not:
--   lease            the job is somebody else's
--   run …            the run is paused, cancelled, …
--   job cancelled    it was asked to end
--   budget           the run's cap would be passed: the run is paused
--   org_budget       the org's cap of today would be passed: the run is paused
--   quota            the provider's day is used up, until "until"
--   no_run           what costs money needs a run
--   outcome_unknown  an attempt before made this call, nobody knows what came of it, and it is not to be repeated
create function worker.reserve(
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

-- Answer for reservations of a job that the caller holds, and count what it committed: each is settled at what it cost
-- (null: at the highest price), released, or unknown. Answers no row when the job is somebody else's.
create function worker.settle(
    the_run uuid, the_job bigint, the_fence bigint, ids bigint[], outcomes worker.reservation_state[], costs numeric[],
    commits boolean = false, the_checkpoint jsonb = null, expected bigint = 0, processed bigint = 0,
    failed bigint = 0, skipped bigint = 0
) returns table (cancel_requested boolean, run_state text)
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs;
    one worker.ledger;
    freed numeric := 0;
    paid numeric := 0;
    over numeric := 0;
begin
    select r.* into run from worker.runs r where r.id = the_run for no key update;
    if commits then
        update worker.jobs j set checkpoint = coalesce(the_checkpoint, j.checkpoint), crashes_in_a_row = 0
         where j.id = the_job and j.fence = the_fence and j.state = 'running'
        returning j.cancel_requested into cancel_requested;
    else
        select j.cancel_requested into cancel_requested from worker.jobs j
         where j.id = the_job and j.fence = the_fence and j.state = 'running';
    end if;
    if not found then
        return;
    end if;
    if 'released' = any (outcomes) then
        perform from worker.api_quotas q
          where q.api in (select l.api from worker.ledger l where l.id = any (ids)) order by q.api for update;
    end if;
    for one in
        update worker.ledger l
           set state = s.outcome, open = false, ended_at = clock_timestamp(),
               cents = case s.outcome when 'settled' then coalesce(s.cost, l.highest_cents) else 0 end
          from unnest(ids, outcomes, costs) as s(id, outcome, cost)
         where l.id = s.id and l.job_id = the_job and l.fence = the_fence and l.state = 'held' and s.outcome <> 'unknown'
        returning l.*
    loop
        freed := freed + one.highest_cents;
        paid := paid + one.cents;
        over := over + greatest(0, one.cents - one.highest_cents);
        update worker.org_days d set reserved_cents = d.reserved_cents - one.highest_cents,
                                     spent_cents = d.spent_cents + one.cents
         where d.org_id = one.org_id and d.day = one.day and (one.highest_cents > 0 or one.cents > 0);
        if not found and one.cents > 0 then  -- Taken for free when it was reserved.
            insert into worker.org_days as d (org_id, day, spent_cents) values (one.org_id, one.day, one.cents)
            on conflict on constraint org_days_pkey do update set spent_cents = d.spent_cents + one.cents;
        end if;
        if one.state = 'released' then
            update worker.api_quotas q set used_calls = q.used_calls - one.calls
             where q.api = one.api and q.resets_at = one.quota_resets_at;
        end if;
    end loop;
    update worker.runs r
       set reserved_cents = r.reserved_cents - freed, spent_cents = r.spent_cents + paid,
           overrun_cents = r.overrun_cents + over, total_items = r.total_items + expected,
           processed_items = r.processed_items + processed, failed_items = r.failed_items + settle.failed,
           skipped_items = r.skipped_items + skipped
     where r.id = the_run and (freed, paid, over, expected, processed, settle.failed, skipped)
                              is distinct from (0, 0, 0, 0, 0, 0, 0)
    returning r.* into run;
    for one in
        select l.* from worker.ledger l join unnest(ids, outcomes) as s(id, outcome) on l.id = s.id
         where s.outcome = 'unknown' and l.job_id = the_job and l.fence = the_fence and l.state = 'held'
         order by l.id
    loop
        perform worker.lose(one);
    end loop;
    if over > 0 and the_run is not null then
        perform worker.log_run(run.id, 'error', 'price_overrun', jsonb_build_object('cents', over), worker.actor(the_job));
        if run.state = 'running' then
            perform worker.pause_for(run, 'price_overrun', the_job);
        end if;
    end if;
    run_state := (select r.state from worker.runs r where r.id = the_run);
    return next;
end $$;

-- Steering.

-- Answers how many of the run's jobs are still at work; they stop at their next safe point.
create or replace function worker.pause_run(run_id uuid, reason text = null) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(pause_run.run_id);
    why text := coalesce(nullif(btrim(pause_run.reason), ''), 'operator');
    in_flight int;
    keys text[];
begin
    perform worker.check_words('a reason', why, 500);
    update worker.runs r set state = worker.move_run(run.state, 'pause'), waits = false, reason = why, paused_at = now()
     where r.id = run.id;
    with held as (
        select j.id, j.concurrency_key from worker.jobs j
         where j.run_id = run.id and j.state in ('scheduled', 'pending') order by j.id for update
    ), paused as (
        update worker.jobs j set state = 'paused', blocked = j.concurrency_key is not null
          from held h where j.id = h.id
        returning h.concurrency_key
    )
    select array_agg(distinct p.concurrency_key) into keys from paused p where p.concurrency_key is not null;
    in_flight := (select count(*) from worker.jobs j where j.run_id = run.id and j.state = 'running');
    perform worker.log_run(run.id, 'info', 'paused', jsonb_build_object('reason', why, 'in_flight', in_flight));
    perform pg_notify('mintmark_runs', run.id::text);
    perform worker.free_keys(keys);
    perform worker.call_waiting_runs(run.org_id);
    return in_flight;
end $$;

create or replace function worker.resume_run(run_id uuid, budget_cap_cents numeric = null) returns void
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(resume_run.run_id);
    cap numeric := coalesce(resume_run.budget_cap_cents, run.budget_cap_cents);
    has_place boolean := worker.free_places(run.org_id) > 0;
begin
    perform worker.move_run(run.state, 'resume');  -- Or the refusal, place or not.
    perform worker.check_cap(cap, run.spent_cents + run.reserved_cents);
    update worker.runs r
       set state = worker.move_run(run.state, case when has_place then 'resume' else 'wait' end),
           waits = not has_place, reason = case when not has_place then 'max_concurrent_runs' end, paused_at = null,
           budget_cap_cents = cap,
           started_at = case when has_place then coalesce(r.started_at, now()) else r.started_at end
     where r.id = run.id;
    perform worker.log_run(run.id, 'info', 'resumed', jsonb_strip_nulls(
        jsonb_build_object('budget_cap_cents', cap, 'waits', nullif(not has_place, false))));
    if has_place then
        perform worker.wake_jobs(run.id);
    end if;
end $$;

-- Final at once; answers how many of the run's jobs are still at work, to stop at their next safe point.
create or replace function worker.cancel_run(run_id uuid, reason text = null) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(cancel_run.run_id);
    why text := coalesce(nullif(btrim(cancel_run.reason), ''), 'operator');
    in_flight int;
    keys text[];
begin
    perform worker.check_words('a reason', why, 500);
    update worker.runs r set state = worker.move_run(run.state, 'cancel'), waits = false, reason = why, completed_at = now()
     where r.id = run.id;
    keys := array(select distinct j.concurrency_key from worker.jobs j
                   where j.run_id = run.id and j.state <> 'running' and j.concurrency_key is not null);
    perform worker.bury_cancelled(array(select j.id from worker.jobs j where j.run_id = run.id order by j.id for update),
                                  'run cancelled');
    in_flight := (select count(*) from worker.jobs j where j.run_id = run.id and j.state = 'running');
    perform worker.log_run(run.id, 'info', 'cancelled', jsonb_build_object('reason', why, 'in_flight', in_flight));
    perform pg_notify('mintmark_runs', run.id::text);
    perform worker.free_keys(keys);
    perform worker.call_waiting_runs(run.org_id);
    return in_flight;
end $$;

-- A waiting job is cancelled at once ("cancelled"); one at work at its next safe point ("cancelling").
create or replace function worker.cancel_job(job_id bigint) returns text
language plpgsql security definer set search_path = '' as $$
declare
    job worker.jobs;
begin
    select j.* into job from worker.jobs j where j.id = cancel_job.job_id for update;
    if not found then
        perform worker.refuse_ended(cancel_job.job_id, 'cancel');
    elsif job.state = 'running' then
        update worker.jobs j set cancel_requested = true where j.id = job.id;
        perform pg_notify('mintmark_runs', '');
        return 'cancelling';
    end if;
    perform worker.bury_cancelled(array[job.id], 'operator');
    perform worker.free_keys(array_remove(array[job.concurrency_key], null));
    return 'cancelled';
end $$;

-- A job that has ended waits again, with its counts at zero and its checkpoint kept; so does its run.
create function worker.work_again(old worker.job_history) returns void
language plpgsql as $$
declare
    run worker.runs;
    has_place boolean;
begin
    if old.run_id is not null then
        run := worker.lock_run(old.run_id);
        if run.state in ('completed', 'failed', 'cancelled') then
            has_place := worker.free_places(run.org_id) > 0;
            update worker.runs r
               set state = worker.move_run(run.state, case when has_place then 'retry' else 'wait' end),
                   waits = not has_place, reason = case when not has_place then 'max_concurrent_runs' end,
                   summary = null, completed_at = null
             where r.id = run.id
            returning r.* into run;
            perform worker.log_run(run.id, 'info', 'retried', jsonb_strip_nulls(
                jsonb_build_object('job', old.id, 'waits', nullif(not has_place, false))));
        end if;
    end if;
    delete from worker.job_history h where h.id = old.id and h.finished_at = old.finished_at;
    if not found then
        perform worker.refuse_move('job', 'pending', 'retry');  -- Another operator was faster.
    end if;
    insert into worker.jobs (id, fence, created_at, run_id, priority, max_attempts, state, blocked, queue, kind,
                             dedupe_key, concurrency_key, payload, checkpoint, limited)
    values (old.id, old.fence, old.created_at, old.run_id, old.priority, old.max_attempts,
            case when run.state = 'paused' or run.waits then 'paused' else 'pending' end::worker.job_state,
            old.concurrency_key is not null, old.queue, old.kind, old.dedupe_key, old.concurrency_key, old.payload,
            old.checkpoint, coalesce((select k.limited from worker.kinds k where k.kind = old.kind), false))
    on conflict (kind, dedupe_key) where dedupe_key is not null do nothing;
    if not found then
        raise exception using errcode = 'MM003',
            message = format('job %s cannot retry: a live %s job has its dedupe_key "%s"', old.id, old.kind, old.dedupe_key);
    end if;
    -- A call without an item has no other word that it may be made again.
    update worker.ledger l set open = false
     where l.job_id = old.id and l.open and l.state = 'unknown' and l.item_id is null;
    perform worker.free_keys(array_remove(array[old.concurrency_key], null));
    perform worker.announce(old.queue);
end $$;

create or replace function worker.retry_job(job_id bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
    old worker.job_history;
begin
    select h.* into old from worker.job_history h
     where h.id = retry_job.job_id and h.state in ('failed', 'cancelled');
    if not found then
        if exists (select from worker.jobs j where j.id = retry_job.job_id) then
            perform worker.refuse_move('job', (select j.state::text from worker.jobs j where j.id = retry_job.job_id), 'retry');
        end if;
        perform worker.refuse_ended(retry_job.job_id, 'retry');
    end if;
    perform worker.work_again(old);
end $$;

-- The run's failed items wait again, and with them the jobs that worked them; so do the jobs that failed for good, from
-- where they stopped. What has been done stays done. An item whose outcome nobody knew may be tried again: that is
-- what its operator says by this. Answers how many items, and failed jobs without one.
create or replace function worker.retry_failed(run_id uuid) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(retry_failed.run_id);
    items int;
    of_items bigint[];
    failed bigint[] := array(select h.id from worker.job_history h where h.run_id = run.id and h.state = 'failed');
    old worker.job_history;
begin
    with again as (
        update worker.items i set state = 'pending', error_code = null, error_message = null
         where i.run_id = run.id and i.state = 'failed'
           and i.job_id in (select h.id from worker.job_history h where h.run_id = run.id)
        returning i.job_id, i.type, i.external_id
    ), allowed as (
        update worker.ledger l set open = false
          from again a
         where l.run_id = run.id and l.open and l.state = 'unknown' and l.job_id = a.job_id
           and l.item_type = a.type and l.item_id = a.external_id
    )
    select count(*), coalesce(array_agg(distinct a.job_id), '{}') into items, of_items from again a;
    update worker.runs r set processed_items = r.processed_items - items, failed_items = r.failed_items - items
     where r.id = run.id and items > 0;
    for old in select h.* from worker.job_history h
                where h.run_id = run.id and h.id = any (of_items || failed) order by h.id
    loop
        perform worker.work_again(old);
    end loop;
    return items + (select count(*) from unnest(failed) f where f <> all (of_items));
end $$;

-- Settings of an org; what is null stays as it is. A run keeps the cap and the thresholds it began with.
create function worker.set_org(
    org_id uuid = null, budget_cap_cents numeric = null, warn_percents int[] = null, max_concurrent_runs int = null,
    daily_cap_cents numeric = null, no_daily_cap boolean = false
) returns void language plpgsql security definer set search_path = '' as $$
declare
    wanted uuid := coalesce(set_org.org_id, '00000000-0000-0000-0000-000000000001');
begin
    perform worker.check_cap(set_org.budget_cap_cents, 0);
    perform worker.check_cap(set_org.daily_cap_cents, 0);
    if set_org.max_concurrent_runs < 1 then
        raise exception using errcode = 'MM005', message = 'max_concurrent_runs is a number from 1';
    end if;
    update public.orgs o
       set budget_cap_cents = coalesce(set_org.budget_cap_cents, o.budget_cap_cents),
           warn_percents = coalesce(worker.check_thresholds(set_org.warn_percents), o.warn_percents),
           max_concurrent_runs = coalesce(set_org.max_concurrent_runs, o.max_concurrent_runs),
           daily_cap_cents = case when not no_daily_cap then coalesce(set_org.daily_cap_cents, o.daily_cap_cents) end
     where o.id = wanted;
    if not found then
        raise exception using errcode = 'MM004', message = format('there is no org %s', wanted);
    end if;
    perform worker.call_waiting_runs(wanted);
end $$;

-- How many calls a day a provider allows, and, where it says so, how many are left and when its day ends (null: what is
-- known, else at midnight UTC). What it counts and we do not, somebody else has used.
create function worker.set_quota(api text, calls int, remaining int = null, resets_at timestamptz = null) returns void
language plpgsql security definer set search_path = '' as $$
declare
    quota worker.api_quotas;
begin
    perform worker.check_quota(set_quota.api, set_quota.calls, set_quota.remaining, set_quota.resets_at);
    insert into worker.api_quotas (api, calls, resets_at)
    values (set_quota.api, set_quota.calls,
            (date_trunc('day', now() at time zone 'UTC') + interval '1 day') at time zone 'UTC')
    on conflict on constraint api_quotas_pkey do nothing;
    quota := worker.lock_quota(set_quota.api);
    update worker.api_quotas q
       set calls = set_quota.calls,
           elsewhere_calls = case when remaining is null then q.elsewhere_calls
                                  else greatest(0, set_quota.calls - remaining - q.used_calls) end,
           resets_at = coalesce(set_quota.resets_at, q.resets_at)
     where q.api = quota.api;
    update worker.ledger l set quota_resets_at = set_quota.resets_at
     where l.api = quota.api and l.quota_resets_at = quota.resets_at and set_quota.resets_at <> quota.resets_at;
    -- Who waits for the provider's next day may find that it has begun, or is longer than it was.
    update worker.jobs j set run_at = now()
     where j.state = 'scheduled' and j.reason = format('the quota of %s is used up', quota.api) and j.run_at > now();
end $$;

revoke all on all functions in schema worker from public;
