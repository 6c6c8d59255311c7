do $$
declare
    one record;
begin
    for one in select g.role, g.object from worker.rights g join pg_catalog.pg_roles r on r.rolname = g.role loop
        execute format('revoke all on %s from %I', one.object, one.role);
    end loop;
    for one in select distinct p.polrelid::regclass as name from pg_catalog.pg_policy p where p.polname = 'own_org' loop
        execute format('drop policy own_org on %s', one.name);
        execute format('drop policy if exists every_org on %s', one.name);
        execute format('alter table %s no force row level security, disable row level security', one.name);
    end loop;
end $$;

alter view worker.run_status reset (security_invoker);
alter view worker.job_status reset (security_invoker);
alter view worker.queue_status reset (security_invoker);
alter view worker.kind_limits reset (security_invoker);
alter view worker.quota_status reset (security_invoker);

alter function worker.begin_run(uuid, bigint, bigint) security invoker reset search_path;
alter function worker.room_of_limits(text[], int) security invoker;

create or replace function worker.log_run(the_run uuid, level text, event text, data jsonb = '{}', actor text = null)
returns void language sql as $$
    insert into worker.run_events (run_id, level, event, actor, data)
    values (the_run, level, event,
            coalesce(actor, nullif(current_setting('mintmark.actor', true), ''), session_user), data)
$$;

create or replace function worker.lock_run(wanted uuid) returns worker.runs
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

create or replace function worker.enqueue_with_care(
    kind text, payload jsonb, queue text, priority int, run_at timestamptz, dedupe_key text, concurrency_key text,
    max_attempts int, run_id uuid
) returns bigint language plpgsql as $$
declare
    the_kind worker.kinds := worker.known_kind(enqueue_with_care.kind);
    own_run uuid := case when the_kind.starts_run and enqueue_with_care.run_id is null then gen_random_uuid() end;
    job record;
begin
    perform worker.check_payload(the_kind, payload);
    perform worker.check_arguments(queue, run_at, max_attempts, array[dedupe_key, concurrency_key]);
    job := worker.put_job(the_kind, payload, queue, priority, run_at, dedupe_key, concurrency_key, max_attempts,
                          coalesce(run_id, own_run), worker.run_is_paused(run_id));
    if own_run is not null and job.is_new then
        perform worker.put_run(the_kind.kind, payload, null, null, null, own_run);
    end if;
    return job.job_id;
end $$;

create or replace function worker.enqueue(
    kind text, payload jsonb = '{}', queue text = null, priority int = 0, run_at timestamptz = null,
    dedupe_key text = null, concurrency_key text = null, max_attempts int = null, run_id uuid = null
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
    id bigint;
begin
    -- Most jobs want nothing special and take this one statement; each further expression costs a transaction a
    -- microsecond or two. What it does not take, the steps of enqueue_with_care do or refuse. A payload of fewer than
    -- 520 bytes is not too deep, for each list or object inside another takes eight at least, unless compressed.
    insert into worker.jobs as j (kind, payload, queue, priority, max_attempts, state, limited)
    select k.kind, enqueue.payload, q.queue, coalesce(enqueue.priority, 0), k.max_attempts, 'pending', k.limited
      from worker.kinds k join worker.queues q on q.queue = coalesce(enqueue.queue, k.queue)
     where k.kind = enqueue.kind and not k.starts_run and enqueue.payload @@ k.gate
       and case when pg_column_size(enqueue.payload) < 520 and pg_column_compression(enqueue.payload) is null
                then octet_length(enqueue.payload::text) <= 262144
                else worker.payload_excess(enqueue.payload) is null end
       and num_nonnulls(enqueue.dedupe_key, enqueue.concurrency_key, enqueue.run_id, enqueue.run_at,
                        enqueue.max_attempts) = 0
    returning case when exists (select from worker.sleepers s where s.queue = j.queue)
                   then worker.announced(j.queue, j.id) else j.id end into id;
    if id is null then
        return worker.enqueue_with_care(enqueue.kind, enqueue.payload, enqueue.queue, enqueue.priority, enqueue.run_at,
                                        enqueue.dedupe_key, enqueue.concurrency_key, enqueue.max_attempts,
                                        enqueue.run_id);
    end if;
    return id;
end $$;

create or replace function worker.enqueue_many(
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
                             worker.payload_excess(p.payload)) as problem
      into bad
      from unnest(payloads) with ordinality p(payload, place)
     where ((p.payload @@ the_kind.gate) is not true
            and worker.payload_problem(the_kind.schema, p.payload) is not null)
        or case when pg_column_size(p.payload) < 520 and pg_column_compression(p.payload) is null
                then octet_length(p.payload::text) > 262144
                else worker.payload_excess(p.payload) is not null end
     order by p.place limit 1;
    if found then
        raise exception using errcode = 'MM002',
            message = format('%s, payload %s: %s', the_kind.kind, bad.place, left(bad.problem, 500));
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
        insert into worker.jobs as j (kind, payload, queue, priority, max_attempts, run_id, state,
                                      limited)
        select the_kind.kind, p.payload, lane, coalesce(enqueue_many.priority, 0), the_kind.max_attempts,
               enqueue_many.run_id, first_state, the_kind.limited
          from unnest(payloads) with ordinality p(payload, place) order by p.place
        returning j.id;
    if first_state = 'pending' then
        perform worker.announce(lane);
    end if;
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
        perform pg_notify('mintmark_runs', '');
        return 'cancelling';
    end if;
    perform worker.bury_cancelled(array[job.id], 'operator');
    perform worker.free_keys(array_remove(array[job.concurrency_key], null));
    return 'cancelled';
end $$;

create or replace function worker.refuse_ended(wanted bigint, event text) returns void
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

create or replace function worker.set_org(
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

create or replace function worker.set_quota(api text, calls int, remaining int = null, resets_at timestamptz = null) returns void
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

create or replace function worker.limit_kind(kind text, concurrency int = null, starts int = null, per interval = '1 second')
returns void language plpgsql security definer set search_path = '' as $$
declare
    the_kind worker.kinds := worker.known_kind(limit_kind.kind);
begin
    if concurrency < 0 or starts < 0 or per <= '0' or per is null then
        raise exception using errcode = 'MM005',
            message = 'a limit is a number of 0 or more (0: none), and "per" a time above 0';
    end if;
    -- Claims of this kind that are under way come to an end first: what they took is counted below.
    perform pg_advisory_xact_lock(72706580, hashtext(the_kind.kind));
    update worker.kinds k set limited = num_nonnulls(concurrency, starts) > 0 where k.kind = the_kind.kind;
    if num_nonnulls(concurrency, starts) = 0 then
        delete from worker.limits l where l.kind = the_kind.kind;
    else
        insert into worker.limits as l (kind, concurrency, starts, per)
        values (the_kind.kind, limit_kind.concurrency, limit_kind.starts, limit_kind.per)
        on conflict on constraint limits_pkey do update
            set concurrency = excluded.concurrency, starts = excluded.starts, per = excluded.per;
        update worker.jobs j set limited = true
         where j.id = any(array(select r.id from worker.jobs r
                                 where r.kind = the_kind.kind and r.state = 'running' and not r.limited
                                 order by r.id for update));
    end if;
    perform worker.announce(q.queue) from worker.queues q;
end $$;

create or replace function worker.resume_queue(queue text) returns void
language plpgsql security definer set search_path = '' as $$
begin
    update worker.queues q set paused = false, changed_at = now() where q.queue = resume_queue.queue and q.paused;
    perform worker.announce(resume_queue.queue);
end $$;

create or replace function worker.pause_queue(queue text) returns void
language sql security definer set search_path = '' as $$
    insert into worker.queues as q (queue, paused) values (pause_queue.queue, true)
    on conflict (queue) do update set paused = true, changed_at = now() where not q.paused
$$;

drop function worker.grant_roles();
drop function worker.prune_alerts(interval, int);
drop function worker.prune_days(interval);
drop function worker.prune_ledger(interval, int);
drop function worker.prune_items(interval, int);
drop function worker.prune_events(interval, int);
drop function worker.check_keep(interval);
drop function worker.unconfine(name, uuid);
drop function worker.confine(name, uuid);
drop function worker.require_run(uuid);
drop function worker.refuse_confined(text);
drop function worker.may_touch(uuid);
drop function worker.confined_to();
drop function worker.orgs_of(name);
drop function worker.serves_all(name);
drop table worker.rights;
drop table worker.org_members;
