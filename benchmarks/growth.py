"""Whether draining slows down as the tables grow: one drain in empty tables, one beside a month of history.

Two databases of the same server are drained in turn. In the grown one ``rows`` finished jobs lie in the
history, spread over its partitions as 30 days leave them, and as many are scheduled for tomorrow, with ids
below those that are drained: the worst case for an index in the order of ids.
"""

from collections.abc import Sequence

import psycopg

from benchmarks.drain import JOBS, drain
from benchmarks.figures import Figure, Scale, figure
from benchmarks.scratch import scratch_database

ROWS = 1_000_000
DAYS = 30
PARTITIONS = f"""
do $$
declare
    day date;
    part text;
begin
    for day in select (now() at time zone 'UTC')::date - n from generate_series(1, {DAYS}) n loop
        part := 'job_history_' || to_char(day, 'YYYYMMDD');
        execute format('create table worker.%I (like worker.job_history including all)', part);
        execute format('alter table worker.job_history attach partition worker.%I '
                       'for values from (%L) to (%L)', part,
                       day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end loop;
end $$
"""
FINISHED = f"""
insert into worker.job_history (id, fence, run_at, created_at, started_at, finished_at, priority,
                                max_attempts, attempt, crashes, state, queue, kind, error_code, payload)
select g.id, 1, g.at, g.at, g.at, g.at, 0, 5, 1, 0,
       case when mod(g.id, 100) = 0 then 'failed' else 'completed' end::worker.job_state, 'noop', 'noop',
       case when mod(g.id, 100) = 0 then 'bad_payload' end, '{{"i": 1}}'
  from (select n as id, now() - interval '{DAYS - 1} days' * ((%(rows)s - n)::float8 / %(rows)s) as at
          from generate_series(1, %(rows)s) n) g
"""
SCHEDULED = """
insert into worker.jobs (run_at, priority, max_attempts, state, queue, kind, payload)
select now() + interval '1 day' + n * interval '10 ms', 0, 5, 'scheduled', 'noop', 'noop', '{"i": 1}'
  from generate_series(1, %(rows)s) n
"""
NEXT_ID = "select setval(pg_get_serial_sequence('worker.jobs', 'id'), %(rows)s)"


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Drain the database of the URL, which stays empty, and a grown one, in turn."""
    rows, jobs = scale.rows or ROWS, scale.jobs or JOBS
    empty, grown = [], []
    with scratch_database(url) as other:
        grow(other, rows)
        for _ in range(scale.rounds or 5):
            empty.append(drain(url, jobs=jobs))
            grown.append(drain(other, jobs=jobs, empty=False))
    name = f"drain beside {rows:,} finished and {rows:,} scheduled jobs"
    return [figure(name, grown, "jobs/s", beside=empty, note="the floor: empty tables")]


def grow(url: str, rows: int) -> None:
    """Fill a database with what is finished and what is due tomorrow, as a vacuumed server has it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PARTITIONS)
        connection.execute(FINISHED, {"rows": rows})
        connection.execute(NEXT_ID, {"rows": rows})
        connection.execute(SCHEDULED, {"rows": rows})
        connection.execute("vacuum analyze worker.job_history")
        connection.execute("vacuum analyze worker.jobs")
        connection.execute("checkpoint")
