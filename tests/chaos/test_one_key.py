"""Many producers with one dedupe key, while some roll back and the job keeps ending."""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.chaos.conftest import Times
from tests.conftest import Connect
from tests.queue.scene import alive, claimed, enqueue, errand, kinds
from worker.db import Connection, Database
from worker.queue.jobs import Jobs

pytestmark = pytest.mark.scorecard(23)
CALLERS = 32
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


async def ask(caller: Connection, key: str, *, commits: bool) -> int | None:
    """Enqueue with the key; answers the id if that was committed."""
    transaction = caller.transaction()
    await transaction.start()
    id_ = await enqueue(caller, dedupe_key=key)
    await (transaction.commit() if commits else transaction.rollback())
    return id_ if commits else None


async def finish_now_and_then(db: Database, over: asyncio.Event) -> None:
    worker = await alive(db)
    while not over.is_set():
        held = await claimed(db, worker, limit=10)
        assert len(held) <= 1
        assert await Jobs(db).complete(held) == {job.id for job in held}


@pytest.mark.timeout(600)
async def test_all_get_one_live_job_and_nobody_waits_for_ever(
    db: Database,
    connect: Connect,
    times: Times,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    await Jobs(db).publish(kinds(errand()))
    callers, chance = [await connect() for _ in range(CALLERS)], random.Random(seed)
    rounds = times(20, 200)
    for number in range(rounds):
        over = asyncio.Event()
        ending = number % 2 == 1
        finisher = asyncio.create_task(finish_now_and_then(db, over)) if ending else None
        asked = [ask(one, f"key {number}", commits=chance.random() < 0.5) for one in callers]
        ids = {id_ for id_ in await asyncio.gather(*asked) if id_ is not None}
        over.set()
        if finisher is not None:
            await finisher
        live = [row["id"] for row in await db.fetch("select id from worker.jobs where kind = 'errand'")]
        ended = {row["id"] for row in await db.fetch("select id from worker.job_history")}

        assert len(live) <= 1
        assert ids <= {*live, *ended}, "an acknowledged job is lost"
        assert ending or ids == set(live), "all who committed have the same job, and it lives"
        await db.execute("truncate worker.jobs, worker.job_history")

    await asyncio.gather(*(caller.close() for caller in callers))  # With them goes what they counted.
    assert await db.fetchval(DEADLOCKS) == 0
    record_property("figures", f"{rounds} keys x {CALLERS} callers; deadlocks 0")
