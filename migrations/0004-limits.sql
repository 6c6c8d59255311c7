-- Limits: how many jobs of a kind may be at work at once, over all processes, and how many may start in a time.
-- depends: 0003-catalog
--
-- Jobs of a limited kind carry a mark and stand in an index of their own: a claim that may not take them does not
-- walk past them, and one that may counts under the lock of the limit's row, so that two never see the same room.
-- The mark is given at the door; what was waiting when a limit is set or lifted is marked anew by a sweep, and until
-- then nobody claims it who might break the limit.

alter table worker.kinds add column limited boolean not null default false;
alter table worker.jobs add column limited boolean not null default false;

drop index worker.jobs_claimable;
create index jobs_claimable on worker.jobs (queue, priority desc, id)
    where state = 'pending' and not blocked and not limited;
create index jobs_limited on worker.jobs (queue, kind, priority desc, id)
    where state = 'pending' and not blocked and limited;
create index jobs_at_limit on worker.jobs (kind) where state = 'running' and limited;

create table worker.limits (
    kind         text primary key references worker.kinds on delete cascade,
    concurrency  int check (concurrency >= 0),
    starts       int check (starts >= 0),
    per          interval not null default '1 second' check (per > '0'),
    check (num_nonnulls(concurrency, starts) > 0)
) with (fillfactor = 50);

-- When how many jobs of a kind with a rate were claimed; older than its time they are forgotten.
create table worker.limit_starts (
    kind        text not null references worker.limits on delete cascade,
    started_at  timestamptz not null,
    jobs        int not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
create index limit_starts_kind on worker.limit_starts (kind, started_at);

-- Set, change or (with neither number) lift the limits of a kind, for all workers at once: so many at work at any
-- moment, and so many claimed in any stretch of time as long as "per". What is at work already counts.
create function worker.limit_kind(kind text, concurrency int = null, starts int = null, per interval = '1 second')
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

-- Of these kinds, those that may be claimed without counting. Holds off whoever sets a limit until the claim has
-- committed; a kind whose limit is being set this moment is left out. Two statements: the second must see what was
-- committed before the locks were had.
create function worker.unlimited(kinds text[]) returns text[]
language plpgsql set search_path = '' as $$
declare
    held text[];
begin
    select array_agg(k) into held from unnest(kinds) k
     where pg_try_advisory_xact_lock_shared(72706580, hashtext(k));
    return array(select k from unnest(held) k where not exists (select from worker.limits l where l.kind = k));
end $$;

-- How many more jobs of each of these kinds may be claimed now, by whoever calls: the limits' rows stay locked until
-- the claim has committed. A kind that another worker is claiming just now is left out.
create function worker.room_of_limits(kinds text[], most int, out kind text, out free int) returns setof record
language plpgsql set search_path = '' as $$
declare
    held text[];
begin
    held := array(select l.kind from worker.limits l where l.kind = any(kinds) order by l.kind for update skip locked);
    delete from worker.limit_starts s using worker.limits l
     where s.kind = any(held) and l.kind = s.kind and s.started_at <= clock_timestamp() - l.per;
    return query
        select l.kind,
               greatest(0, least(
                   most,
                   l.concurrency - (select count(*) from worker.jobs j
                                     where j.kind = l.kind and j.state = 'running' and j.limited),
                   l.starts - (select coalesce(sum(s.jobs), 0) from worker.limit_starts s where s.kind = l.kind)
               ))::int
          from worker.limits l where l.kind = any(held);
end $$;

create view worker.kind_limits as
    select l.kind, l.concurrency, l.starts, l.per,
           (select count(*) from worker.jobs j where j.kind = l.kind and j.state = 'running' and j.limited) as running
      from worker.limits l;

-- The doors, which mark the jobs of limited kinds.

create or replace function worker.put_job(
    the_kind worker.kinds, the_payload jsonb, the_queue text, the_priority int, the_run_at timestamptz,
    the_dedupe_key text, the_concurrency_key text, the_max_attempts int, the_run_id uuid, run_is_paused boolean,
    out job_id bigint, out is_new boolean
) language plpgsql as $$
declare
    lane text := coalesce(the_queue, the_kind.queue);
    first_state worker.job_state := case when run_is_paused then 'paused'
                                         when the_run_at > now() then 'scheduled' else 'pending' end;
    waits boolean := the_concurrency_key is not null;
begin
    if not exists (select from worker.queues q where q.queue = lane) then
        insert into worker.queues (queue) values (lane) on conflict do nothing;
    end if;
    loop
        insert into worker.jobs as j (kind, payload, queue, priority, run_at, dedupe_key, concurrency_key,
                                      max_attempts, run_id, state, blocked, limited)
        values (the_kind.kind, the_payload, lane, coalesce(the_priority, 0), coalesce(the_run_at, now()),
                the_dedupe_key, the_concurrency_key, coalesce(the_max_attempts, the_kind.max_attempts),
                the_run_id, first_state, waits, the_kind.limited)
        on conflict (kind, dedupe_key) where dedupe_key is not null do nothing
        returning j.id into job_id;
        is_new := job_id is not null;
        exit when is_new;
        select j.id into job_id from worker.jobs j
         where j.kind = the_kind.kind and j.dedupe_key = the_dedupe_key;
        exit when job_id is not null;  -- Else it ended between the two statements: try again.
    end loop;
    if is_new and waits and first_state = 'pending' then
        perform worker.free_keys(array[the_concurrency_key]);
    end if;
    if is_new and first_state = 'pending' then
        perform worker.announce(lane);
    end if;
end $$;

create function worker.enqueue_with_care(
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

-- Wake who sleeps on the queue, and answer the job's id.
create function worker.announced(the_queue text, job_id bigint) returns bigint
language plpgsql as $$
begin
    perform pg_notify('mintmark_jobs', the_queue);
    return job_id;
end $$;

create or replace function worker.enqueue(
    kind text, payload jsonb = '{}', queue text = null, priority int = 0, run_at timestamptz = null,
    dedupe_key text = null, concurrency_key text = null, max_attempts int = null, run_id uuid = null
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
    id bigint;
begin
    -- Most jobs want nothing special and take this one statement; each further expression costs a transaction a
    -- microsecond or two. What it does not take, the steps of enqueue_with_care do or refuse.
    insert into worker.jobs as j (kind, payload, queue, priority, max_attempts, state, limited)
    select k.kind, enqueue.payload, q.queue, coalesce(enqueue.priority, 0), k.max_attempts, 'pending', k.limited
      from worker.kinds k join worker.queues q on q.queue = coalesce(enqueue.queue, k.queue)
     where k.kind = enqueue.kind and not k.starts_run and enqueue.payload @@ k.gate
       and pg_column_size(enqueue.payload) <= 262144
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

revoke all on all functions in schema worker from public;
