"""Real fleets, as large as this machine bears: worker processes that drain jobs of a given length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.drain import drained
from benchmarks.fleet_costs import ServerTime, used_by
from benchmarks.processes import Process, Session, noop_workers

LIMIT_JOBS = 12_000
SECONDS = 4.0
"""How long a round should take, were the slots all that counts."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What a fleet reached; seconds of processor time for each job, of the server's and of the workers'."""

    rate: float
    server: float
    workers: float


def drains(
    url: str, *, processes: int, slots: int, lengths: Sequence[int], rounds: int, jobs: int | None = None
) -> Iterator[tuple[int, Drained]]:
    """Start a fleet once, and let it drain jobs of each of the lengths (in ms) in turn."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("truncate worker.jobs, worker.job_history")
        connection.execute("select worker.pause_queue('noop')")
        with noop_workers(url, slots=slots, processes=processes) as started:
            for _ in range(rounds):
                for millis in lengths:
                    count = jobs or _enough(processes * slots, millis)
                    yield millis, _drained(connection, started, count, millis)
        connection.execute("select worker.resume_queue('noop')")


def _enough(slots: int, millis: int) -> int:
    return min(LIMIT_JOBS, round(slots * SECONDS * 1000 / millis)) if millis else LIMIT_JOBS


def _drained(connection: Session, started: Sequence[Process], jobs: int, millis: int) -> Drained:
    server = ServerTime(connection)
    before, ours = server.mark(), used_by(started)
    rate = drained(connection, jobs=jobs, payload=f'{{"i": 1, "ms": {millis}}}')
    return Drained(rate, server.since(before) / jobs, (used_by(started) - ours) / jobs)
