-- How large and how deep a payload may be.
-- depends: 0005-schedules
--
-- A payload is read as text by every worker that claims it, so its text is what is measured: a number like 1e99999
-- takes few bytes here and a hundred thousand there. Deeper than 64 lists and objects nothing is read.

-- By what a payload passes the limits, as a sentence; null when by nothing.
create function worker.payload_excess(payload jsonb) returns text
language plpgsql immutable as $$
declare
    bytes int;
begin
    begin
        bytes := octet_length(payload::text);
    exception when program_limit_exceeded then
        return 'the payload has more than a billion bytes; at most 262144 fit';
    end;
    if bytes > 262144 then
        return format('the payload has %s bytes; at most 262144 fit', bytes);
    elsif payload @? 'strict $.**{64} ? (@.type() == "object" || @.type() == "array")' then
        return 'lists and objects are nested more than 64 deep in the payload';
    end if;
    return null;
end $$;

create or replace function worker.check_payload(the_kind worker.kinds, payload jsonb) returns void
language plpgsql immutable as $$
declare
    problem text := coalesce(worker.payload_problem(the_kind.schema, payload), worker.payload_excess(payload));
begin
    if problem is not null then
        raise exception using errcode = 'MM002', message = format('%s: %s', the_kind.kind, left(problem, 500));
    end if;
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

-- Functions are executable by everybody unless that is taken back.
revoke all on function worker.payload_excess(jsonb) from public;
