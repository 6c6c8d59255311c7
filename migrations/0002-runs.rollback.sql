-- Takes runs, their items and their events away, and every door that enqueues.
drop view worker.run_status;
drop function worker.retry_failed(uuid), worker.retry_job(bigint), worker.refuse_ended(bigint, text),
    worker.cancel_job(bigint), worker.cancel_run(uuid, text), worker.bury_cancelled(bigint[], text),
    worker.wake_jobs(uuid), worker.resume_run(uuid, numeric), worker.pause_run(uuid, text),
    worker.start_run(text, jsonb, text, numeric, uuid), worker.enqueue_many(text, jsonb[], text, int, uuid),
    worker.enqueue(text, jsonb, text, int, timestamptz, text, text, int, uuid), worker.run_is_paused(uuid),
    worker.check_arguments(text, timestamptz, int, text[]), worker.check_payload(worker.kinds, jsonb), worker.put_run(text, jsonb, text, numeric, uuid, uuid),
    worker.check_cap(numeric, numeric),
    worker.lock_run(uuid), worker.log_run(uuid, text, text, jsonb, text),
    worker.refuse_move(text, text, text), worker.move_run(worker.run_state, text);
drop table worker.run_events, worker.items, worker.runs;
drop type worker.item_type, worker.item_state, worker.run_state;
drop table public.orgs;
