-- Takes the whole queue away, with every job in it.
drop view worker.queue_status, worker.job_status;
drop function worker.resume_queue(text), worker.pause_queue(text), worker.free_keys(text[]),
    worker.put_job(worker.kinds, jsonb, text, int, timestamptz, text, text, int, uuid, boolean),
    worker.announce(text),
    worker.known_kind(text), worker.gate(jsonb), worker.rule_gate(jsonb, jsonb, text), worker.payload_problem(jsonb, jsonb), worker.wanted(jsonb, jsonb),
    worker.fits(jsonb, jsonb, jsonb), worker.keep_history(int);
drop table worker.job_history, worker.jobs, worker.sleepers, worker.workers, worker.queues, worker.kinds;
drop type worker.job_state;
