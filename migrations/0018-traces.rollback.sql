create or replace function worker.work_again(old worker.job_history) returns void
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

create or replace function worker.bury_cancelled(ids bigint[], the_reason text) returns int
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

alter table worker.job_history drop column metadata;
alter table worker.jobs drop column metadata;
drop function worker.metadata_of_session();
