-- Lifts every limit; jobs stay.
drop view worker.kind_limits;
drop function worker.room_of_limits(text[], int), worker.unlimited(text[]), worker.limit_kind(text, int, int, interval);
drop table worker.limit_starts, worker.limits;

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
                                      max_attempts, run_id, state, blocked)
        values (the_kind.kind, the_payload, lane, coalesce(the_priority, 0), coalesce(the_run_at, now()),
                the_dedupe_key, the_concurrency_key, coalesce(the_max_attempts, the_kind.max_attempts),
                the_run_id, first_state, waits)
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

create or replace function worker.enqueue(
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
        insert into worker.jobs as j (kind, payload, queue, priority, max_attempts, run_id, state)
        select the_kind.kind, p.payload, lane, coalesce(enqueue_many.priority, 0), the_kind.max_attempts,
               enqueue_many.run_id, first_state
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

drop function worker.enqueue_with_care(text, jsonb, text, int, timestamptz, text, text, int, uuid),
    worker.announced(text, bigint);
drop index worker.jobs_claimable;
alter table worker.jobs drop column limited;
alter table worker.kinds drop column limited;
create index jobs_claimable on worker.jobs (queue, priority desc, id) where state = 'pending' and not blocked;
revoke all on all functions in schema worker from public;
