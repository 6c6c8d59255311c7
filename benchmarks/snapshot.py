"""Whether the queue slows down while another session holds a snapshot open, and dead rows cannot be removed.

A producer enqueues 1,000 jobs a second, one worker works them, and the time is cut into ten parts: of 600
seconds each is a minute. What the last part reaches is held against the first. A probe of our own runs the
worker's claim and rolls it back, so that what a claim costs is seen while the worker still keeps up.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from uuid import UUID, uuid4

import psycopg
from psycopg import IsolationLevel, RawCursor

from benchmarks.figures import Figure, Scale, number
from benchmarks.processes import Session, noop_workers, until
from benchmarks.producer import Producer, producing
from worker.queue.jobs import ANY_PRIORITY, SQL

SECONDS = 600.0
RATE = 1_000
SLOTS = 50
PARTS = 10
PROBES_A_PART = 10
WORKER = """
insert into worker.workers (id, host, pid, lease_until) values (%s, 'probe', 0, now() + interval '1 day')
"""
CLAIM = SQL["claim"]
NOW = "select extract(epoch from clock_timestamp())::float8"
FINISHED = f"""
select width_bucket(extract(epoch from h.finished_at)::float8, %s, %s, {PARTS})::int, count(*)::int
  from worker.job_history h group by 1
"""
WAITING = "select count(*)::int from worker.jobs j where j.state in ('pending', 'running')"
DEAD = "select n_dead_tup from pg_stat_user_tables where relid = 'worker.jobs'::regclass"
GONE = """
select not exists (select from pg_stat_activity
                    where datname = current_database() and application_name = 'mintmark worker')
"""


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Hold the snapshot for ``scale.seconds``; the first part stands where others have their floor."""
    seconds = scale.seconds or SECONDS
    with psycopg.connect(url, autocommit=True) as session, held_snapshot(url):
        with (
            noop_workers(url, slots=SLOTS),
            producing(url, kind="noop", payload='{"i": 1}', rate=RATE) as producer,
        ):
            began = _now(session)
            claims = _probe(session, seconds)
            waiting = int(str(_value(session, WAITING)))
            ended = _now(session)
        rates = _rates(session, began, ended)
        # A session tells of what it left behind when it ends, at the latest.
        until(lambda: _value(session, GONE) is True, "the worker's sessions to end")
        dead = float(str(_value(session, DEAD)))
    return [
        _last_beside_first("throughput under a held snapshot", rates, "jobs/s", _left(producer, waiting)),
        _last_beside_first("claim from the front", claims, "ms", f"up to {SLOTS} jobs, rolled back"),
        Figure("dead rows of worker.jobs at the end", dead, "rows"),
    ]


@contextmanager
def held_snapshot(url: str) -> Iterator[None]:
    """Keep a transaction open that may still look at all rows there were when it began."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute("select 1 from worker.jobs limit 1")
        yield


def a_worker(session: Session) -> UUID:
    """Register a worker that is nothing but its row."""
    id_ = uuid4()
    session.execute(WORKER, (id_,))
    return id_


def claim_ms(
    session: Session,
    worker: UUID,
    limit: int,
    *,
    statement: str = CLAIM,
    places: Sequence[object] = ANY_PRIORITY,
) -> float:
    """Claim jobs of the queue ``noop``, from the front, and roll it back; answers milliseconds."""
    with session.transaction(force_rollback=True):
        began = time.perf_counter()
        arguments = ("noop", ["noop"], limit, worker, *places)
        RawCursor(session).execute(statement.encode(), arguments, prepare=True).fetchall()
        return (time.perf_counter() - began) * 1e3


def _probe(session: Session, seconds: float) -> list[float]:
    worker, began = a_worker(session), time.monotonic()
    parts = []
    for part in range(PARTS):
        times = []
        for probe in range(PROBES_A_PART):
            due = began + (part + (probe + 0.5) / PROBES_A_PART) * seconds / PARTS
            time.sleep(max(0.0, due - time.monotonic()))
            times.append(claim_ms(session, worker, SLOTS))
        parts.append(median(times))
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return parts


def _rates(session: Session, began: float, ended: float) -> list[float]:
    found = session.execute(FINISHED, (began, ended)).fetchall()
    counts = {int(str(part)): int(str(count)) for part, count in found}
    length = (ended - began) / PARTS
    return [counts.get(part, 0) / length for part in range(1, PARTS + 1)]


def _last_beside_first(name: str, parts: Sequence[float], unit: str, note: str) -> Figure:
    each = " ".join(map(number, parts))
    return Figure(
        f"{name}, last tenth of the time",
        parts[-1],
        unit,
        floor=parts[0],
        minimum=min(parts),
        maximum=max(parts),
        note=f"the floor: first tenth; each: {each}; {note}",
    )


def _left(producer: Producer, waiting: int) -> str:
    return (
        f"{producer.enqueued:,} enqueued, at most {producer.late:.2f} s late, {waiting:,} waited at the end"
    )


def _now(session: Session) -> float:
    return float(str(_value(session, NOW)))


def _value(session: Session, statement: str) -> object:
    row = session.execute(statement.encode()).fetchone()
    assert row
    return row[0]
