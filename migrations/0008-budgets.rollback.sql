-- Forgets every reservation, and to which job an item belonged; what runs have spent stays.
drop function worker.set_quota(text, int, int, timestamptz);
drop function worker.set_org(uuid, numeric, int[], int, numeric, boolean);
drop function worker.settle(uuid, bigint, bigint, bigint[], worker.reservation_state[], numeric[], boolean, jsonb, bigint,
                            bigint, bigint, bigint);
drop function worker.reserve(uuid, bigint, bigint, text, text, text, int, numeric, worker.repeat, worker.item_type, text);
drop function worker.pause_for(worker.runs, text, bigint);
drop function worker.warn_of_budget(worker.runs, numeric);
drop function worker.lock_quota(text);
drop function worker.lose_orphans(uuid);
drop function worker.lose(worker.ledger);
drop function worker.fail_item(uuid, bigint, worker.item_type, text, text, text, numeric);
drop function worker.note_estimate(uuid, numeric);
drop function worker.begin_run(uuid, bigint, bigint);
drop function worker.call_waiting_runs(uuid);
drop function worker.might_begin(uuid);
drop function worker.free_places(uuid);
drop function worker.actor(bigint);
drop function worker.check_words(text, text, int);
drop function worker.check_thresholds(int[]);
drop function worker.check_quota(text, int, int, timestamptz);
drop view worker.quota_status;
drop table worker.api_quotas, worker.org_days, worker.ledger;
drop type worker.reservation_state, worker.repeat;
-- A run that waited for a place waits no more.
update worker.jobs j set state = 'pending' from worker.runs r where r.id = j.run_id and r.waits and j.state = 'paused';
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
        else worker.refuse_move('run', state::text, event)
    end;
end $$;

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
    return run.state = 'paused';
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
    insert into worker.runs (id, org_id, name, kind, params, budget_cap_cents)
    values (the_id, org.id, coalesce(the_name, the_kind || ' ' || to_char(now(), 'YYYY-MM-DD HH24:MI')), the_kind,
            the_params, coalesce(the_cap, org.budget_cap_cents));
    perform worker.log_run(the_id, 'info', 'created', jsonb_build_object('kind', the_kind, 'params', the_params));
end $$;

create or replace function worker.pause_run(run_id uuid, reason text = null) returns int
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

create or replace function worker.resume_run(run_id uuid, budget_cap_cents numeric = null) returns void
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

create or replace function worker.cancel_run(run_id uuid, reason text = null) returns int
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
        return 'cancelling';
    end if;
    perform worker.bury_cancelled(array[job.id], 'operator');
    perform worker.free_keys(array_remove(array[job.concurrency_key], null));
    return 'cancelled';
end $$;

create or replace function worker.retry_job(job_id bigint) returns void
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
                             dedupe_key, concurrency_key, payload, checkpoint, limited)
    values (old.id, old.fence, old.created_at, old.run_id, old.priority, old.max_attempts,
            case when run.state = 'paused' then 'paused' else 'pending' end::worker.job_state,
            old.concurrency_key is not null, old.queue, old.kind, old.dedupe_key, old.concurrency_key, old.payload,
            old.checkpoint, coalesce((select k.limited from worker.kinds k where k.kind = old.kind), false))
    on conflict (kind, dedupe_key) where dedupe_key is not null do nothing;
    if not found then
        raise exception using errcode = 'MM003',
            message = format('job %s cannot retry: a live %s job has its dedupe_key "%s"', old.id, old.kind, old.dedupe_key);
    end if;
    perform worker.free_keys(array_remove(array[old.concurrency_key], null));
    perform worker.announce(old.queue);
end $$;

create or replace function worker.retry_failed(run_id uuid) returns int
language plpgsql security definer set search_path = '' as $$
declare
    run worker.runs := worker.lock_run(retry_failed.run_id);
    ids bigint[] := array(select h.id from worker.job_history h where h.run_id = run.id and h.state = 'failed' order by h.id);
begin
    perform worker.retry_job(id) from unnest(ids) id;
    return cardinality(ids);
end $$;

drop function worker.work_again(worker.job_history);
drop index worker.runs_at_work, worker.runs_pending, worker.runs_unsummed, worker.items_to_work, worker.items_failed;
alter table worker.items drop column job_id;
alter table worker.runs
    drop constraint runs_cap_holds, drop column warn_percents, drop column warned_percents, drop column overrun_cents,
    drop column waits;
alter table public.orgs drop column warn_percents, drop column max_concurrent_runs, drop column daily_cap_cents;
