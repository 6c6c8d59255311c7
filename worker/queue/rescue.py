"""Rescue: what a dead worker held goes back to wait, or ends. Every worker does it; nobody is elected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from worker.db import Connection, Database, Record, statements
from worker.queue.contract import Job
from worker.queue.states import JobState

SQL = statements(Path(__file__).with_name("workers.sql"))
BATCH = 500
"""Jobs put back in one statement: a fleet's death is worked off in bounded bites."""
CRASH_LIMIT = 3
"""A job that was there when its worker died this often in a row, without getting on, is set aside."""
APART = timedelta(seconds=5)
"""Between two jobs of one dead worker that are both close to the limit."""
QUARANTINE = "quarantined"
QUARANTINED = f"{CRASH_LIMIT} workers died while they held this job; find out why, then: mintmark job retry"


@dataclass(frozen=True, slots=True)
class Rescued:
    """What one round of rescue did: jobs that wait again, jobs that were quarantined, jobs nobody wanted."""

    waiting: list[Job]
    quarantined: list[Job]
    cancelled: list[Job]

    def all(self) -> list[Job]:
        """Every job the round touched."""
        return [*self.waiting, *self.quarantined, *self.cancelled]


async def rescue(db: Database) -> Rescued:
    """Put back, or end, up to ``BATCH`` jobs of workers whose lease has run out; forget who holds nothing."""
    dead = [row["id"] for row in await db.fetch(SQL["dead"])]
    if not dead:
        return Rescued([], [], [])
    async with db.transaction() as connection:
        rescued = sort_out(await connection.fetch(SQL["rescue"], dead, BATCH, CRASH_LIMIT - 1, APART))
        await bury(connection, rescued)
    await db.execute(SQL["forget"], dead)
    return rescued


def sort_out(rows: Sequence[Record]) -> Rescued:
    """Decide what becomes of each: unwanted ones are cancelled, serial killers quarantined."""
    rescued = Rescued([], [], [])
    for row in rows:
        job = Job(*row[:13])
        if row["unwanted"]:
            rescued.cancelled.append(job)
        elif row["crashes_in_a_row"] >= CRASH_LIMIT:
            rescued.quarantined.append(job)
        else:
            rescued.waiting.append(job)
    return rescued


async def bury(connection: Connection, rescued: Rescued) -> None:
    """Write the endings of those that shall not be worked again, and raise alerts of the quarantined."""
    for jobs, ending in (
        (rescued.quarantined, (JobState.FAILED, QUARANTINE, "crashed", QUARANTINED)),
        (rescued.cancelled, (JobState.CANCELLED, "cancelled", None, None)),
    ):
        if jobs:
            ids, fences = [job.id for job in jobs], [job.fence for job in jobs]
            await connection.execute(SQL["bury"], ids, fences, *ending)
            if ending[1] == QUARANTINE:
                await connection.execute(SQL["raise_alert"], ids, fences)
