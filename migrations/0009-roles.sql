-- Roles and tenancy: who may do what, and whose rows they see.
-- depends: 0008-budgets
--
-- Four roles, to be granted to logins: mintmark_producer enqueues and starts runs; mintmark_reader reads; mintmark_operator
-- does both, and steers; mintmark_worker does what a worker does, and serves every org. What each may do stands in
-- worker.rights, a row for each object; worker.grant_roles() gives it to those of the four that are there. Roles belong
-- to the server and not to this database: where the owner may not make them, they are made by somebody who may, and
-- worker.grant_roles() is called again.
--
-- A login is confined when worker.org_members names it, or a role that it is a member of: then it sees and touches the
-- rows of its orgs alone. worker.confined_to() says so, everywhere: row security asks it where somebody reads, and the
-- functions that run with the owner's rights ask it themselves, for those pass row security. What belongs to no org (a
-- job without a run, a schedule) is not for the confined. Whoever has the owner's rights, or the worker's, is not
-- confined. A session may narrow itself further by setting mintmark.org_id.
--
-- Errors of class MM as before; what is not for the confined is 42501, like all that a role may not.

do $$
declare
    one text;
begin
    foreach one in array array['mintmark_producer', 'mintmark_operator', 'mintmark_worker', 'mintmark_reader'] loop
        if not exists (select from pg_catalog.pg_roles r where r.rolname = one) then
            begin
                execute format('create role %I nologin nobypassrls', one);
            exception
                when duplicate_object or unique_violation then
                    null;  -- Another database of this server is being migrated in the same moment.
                when insufficient_privilege then
                    raise notice 'role % is missing and may not be made here: see docs/roles.md', one;
            end;
        end if;
    end loop;
end $$;

-- Who is confined, and to what. An org that has members cannot be deleted: they would be free.
create table worker.org_members (
    member  name not null,                       -- a login or a role, by its name
    org_id  uuid not null references public.orgs,
    primary key (member, org_id)
);

create table worker.rights (
    role        name not null,
    object      text not null,                   -- as "grant" wants it: "table worker.runs"
    privileges  text not null,
    primary key (role, object)
);

-- Has this role the owner's rights, or a worker's? Then it serves every org, and its word on who acts is taken.
create function worker.serves_all(who name) returns boolean
language sql stable set search_path = '' as $$
    select exists (select from pg_catalog.pg_roles r
                    where (r.rolname = 'mintmark_worker'
                           or r.oid = (select c.relowner from pg_catalog.pg_class c
                                        where c.oid = 'worker.org_members'::regclass))
                      and pg_has_role(who, r.oid, 'usage'))
$$;

-- The orgs of one role; null when it is not confined.
create function worker.orgs_of(who name) returns uuid[]
language sql stable set search_path = '' as $$
    select array_agg(distinct m.org_id)
      from worker.org_members m join pg_catalog.pg_roles r on r.rolname = m.member
     where pg_has_role(who, r.oid, 'member') and not worker.serves_all(who)
$$;

-- The orgs whose rows the caller may see and touch; null when it is not confined. The caller is who logged in, and also
-- the role that was set since: neither frees from what the other is confined to. Both are the same within functions
-- that run with their owner's rights.
create function worker.confined_to() returns uuid[]
language plpgsql stable security definer set search_path = '' as $$
declare
    narrowed uuid := nullif(current_setting('mintmark.org_id', true), '')::uuid;
    acts_as name := nullif(current_setting('role'), 'none');
    orgs uuid[];
    more uuid[];
begin
    if exists (select from worker.org_members) then
        orgs := worker.orgs_of(session_user);
        if acts_as is not null then
            more := worker.orgs_of(acts_as);
            orgs := case when orgs is null or more is null then coalesce(orgs, more)
                         else array(select unnest(orgs) intersect select unnest(more)) end;
        end if;
    end if;
    if narrowed is not null then
        orgs := case when orgs is null or narrowed = any (orgs) then array[narrowed] else '{}' end;
    end if;
    return orgs;
end $$;

-- Is the run, or what hangs on it, the caller's to touch?
create function worker.may_touch(the_run uuid) returns boolean
language plpgsql stable set search_path = '' as $$
declare
    mine uuid[] := worker.confined_to();
begin
    return mine is null or exists (select from worker.runs r where r.id = the_run and r.org_id = any (mine));
end $$;

create function worker.refuse_confined(what text) returns void
language plpgsql stable set search_path = '' as $$
begin
    if worker.confined_to() is not null then
        raise exception using errcode = '42501', message = format('%s is not for those who are confined to an org', what);
    end if;
end $$;

-- A job belongs to an org by its run.
create function worker.require_run(the_run uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
    if the_run is null and worker.confined_to() is not null then
        raise exception using errcode = 'MM005',
            message = 'a job of somebody who is confined to an org belongs to a run: name run_id';
    end if;
end $$;

-- Confine a login or role to an org, besides those that it is confined to already.
create function worker.confine(member name, org_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
    if not exists (select from pg_catalog.pg_roles r where r.rolname = confine.member) then
        raise exception using errcode = 'MM004', message = format('there is no role %s', confine.member);
    elsif not exists (select from public.orgs o where o.id = confine.org_id) then
        raise exception using errcode = 'MM004', message = format('there is no org %s', confine.org_id);
    elsif worker.serves_all(confine.member) then
        raise exception using errcode = 'MM005',
            message = format('%s cannot be confined: it has the rights of the owner or of a worker', confine.member);
    end if;
    insert into worker.org_members (member, org_id) values (confine.member, confine.org_id) on conflict do nothing;
end $$;

-- Take an org from those that a role is confined to (null: all). Without any, it is not confined any more.
create function worker.unconfine(member name, org_id uuid = null) returns void
language sql set search_path = '' as $$
    delete from worker.org_members m
     where m.member = unconfine.member and m.org_id = coalesce(unconfine.org_id, m.org_id)
$$;

-- What runs that ended so long ago left behind, and old alerts, in bites: each answers how many rows went.

create function worker.check_keep(keep interval) returns void
language plpgsql immutable as $$
begin
    if keep < interval '1 day' then
        raise exception using errcode = 'MM005', message = 'what has ended is kept for a day at least';
    end if;
end $$;

create function worker.prune_events(keep interval, most int) returns int
language plpgsql security definer set search_path = '' as $$
declare
    gone int;
begin
    perform worker.check_keep(keep);
    delete from worker.run_events e where e.ctid = any (array(
        select o.ctid from worker.run_events o join worker.runs r on r.id = o.run_id
         where o.at < now() - keep and r.state in ('completed', 'failed', 'cancelled')
         limit most));
    get diagnostics gone = row_count;
    return gone;
end $$;

create function worker.prune_items(keep interval, most int) returns int
language plpgsql security definer set search_path = '' as $$
declare
    gone int;
begin
    perform worker.check_keep(keep);
    delete from worker.items i where i.ctid = any (array(
        select o.ctid from worker.runs r join worker.items o on o.run_id = r.id
         where r.completed_at < now() - keep and r.state in ('completed', 'failed', 'cancelled')
         limit most));
    get diagnostics gone = row_count;
    return gone;
end $$;

create function worker.prune_ledger(keep interval, most int) returns int
language plpgsql security definer set search_path = '' as $$
declare
    gone int;
begin
    perform worker.check_keep(keep);
    delete from worker.ledger l where l.ctid = any (array(
        select o.ctid from worker.ledger o left join worker.runs r on r.id = o.run_id
         where o.state <> 'held' and coalesce(r.completed_at, o.ended_at) < now() - keep
           and (o.run_id is null or r.state in ('completed', 'failed', 'cancelled'))
         limit most));
    get diagnostics gone = row_count;
    return gone;
end $$;

-- Days of orgs of which the ledger has nothing any more.
create function worker.prune_days(keep interval) returns void
language plpgsql security definer set search_path = '' as $$
begin
    perform worker.check_keep(keep);
    delete from worker.org_days d
     where d.day < (now() - keep)::date
       and not exists (select from worker.ledger l where l.org_id = d.org_id and l.day = d.day);
end $$;

-- Delivered or not: one that waits for so long is one to which nobody listens.
create function worker.prune_alerts(keep interval, most int) returns int
language plpgsql security definer set search_path = '' as $$
declare
    gone int;
begin
    perform worker.check_keep(keep);
    delete from worker.alerts a where a.ctid = any (array(
        select o.ctid from worker.alerts o where o.raised_at < now() - keep limit most));
    get diagnostics gone = row_count;
    return gone;
end $$;

-- What workers call and could not do by their own rights.
alter function worker.begin_run(uuid, bigint, bigint) security definer set search_path = '';
alter function worker.room_of_limits(text[], int) security definer;

-- The doors, which ask who comes. An actor is taken on trust from those alone who serve every org.

create or replace function worker.log_run(the_run uuid, level text, event text, data jsonb = '{}', actor text = null)
returns void language sql security definer set search_path = '' as $$
    insert into worker.run_events (run_id, level, event, actor, data)
    values (the_run, level, event,
            coalesce(actor,
                     case when worker.serves_all(session_user) then nullif(current_setting('mintmark.actor', true), '') end,
                     session_user), data)
$$;

create or replace function worker.lock_run(wanted uuid) returns worker.runs
language plpgsql as $$
declare
    mine uuid[] := worker.confined_to();
    run worker.runs;
begin
    select r.* into run from worker.runs r where r.id = wanted and (mine is null or r.org_id = any (mine))
       for no key update;
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
    mine uuid[] := worker.confined_to();
    wanted uuid := coalesce(the_org, case when mine is null then '00000000-0000-0000-0000-000000000001'
                                          when cardinality(mine) = 1 then mine[1] end);
    org public.orgs;
begin
    if wanted is null and cardinality(mine) > 1 then
        raise exception using errcode = 'MM005', message = 'for which of your orgs? name org_id';
    end if;
    select o.* into org from public.orgs o
     where o.id = wanted and (mine is null or o.id = any (mine));
    if not found then
        raise exception using errcode = 'MM004', message = format('there is no org %s', coalesce(wanted::text, 'for you'));
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
    if own_run is null then
        perform worker.require_run(run_id);
    end if;
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
       and case when exists (select from worker.org_members) or current_setting('mintmark.org_id', true) <> ''
                then worker.confined_to() is null else true end
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
    perform worker.require_run(enqueue_many.run_id);
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
    select j.* into job from worker.jobs j where j.id = cancel_job.job_id and worker.may_touch(j.run_id) for update;
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
    state text := (select h.state from worker.job_history h where h.id = wanted and worker.may_touch(h.run_id)
                    order by h.finished_at desc limit 1);
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
     where h.id = retry_job.job_id and h.state in ('failed', 'cancelled')
       and worker.may_touch(h.run_id);
    if not found then
        if exists (select from worker.jobs j where j.id = retry_job.job_id and worker.may_touch(j.run_id)) then
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
    perform worker.refuse_confined('set_org');
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
    perform worker.refuse_confined('set_quota');
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
    perform worker.refuse_confined('limit_kind');
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
    perform worker.refuse_confined('resume_queue');
    update worker.queues q set paused = false, changed_at = now() where q.queue = resume_queue.queue and q.paused;
    perform worker.announce(resume_queue.queue);
end $$;

create or replace function worker.pause_queue(queue text) returns void
language plpgsql security definer set search_path = '' as $$
begin
    perform worker.refuse_confined('pause_queue');
    insert into worker.queues as q (queue, paused) values (pause_queue.queue, true)
    on conflict on constraint queues_pkey do update set paused = true, changed_at = now() where not q.paused;
end $$;

-- Views show what their reader may see.
alter view worker.run_status set (security_invoker = true);
alter view worker.job_status set (security_invoker = true);
alter view worker.queue_status set (security_invoker = true);
alter view worker.kind_limits set (security_invoker = true);
alter view worker.quota_status set (security_invoker = true);

-- Row security. The rule for everybody stands here; grant_roles() lets pass those who serve every org, for whom nothing
-- of it is left in a plan.
do $$
declare
    mine text := 'any ((select worker.confined_to())::uuid[])';
    whose record;
begin
    for whose in
        select t.name, t.rule from (values
            ('public.orgs', format('id = %s', mine)),
            ('public.raw_imports', format('org_id = %s', mine)),
            ('worker.org_members', format('org_id = %s', mine)),
            ('worker.runs', format('org_id = %s', mine)),
            ('worker.org_days', format('org_id = %s', mine)),
            ('worker.ledger', format('org_id = %s', mine)),
            ('worker.alerts', format('org_id = %s', mine)),
            ('worker.items', format('run_id in (select r.id from worker.runs r where r.org_id = %s)', mine)),
            ('worker.run_events', format('run_id in (select r.id from worker.runs r where r.org_id = %s)', mine)),
            ('worker.jobs', format('run_id in (select r.id from worker.runs r where r.org_id = %s)', mine)),
            ('worker.job_history', format('run_id in (select r.id from worker.runs r where r.org_id = %s)', mine)),
            ('worker.schedules', 'false')
        ) as t(name, rule)
    loop
        execute format('alter table %s enable row level security, force row level security', whose.name);
        execute format('create policy own_org on %s using ((select worker.confined_to()) is null or %s)',
                       whose.name, whose.rule);
    end loop;
end $$;

-- Give the four roles, as far as they are there, what worker.rights says, and let pass those who serve every org. For
-- the owner; may be called again at any time, and is after somebody has made a role or changed the owner.
create function worker.grant_roles() returns void
language plpgsql set search_path = '' as $$
declare
    one record;
    all_serving oid[] := array(select r.oid from pg_catalog.pg_roles r
                                where r.rolname in ('mintmark_worker', current_user) order by r.oid);
    names text := (select string_agg(format('%I', r.rolname), ', ') from pg_catalog.pg_roles r where r.oid = any (all_serving));
begin
    for one in select g.role, g.object, g.privileges
                 from worker.rights g join pg_catalog.pg_roles r on r.rolname = g.role order by g.role, g.object
    loop
        execute format('grant %s on %s to %I', one.privileges, one.object, one.role);
    end loop;
    for one in
        select o.polrelid::regclass as name, e.polname
          from pg_catalog.pg_policy o
               left join pg_catalog.pg_policy e on e.polrelid = o.polrelid and e.polname = 'every_org'
         where o.polname = 'own_org'
           and not (e.polname is not null and e.polroles @> all_serving and e.polroles <@ all_serving)
    loop
        if one.polname is null then
            execute format('create policy every_org on %s to %s using (true)', one.name, names);
        else
            execute format('alter policy every_org on %s to %s', one.name, names);
        end if;
    end loop;
end $$;

insert into worker.rights (role, object, privileges)
select f.role, 'function worker.' || f.name, 'execute'
  from (select 'mintmark_producer' as role, unnest(array['enqueue', 'enqueue_many', 'start_run', 'note_estimate']) as name
        union all
        select 'mintmark_operator', unnest(array[
            'enqueue', 'enqueue_many', 'start_run', 'pause_run', 'resume_run', 'cancel_run', 'retry_failed', 'cancel_job',
            'retry_job', 'pause_queue', 'resume_queue', 'limit_kind', 'set_org', 'set_quota', 'note_estimate',
            'confined_to'])
        union all
        select 'mintmark_reader', 'confined_to'
        union all
        select 'mintmark_worker', unnest(array[
            'enqueue', 'pause_run', 'note_estimate', 'reserve', 'settle', 'lose_orphans', 'keep_history', 'prune_events',
            'prune_items', 'prune_ledger', 'prune_days', 'prune_alerts', 'set_quota', 'enqueue_delivery',
            'begin_run', 'room_of_limits', 'raise_alert', 'log_run', 'actor', 'unlimited', 'free_keys', 'announce',
            'wake_jobs', 'call_waiting_runs', 'might_begin', 'fail_item', 'gate', 'rule_gate'])) f;

insert into worker.rights (role, object, privileges)
select r.role, 'schema ' || s.name, 'usage'
  from unnest(array['mintmark_producer', 'mintmark_operator', 'mintmark_worker', 'mintmark_reader']) as r(role),
       unnest(array['worker', 'public']) as s(name);

-- Neither payloads nor results: what jobs are about is for handlers.
insert into worker.rights (role, object, privileges)
select r.role, t.object, t.privileges
  from unnest(array['mintmark_operator', 'mintmark_reader']) as r(role), (values
    ('table worker.run_status', 'select'), ('table worker.job_status', 'select'), ('table worker.queue_status', 'select'),
    ('table worker.kind_limits', 'select'), ('table worker.quota_status', 'select'),
    ('table worker.jobs', 'select (id, queue, kind, state, reason, priority, run_id, run_at, attempt, crashes, error_code,
                                   error_message, created_at, started_at, limited, checkpoint)'),
    ('table worker.job_history', 'select (id, queue, kind, state, reason, priority, run_id, run_at, attempt, crashes,
                                          error_code, error_message, created_at, started_at, finished_at,
                                          checkpoint)'),
    ('table worker.runs', 'select'), ('table worker.items', 'select'), ('table worker.run_events', 'select'),
    ('table worker.ledger', 'select'), ('table worker.org_days', 'select'), ('table worker.api_quotas', 'select'),
    ('table worker.alerts', 'select'), ('table worker.alert_deliveries', 'select'), ('table worker.kinds', 'select'), ('table worker.limits', 'select'),
    ('table worker.queues', 'select'), ('table worker.schedules', 'select'),
    ('table worker._yoyo_migration', 'select'), ('table worker.migration_hashes', 'select'),
    ('table public.orgs', 'select'), ('table public.raw_imports', 'select'), ('table public.card_sets', 'select'),
    ('table public.card_prints', 'select'), ('table public.external_mappings', 'select')
  ) as t(object, privileges);

-- A worker makes no job but by worker.enqueue(), touches no money but by the three verbs, and moves nothing from one run
-- or org to another.
insert into worker.rights (role, object, privileges)
select 'mintmark_worker', t.object, t.privileges
  from (values
    ('table worker.kinds', 'select, insert, update'), ('table worker.queues', 'select, insert'),
    ('table worker.queue_status', 'select'), ('table worker.limits', 'select'), ('table worker.limit_starts', 'insert'),
    ('table worker.workers', 'select, insert, update, delete'), ('table worker.sleepers', 'select, insert, delete'),
    ('table worker.jobs', 'select, update, delete'), ('table worker.job_history', 'select, insert'),
    ('table worker.runs', 'select, update (state, waits, reason, summary, completed_at, total_items, processed_items,
                                           failed_items, skipped_items)'),
    ('table worker.items', 'select, insert, update'), ('table worker.run_events', 'select'),
    ('table worker.ledger', 'select'), ('table worker.quota_status', 'select'), ('table worker.api_quotas', 'select'),
    ('table worker.alerts', 'select, update (delivered_at, given_up_at)'),
    ('table worker.alert_deliveries', 'select, insert, update'), ('table worker.alert_messages', 'select, insert, delete'),
    ('table worker.alert_channels', 'select, insert, update'),
    ('table worker.schedules', 'select, insert, update, delete'), ('sequence worker.schedule_editions', 'usage'),
    ('table worker._yoyo_migration', 'select'), ('table worker.migration_hashes', 'select'),
    ('table public.orgs', 'select'), ('table public.card_sets', 'select, insert, update'),
    ('table public.raw_imports', 'select, insert, update (status, notes, processed_at)'),
    ('table public.card_prints', 'select, insert, update'), ('table public.external_mappings', 'select, insert')
  ) as t(object, privileges);

revoke all on all functions in schema worker from public;
select worker.grant_roles();
