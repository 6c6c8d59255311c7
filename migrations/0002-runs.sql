-- Runs, and the doors through which work comes in.
-- depends: 0001-queue
--
-- A run is what an operator sees and steers: the frame around one job and the jobs that job enqueues. It
-- counts items, keeps the log an operator reads (worker.run_events) and ends when its last job has ended:
-- failed if one of them failed for good, else completed. Pausing moves its waiting jobs to paused; those at
-- work are told at their next safe point. Every move of a run goes through worker.move_run() and leaves an
-- event with its actor.

create table public.orgs (
    id                uuid primary key default gen_random_uuid(),
    name              text not null unique,
    budget_cap_cents  numeric(14,4) not null default 2500 check (budget_cap_cents >= 0),
    created_at        timestamptz not null default now()
);
insert into public.orgs (id, name) values ('00000000-0000-0000-0000-000000000001', 'default');

create type worker.run_state as enum ('pending', 'running', 'paused', 'completed', 'failed', 'cancelled');
create type worker.item_state as enum ('pending', 'processing', 'completed', 'failed', 'skipped');
create type worker.item_type as enum
    ('card', 'set', 'order', 'seller', 'listing', 'csv_row', 'amazon_product', 'ebay_seller', 'demo');

create table worker.runs (
    id                uuid primary key default gen_random_uuid(),
    org_id            uuid not null references public.orgs,
    name              text not null check (name <> ''),
    kind              text not null,
    params            jsonb not null,
    state             worker.run_state not null default 'pending',
    reason            text,
    budget_cap_cents  numeric(14,4) not null check (budget_cap_cents >= 0),
    estimated_cents   numeric(14,4) not null default 0,
    reserved_cents    numeric(14,4) not null default 0 check (reserved_cents >= 0),
    spent_cents       numeric(14,4) not null default 0 check (spent_cents >= 0),
    total_items       bigint not null default 0,
    processed_items   bigint not null default 0,  -- worked on, however it went
    failed_items      bigint not null default 0,
    skipped_items     bigint not null default 0,
    summary           jsonb,                      -- written once, when the run ends
    created_by        text not null default session_user,
    created_at        timestamptz not null default now(),
    started_at        timestamptz,
    paused_at         timestamptz,
    completed_at      timestamptz
) with (fillfactor = 70);
create index runs_live on worker.runs (created_at) where state in ('pending', 'running', 'paused');
create index runs_by_time on worker.runs (created_at desc);

create table worker.items (
    run_id         uuid not null,  -- no foreign key: the run's row is locked by whoever adds items to it
    id             bigint generated always as identity,
    type           worker.item_type not null,
    external_id    text not null,
    state          worker.item_state not null,
    data           jsonb,
    error_code     text,
    error_message  text,
    cost_cents     numeric(14,4) not null default 0,
    worked_at      timestamptz not null default now(),
    primary key (run_id, id)
);

create table worker.run_events (
    run_id  uuid not null references worker.runs on delete cascade,
    id      bigint generated always as identity,
    at      timestamptz not null default now(),
    level   text not null check (level in ('info', 'warning', 'error')),
    event   text not null,
    actor   text not null,
    data    jsonb not null default '{}',
    primary key (run_id, id)
);

-- Where a run goes by an event. Total: an unlawful pair is refused with both ends named. The same table
-- stands in the worker's code; a test compares the two, pair by pair.
create function worker.move_run(state worker.run_state, event text) returns worker.run_state
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
        else worker.refuse_move('run', state::text, event)
    end;
end $$;

create function worker.refuse_move(what text, state text, event text) returns worker.run_state
language plpgsql immutable as $$
begin
    raise exception using errcode = 'MM003', message = format('a %s %s cannot %s', state, what, event);
end $$;

create function worker.log_run(the_run uuid, level text, event text, data jsonb = '{}', actor text = null)
returns void language sql as $$
    insert into worker.run_events (run_id, level, event, actor, data)
    values (the_run, level, event,
            coalesce(actor, nullif(current_setting('mintmark.actor', true), ''), session_user), data)
$$;

-- Take the run's row for the rest of the transaction, or say that there is none.
create function worker.lock_run(wanted uuid) returns worker.runs
language plpgsql as $$
declare
    run worker.runs;
begin
    select r.* into run from worker.runs r where r.id = wanted for update;
    if not found then
        raise exception using errcode = 'MM004', message = format('there is no run %s', wanted),
            hint = 'mintmark run list';
    end if;
    return run;
end $$;

-- A cap is an amount that the column holds (NaN would be above every amount), and not below what is gone already.
create function worker.check_cap(cap numeric, gone numeric) returns void
language plpgsql immutable as $$
begin
    if cap < 0 or cap >= 1e10 then
        raise exception using errcode = 'MM005',
            message = format('a budget cap is an amount of 0 or more, and less than 10^10 cents: not %s', cap);
    elsif cap < gone then
        raise exception using errcode = 'MM005',
            message = format('a budget cap of %s is below the %s cents that are spent or reserved', cap, gone);
    end if;
end $$;

create function worker.put_run(
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
    insert into worker.runs (id, org_id, name, kind, params, budget_cap_cents)
    values (the_id, org.id, coalesce(the_name, the_kind || ' ' || to_char(now(), 'YYYY-MM-DD HH24:MI')), the_kind,
            the_params, coalesce(the_cap, org.budget_cap_cents));
    perform worker.log_run(the_id, 'info', 'created', jsonb_build_object('kind', the_kind, 'params', the_params));
end $$;

create function worker.check_payload(the_kind worker.kinds, payload jsonb) returns void
language plpgsql immutable as $$
declare
    problem text := worker.payload_problem(the_kind.schema, payload);
begin
    if problem is not null then
        raise exception using errcode = 'MM002', message = format('%s: %s', the_kind.kind, problem);
    end if;
    if pg_column_size(payload) > 262144 then
        raise exception using errcode = 'MM002',
            message = format('%s: the payload has %s bytes; at most 262144 fit', the_kind.kind,
                             pg_column_size(payload));
    end if;
end $$;

-- Refuse names that cannot be indexed or announced, and times that upset whoever reads them.
create function worker.check_arguments(
    the_queue text, the_run_at timestamptz = null, the_max_attempts int = null, the_keys text[] = '{}'
) returns void language plpgsql stable as $$
declare
    problem text := case
        when length(the_queue) not between 1 and 100 then 'a queue has a name of 1 to 100 characters, or is null'
        when the_run_at not between '0001-01-01 00:00Z' and '9999-12-31 00:00Z' then
            'run_at must lie between the years 1 and 9999, or be null'
        when the_max_attempts < 1 then 'max_attempts must be at least 1, or null'
        when exists (select from unnest(the_keys) k where octet_length(k) > 1000) then
            'a dedupe_key and a concurrency_key have at most 1000 bytes'
    end;
begin
    if problem is not null then
        raise exception using errcode = 'MM005', message = problem;
    end if;
end $$;

-- May a run take more jobs, and if so, does it hold them back? Keeps the run's row locked: a pause waits.
create function worker.run_is_paused(wanted uuid) returns boolean
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
    return run.state = 'paused';
end $$;

create function worker.enqueue(
    kind text, payload jsonb = '{}', queue text = null, priority int = 0, run_at timestamptz = null,
    dedupe_key text = null, concurrency_key text = null, max_attempts int = null, run_id uuid = null
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
    the_kind worker.kinds;
    own_run uuid;
    job record;
    id bigint;
    wanted boolean;
begin
    -- Most jobs want nothing special: they take one statement. What it does not take, the steps below do or refuse.
    if num_nonnulls(enqueue.dedupe_key, enqueue.concurrency_key, enqueue.run_id, enqueue.run_at,
                    enqueue.max_attempts) = 0 then
        insert into worker.jobs as j (kind, payload, queue, priority, max_attempts, state)
        select k.kind, enqueue.payload, q.queue, coalesce(enqueue.priority, 0), k.max_attempts, 'pending'
          from worker.kinds k join worker.queues q on q.queue = coalesce(enqueue.queue, k.queue)
         where k.kind = enqueue.kind and not k.starts_run and enqueue.payload @@ k.gate
           and pg_column_size(enqueue.payload) <= 262144
        returning j.id, exists (select from worker.sleepers s where s.queue = j.queue) into id, wanted;
        if id is not null then
            if wanted then
                perform pg_notify('mintmark_jobs', coalesce(enqueue.queue, (select k.queue from worker.kinds k
                                                                             where k.kind = enqueue.kind)));
            end if;
            return id;
        end if;
    end if;
    the_kind := worker.known_kind(enqueue.kind);
    own_run := case when the_kind.starts_run and enqueue.run_id is null then gen_random_uuid() end;
    perform worker.check_payload(the_kind, enqueue.payload);
    perform worker.check_arguments(enqueue.queue, enqueue.run_at, enqueue.max_attempts,
                                   array[enqueue.dedupe_key, enqueue.concurrency_key]);
    job := worker.put_job(the_kind, enqueue.payload, enqueue.queue, enqueue.priority, enqueue.run_at,
                          enqueue.dedupe_key, enqueue.concurrency_key, enqueue.max_attempts,
                          coalesce(enqueue.run_id, own_run), worker.run_is_paused(enqueue.run_id));
    if own_run is not null and job.is_new then
        perform worker.put_run(enqueue.kind, enqueue.payload, null, null, null, own_run);
    end if;
    return job.job_id;
end $$;

-- Many jobs of one kind in one statement: all of them, or none and the first problem named by its place.
create function worker.enqueue_many(
    kind text, payloads jsonb[], queue text = null, priority int = 0, run_id uuid = null
) returns setof bigint language plpgsql security definer set search_path = '' as $$
declare
    the_kind worker.kinds := worker.known_kind(enqueue_many.kind);
    lane text := coalesce(enqueue_many.queue, the_kind.queue);
    first_state worker.job_state := 'pending';
    bad record;
begin
    perform worker.check_arguments(enqueue_many.queue);
    select p.place, coalesce(worker.payload_problem(the_kind.schema, p.payload),
                             'the payload is larger than 262144 bytes') as problem
      into bad
      from unnest(payloads) with ordinality p(payload, place)
     where ((p.payload @@ the_kind.gate) is not true
            and worker.payload_problem(the_kind.schema, p.payload) is not null)
        or pg_column_size(p.payload) > 262144
     order by p.place limit 1;
    if found then
        raise exception using errcode = 'MM002',
            message = format('%s, payload %s: %s', the_kind.kind, bad.place, bad.problem);
    end if;
    if the_kind.starts_run and enqueue_many.run_id is null then
        return query select worker.enqueue(the_kind.kind, p, enqueue_many.queue, enqueue_many.priority)
                       from unnest(payloads) p;
        return;
    end if;
    if worker.run_is_paused(enqueue_many.run_id) then
        first_state := 'paused';
    end if;
    insert into worker.queues (queue) values (lane) on conflict do nothing;
    return query
        insert into worker.jobs as j (kind, payload, queue, priority, max_attempts, run_id, state)
        select the_kind.kind, p.payload, lane, coalesce(enqueue_many.priority, 0), the_kind.max_attempts,
               enqueue_many.run_id, first_state
          from unnest(payloads) with ordinality p(payload, place) order by p.place
        returning j.id;
    if first_state = 'pending' then
        perform worker.announce(lane);
    end if;
end $$;

create function worker.start_run(
    kind text, params jsonb = '{}', name text = null, budget_cap_cents numeric = null, org_id uuid = null
) returns uuid language plpgsql security definer set search_path = '' as $$
declare
    the_kind worker.kinds := worker.known_kind(start_run.kind);
    run_id uuid := gen_random_uuid();
begin
    perform worker.check_payload(the_kind, start_run.params);
    perform worker.put_run(start_run.kind, start_run.params, nullif(start_run.name, ''), start_run.budget_cap_cents,
                           start_run.org_id, run_id);
    perform worker.put_job(the_kind, start_run.params, null, 0, null, null, null, null, run_id, false);
    return run_id;
end $$;

-- Answers how many of the run's jobs are still at work; they stop at their next safe point.
create function worker.pause_run(run_id uuid, reason text = null) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(pause_run.run_id);
begin
    update worker.runs r set state = worker.move_run(run.state, 'pause'), reason = coalesce(pause_run.reason, 'operator'),
                             paused_at = now()
     where r.id = run.id;
    update worker.jobs j set state = 'paused', blocked = j.concurrency_key is not null
     where j.run_id = run.id and j.state in ('scheduled', 'pending');
    perform worker.log_run(run.id, 'info', 'paused', jsonb_build_object('reason', coalesce(pause_run.reason, 'operator')));
    perform pg_notify('mintmark_runs', run.id::text);
    return (select count(*) from worker.jobs j where j.run_id = run.id and j.state = 'running');
end $$;

create function worker.resume_run(run_id uuid, budget_cap_cents numeric = null) returns void
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(resume_run.run_id);
    cap numeric := coalesce(resume_run.budget_cap_cents, run.budget_cap_cents);
begin
    perform worker.check_cap(cap, run.spent_cents + run.reserved_cents);
    update worker.runs r set state = worker.move_run(run.state, 'resume'), reason = null, paused_at = null,
                             budget_cap_cents = cap, started_at = coalesce(r.started_at, now())
     where r.id = run.id;
    perform worker.log_run(run.id, 'info', 'resumed', jsonb_build_object('budget_cap_cents', cap));
    perform worker.wake_jobs(run.id);
end $$;

-- Paused jobs of a run wait again: until their time, for their key, or not at all.
create function worker.wake_jobs(the_run uuid) returns void
language plpgsql as $$
declare
    keys text[];
begin
    with woken as (
        update worker.jobs j set state = case when j.run_at > now() then 'scheduled' else 'pending' end::worker.job_state
         where j.run_id = the_run and j.state = 'paused'
        returning j.concurrency_key, j.queue
    ), notified as (
        select worker.announce(q.queue) from (select distinct w.queue from woken w) q
    )
    select array_agg(distinct w.concurrency_key) filter (where w.concurrency_key is not null) into keys
      from woken w, (select count(*) from notified) n;
    perform worker.free_keys(coalesce(keys, '{}'));
end $$;

-- Move jobs that do not run out of the hot table as cancelled.
create function worker.bury_cancelled(ids bigint[], the_reason text) returns int
language sql as $$
    with gone as (
        delete from worker.jobs j where j.id = any(ids) and j.state <> 'running'
        returning j.*
    ), kept as (
        insert into worker.job_history (id, fence, run_at, created_at, started_at, worker_id, run_id, priority,
            max_attempts, attempt, crashes, state, queue, kind, dedupe_key, concurrency_key, reason, error_code,
            error_message, payload, checkpoint)
        select g.id, g.fence, g.run_at, g.created_at, g.started_at, g.worker_id, g.run_id, g.priority,
               g.max_attempts, g.attempt, g.crashes, 'cancelled', g.queue, g.kind, g.dedupe_key, g.concurrency_key,
               the_reason, g.error_code, g.error_message, g.payload, g.checkpoint
          from gone g
        returning 1
    )
    select count(*)::int from kept
$$;

-- Final at once; answers how many of the run's jobs are still at work, to stop at their next safe point.
create function worker.cancel_run(run_id uuid, reason text = null) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(cancel_run.run_id);
    why text := coalesce(cancel_run.reason, 'operator');
begin
    update worker.runs r set state = worker.move_run(run.state, 'cancel'), reason = why, completed_at = now()
     where r.id = run.id;
    perform worker.bury_cancelled(array(select j.id from worker.jobs j where j.run_id = run.id order by j.id for update),
                                  'run cancelled');
    perform worker.log_run(run.id, 'info', 'cancelled', jsonb_build_object('reason', why));
    perform pg_notify('mintmark_runs', run.id::text);
    return (select count(*) from worker.jobs j where j.run_id = run.id and j.state = 'running');
end $$;

-- A waiting job is cancelled at once ("cancelled"); one at work at its next safe point ("cancelling").
create function worker.cancel_job(job_id bigint) returns text
language plpgsql security definer set search_path = '' as $$
declare
    job worker.jobs;
begin
    select j.* into job from worker.jobs j where j.id = cancel_job.job_id for update;
    if not found then
        perform worker.refuse_ended(cancel_job.job_id, 'cancel');
    elsif job.state = 'running' then
        update worker.jobs j set cancel_requested = true where j.id = job.id;
        return 'cancelling';
    end if;
    perform worker.bury_cancelled(array[job.id], 'operator');
    perform worker.free_keys(array_remove(array[job.concurrency_key], null));
    return 'cancelled';
end $$;

create function worker.refuse_ended(wanted bigint, event text) returns void
language plpgsql as $$
declare
    state text := (select h.state from worker.job_history h where h.id = wanted order by h.finished_at desc limit 1);
begin
    if state is null then
        raise exception using errcode = 'MM004', message = format('there is no job %s', wanted),
            hint = 'mintmark job list';
    end if;
    perform worker.refuse_move('job', state, event);
end $$;

-- A job that failed or was cancelled waits again, with its counts at zero and its checkpoint kept.
create function worker.retry_job(job_id bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
    old worker.job_history;
    run worker.runs;
begin
    select h.* into old from worker.job_history h
     where h.id = retry_job.job_id and h.state in ('failed', 'cancelled');
    if not found then
        if exists (select from worker.jobs j where j.id = retry_job.job_id) then
            perform worker.refuse_move('job', (select j.state::text from worker.jobs j where j.id = retry_job.job_id), 'retry');
        end if;
        perform worker.refuse_ended(retry_job.job_id, 'retry');
    end if;
    if old.run_id is not null then
        run := worker.lock_run(old.run_id);
        if run.state in ('completed', 'failed', 'cancelled') then
            update worker.runs r set state = worker.move_run(run.state, 'retry'), reason = null, summary = null,
                                     completed_at = null
             where r.id = run.id;
            perform worker.log_run(run.id, 'info', 'retried', jsonb_build_object('job', old.id));
        end if;
    end if;
    delete from worker.job_history h where h.id = old.id and h.finished_at = old.finished_at;
    if not found then
        perform worker.refuse_move('job', 'pending', 'retry');  -- Another operator was faster.
    end if;
    insert into worker.jobs (id, fence, created_at, run_id, priority, max_attempts, state, blocked, queue, kind,
                             dedupe_key, concurrency_key, payload, checkpoint)
    values (old.id, old.fence, old.created_at, old.run_id, old.priority, old.max_attempts,
            case when run.state = 'paused' then 'paused' else 'pending' end::worker.job_state,
            old.concurrency_key is not null, old.queue, old.kind, old.dedupe_key, old.concurrency_key, old.payload,
            old.checkpoint)
    on conflict (kind, dedupe_key) where dedupe_key is not null do nothing;
    if not found then
        raise exception using errcode = 'MM003',
            message = format('job %s cannot retry: a live %s job has its dedupe_key "%s"', old.id, old.kind, old.dedupe_key);
    end if;
    perform worker.free_keys(array_remove(array[old.concurrency_key], null));
    perform worker.announce(old.queue);
end $$;

-- The run's failed jobs wait again; what they had done stays done. Answers how many.
create function worker.retry_failed(run_id uuid) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(retry_failed.run_id);
    ids bigint[] := array(select h.id from worker.job_history h where h.run_id = run.id and h.state = 'failed' order by h.id);
begin
    perform worker.retry_job(id) from unnest(ids) id;
    return cardinality(ids);
end $$;

create view worker.run_status as
    select id, org_id, name, kind, state, reason, budget_cap_cents, estimated_cents, reserved_cents, spent_cents,
           total_items, processed_items, failed_items, skipped_items, created_at, started_at, paused_at, completed_at
      from worker.runs;

-- Functions are executable by everybody unless that is taken back.
revoke all on all functions in schema worker from public;
