-- Schedules: jobs that are enqueued by the clock.
-- depends: 0004-limits
--
-- A schedule is one row, written from a worker's settings. Every worker looks for those that are due, locks the
-- row, enqueues, moves next_at on and commits: whoever comes second finds the time moved on, and of a worker that
-- dies between nothing is left. Whoever meets a row that is locked leaves it.
--
-- Workers may disagree, while a new version is rolled out. Each worker draws an edition when it starts; the row
-- shows the largest that wrote it, and a worker with a smaller one and other settings leaves the row alone for as
-- long as somebody confirms it (seen_at). A row that nobody confirms rests, and is forgotten after a while.
--
-- The lock of a schedule comes before all others: a schedule's transaction is the only one that takes it.

create sequence worker.schedule_editions;

create table worker.schedules (
    name         text primary key,
    cron         text not null,
    timezone     text not null,
    kind         text not null,
    payload      jsonb not null,
    queue        text,
    priority     int not null,
    missed       text not null check (missed in ('skip', 'once', 'all')),
    edition      bigint not null,
    seen_at      timestamptz not null,  -- a worker that has it so in its settings was there
    rests_since  timestamptz,           -- none was, and this is when somebody noticed
    next_at      timestamptz,           -- null: to be found out, or never again
    last_at      timestamptz,
    last_job     bigint,
    problem      text                   -- why its job would be refused; null when it would not
) with (fillfactor = 50);
