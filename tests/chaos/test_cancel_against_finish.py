"""Cancel against finish, in every order of their statements and commits: one ending, which never changes."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations, product
from uuid import UUID

import asyncpg
import pytest

from tests.chaos.conftest import Times
from tests.conftest import Connect
from tests.queue.scene import alive, claimed, errand, kinds, until
from tests.runs.scene import closer
from worker.db import Connection, Database, Record
from worker.errors import Refused
from worker.queue.contract import Job
from worker.queue.jobs import SQL, Finished, Jobs
from worker.queue.states import JobState
from worker.runs.work import Work

pytestmark = pytest.mark.scorecard(27)

ORDERS = sorted(set(permutations("ffcc")))  # Whose turn it is: first its statement, then its commit.
FINISHES = ("complete", "fail", "hand back")
CANCELS = ("cancel_job", "cancel_run", "pause_run")
ENDED = """
select id, state::text, fence, reason, error_code, finished_at, xmin::text, ctid::text
  from worker.job_history where id = $1
"""


async def finish(connection: Connection, job: Job, how: str) -> None:
    """What the finisher does: what cannot be put back any more is cancelled."""
    if how == "complete":
        await connection.execute(SQL["complete"], [job.id], [job.fence])
        return
    if how == "hand back":
        back = ([job.id], [job.fence], [timedelta(0)], [False], ["stopping"], [None], [None])
        if await connection.fetch(SQL["put_back"], *back):
            return
    state = "failed" if how == "fail" else "cancelled"
    await connection.execute(SQL["finish"], [job.id], [job.fence], [state], [how], [None], [None], [None])


async def cancel(connection: Connection, job: Job, door: str) -> None:
    await connection.execute(f"select worker.{door}($1)", job.id if door == "cancel_job" else job.run_id)


class Actor:
    """A connection that makes its statement, and then its commit, each when it is told to."""

    def __init__(self, connection: Connection, act: Callable[[Connection], object]) -> None:
        self._connection, self._act = connection, act
        self._told = asyncio.Semaphore(0)
        self.steps = 0
        self.task = asyncio.create_task(self._run())

    async def step(self, db: Database) -> None:
        """Tell it to go on; return when it has, or has to wait for the other."""
        wanted, pid = self.steps + 1, self._connection.get_server_pid()
        self._told.release()

        async def settled() -> bool:
            waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"
            return self.task.done() or self.steps >= wanted or bool(await db.fetchval(waits, pid))

        await until(settled)

    async def _run(self) -> None:
        await self._told.acquire()
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            await self._act(self._connection)  # type: ignore[misc]
        except asyncpg.PostgresError as error:
            await transaction.rollback()
            if error.sqlstate != "MM003":  # It has ended: a cancel comes too late.
                raise
            return
        self.steps += 1
        await self._told.acquire()
        await transaction.commit()
        self.steps += 1


async def meet(db: Database, actors: dict[str, Actor], order: Sequence[str]) -> None:
    for who in order:
        await actors[who].step(db)
    for actor in actors.values():
        await actor.task


async def worked_off(db: Database, job: Job, worker: UUID) -> Record:
    """End what is still alive as workers and an operator would, the run too; answers the job's history."""
    while await db.fetchval("select exists (select from worker.jobs where id = $1)", job.id):
        if await db.fetchval("select state = 'paused' from worker.runs where id = $1", job.run_id):
            await db.execute("select worker.resume_run($1)", job.run_id)
        held = [one for one in await claimed(db, worker) if one.id == job.id] or [job]
        unwanted = await Work(db, held[0], stopping=lambda: False).enter()
        await Jobs(db).finish([Finished(held[0], JobState.CANCELLED if unwanted else JobState.COMPLETED)])
    if await db.fetchval("select state = 'paused' from worker.runs where id = $1", job.run_id):
        await db.execute("select worker.resume_run($1)", job.run_id)
    await closer(db).after_finish([job])
    [row] = await db.fetch(ENDED, job.id)
    return row


async def knock(db: Database, job: Job) -> None:
    """Try by every door to change what has ended."""
    await Jobs(db).complete([job])
    await Jobs(db).finish([Finished(job, JobState.FAILED, "failed", "late", "too late")])
    with pytest.raises(Refused, match="cannot cancel"):
        await db.execute("select worker.cancel_job($1)", job.id)


@pytest.mark.timeout(600)
async def test_in_every_order_there_is_one_ending_and_it_never_changes(
    db: Database, connect: Connect, times: Times, record_property: Callable[[str, object], None]
) -> None:
    await Jobs(db).publish(kinds(errand()))
    finisher, canceller = await connect(), await connect()
    worker = await alive(db, timedelta(hours=1))
    cases = list(product(ORDERS, FINISHES, CANCELS))
    endings: dict[str, int] = {}
    count = times(108, 1026)
    for number in range(count):
        order, how, door = cases[number % len(cases)]
        await db.execute("select worker.start_run('errand')")
        [job] = await claimed(db, worker)
        await Work(db, job, stopping=lambda: False).enter()
        actors = {
            "f": Actor(finisher, lambda at, job=job, how=how: finish(at, job, how)),  # type: ignore[misc]
            "c": Actor(canceller, lambda at, job=job, door=door: cancel(at, job, door)),  # type: ignore[misc]
        }

        await meet(db, actors, order)

        row = await worked_off(db, job, worker)
        await knock(db, job)
        assert await db.fetch(ENDED, job.id) == [row], (order, how, door)
        endings[row["state"]] = endings.get(row["state"], 0) + 1
    assert endings.keys() == {"completed", "failed", "cancelled"}
    record_property(
        "figures", f"{count} meetings in {len(ORDERS)} orders: {endings}; terminal rows changed 0"
    )
