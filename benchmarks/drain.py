"""How fast worker processes drain jobs that do nothing, beside pgbench that claims and deletes.

The clock runs from the first claim's transaction to the last finish's, as the history has them: the start of
the processes is not in it, nor are the few milliseconds in which the last finish commits.
"""

from collections.abc import Sequence

import psycopg

from benchmarks.figures import Figure, Scale, figure
from benchmarks.floor import floor
from benchmarks.processes import Session, noop_workers, until

JOBS = 100_000
SLOTS = 2_000
LIMIT_SECONDS = 600
FILL = """
select max(e.id) from worker.enqueue_many('noop', array_fill(%s::jsonb, array[%s])) as e(id)
"""
NOTHING = '{"i": 1}'
FURTHEST = "select coalesce(max(h.id), 0) from worker.job_history h"
LEFT = "select exists (select from worker.jobs j where j.id > %s and j.id <= %s)"
WORKED = """
select count(*) filter (where h.state = 'completed')::int,
       extract(epoch from max(h.finished_at) - min(h.started_at))::float8
  from worker.job_history h where h.id > %s and h.id <= %s
"""


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Drain with one process and with two, and the floors of both, in turn."""
    jobs = scale.jobs or JOBS
    rates: dict[str, list[float]] = {"one": [], "two": [], "floor of one": [], "floor of two": []}
    for _ in range(scale.rounds or 5):
        rates["floor of one"].append(floor(url, jobs=jobs))
        rates["one"].append(drain(url, jobs=jobs))
        rates["floor of two"].append(floor(url, jobs=jobs, clients=2))
        rates["two"].append(drain(url, jobs=jobs, processes=2))
    return [
        figure("drain, one worker process", rates["one"], "jobs/s", beside=rates["floor of one"]),
        figure("drain, two worker processes", rates["two"], "jobs/s", beside=rates["floor of two"]),
        figure("drain, two processes beside one", rates["two"], "jobs/s", beside=rates["one"]),
    ]


def drain(url: str, *, jobs: int, processes: int = 1, empty: bool = True) -> float:
    """Fill the queue, let workers that are up and waiting drain it, and answer jobs a second.

    ``empty``: what finished before is thrown away first.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        if empty:
            connection.execute("truncate worker.jobs, worker.job_history")
        connection.execute("select worker.pause_queue('noop')")
        with noop_workers(url, slots=SLOTS, processes=processes):
            return drained(connection, jobs=jobs)


def drained(connection: Session, *, jobs: int, payload: str = NOTHING) -> float:
    """Fill the queue, which is paused, let it go, and answer jobs a second; it is paused again afterwards."""
    before, last = _fill(connection, jobs, payload)
    connection.execute("select worker.resume_queue('noop')")
    _await_drained(connection, before, last)
    connection.execute("select worker.pause_queue('noop')")
    done, seconds = _one(connection, WORKED, before, last)
    assert done == jobs, f"of {jobs} jobs {done} were completed"
    return jobs / float(str(seconds))


def _fill(connection: Session, jobs: int, payload: str) -> tuple[int, int]:
    connection.execute("vacuum worker.jobs")
    (before,) = _one(connection, "select nextval(pg_get_serial_sequence('worker.jobs', 'id'))")
    (last,) = _one(connection, FILL, payload, jobs)
    connection.execute("vacuum analyze worker.jobs")
    connection.execute("checkpoint")
    return int(str(before)), int(str(last))


def _await_drained(connection: Session, before: int, last: int) -> None:
    # The end of an index tells nearly as much as a look at the table, which would slow down who is measured.
    def near_the_end() -> bool:
        (furthest,) = _one(connection, FURTHEST)
        return int(str(furthest)) >= last

    until(near_the_end, "the last job to finish", seconds=LIMIT_SECONDS)
    until(lambda: _one(connection, LEFT, before, last) == (False,), "all jobs to finish", seconds=60)


def _one(connection: Session, statement: str, *arguments: object) -> tuple[object, ...]:
    row = connection.execute(statement, arguments).fetchone()
    assert row is not None
    return row
