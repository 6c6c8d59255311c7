"""A dedupe_key: one live job of a kind, however many ask for it at once."""

import asyncio

import asyncpg
import pytest

from tests.conftest import Connect
from tests.queue.scene import (
    alive,
    claimed,
    enqueue,
    errand,
    job,
    kinds,
    states,
    until,
    waiting_for_a_lock,
)
from worker.db import Database
from worker.queue.jobs import Finished, Jobs
from worker.queue.states import JobState

pytestmark = pytest.mark.usefixtures("jobs")


@pytest.mark.parametrize("how", ["commit", "rollback"])
async def test_who_comes_second_waits_for_the_first_and_gets_its_job_if_there_is_one(
    how: str, db: Database, connect: Connect
) -> None:
    first, second = await connect(), await connect()
    transaction = first.transaction()
    await transaction.start()
    theirs = await enqueue(first, dedupe_key="sync")
    asking = asyncio.create_task(enqueue(second, dedupe_key="sync"))
    await until(lambda: waiting_for_a_lock(db, "%enqueue%"))

    await (transaction.commit() if how == "commit" else transaction.rollback())

    answer = await asking
    assert (answer == theirs) is (how == "commit")
    assert await states(db) == {"pending": 1}
    assert (await job(db, answer))["state"] == "pending"


async def test_sixteen_at_once_get_the_same_job(db: Database, connect: Connect) -> None:
    callers = [await connect() for _ in range(16)]

    for key in range(10):
        ids = await asyncio.gather(*(enqueue(caller, dedupe_key=f"key {key}") for caller in callers))

        assert len(set(ids)) == 1
    assert await states(db) == {"pending": 10}


async def test_sixteen_at_once_never_make_two_while_some_roll_back_and_the_job_keeps_ending(
    db: Database, connect: Connect
) -> None:
    callers = [await connect() for _ in range(16)]
    worker = await alive(db)

    async def ask(caller: "asyncpg.Connection[asyncpg.Record]", place: int) -> None:
        for turn in range(12):
            transaction = caller.transaction()
            await transaction.start()
            await enqueue(caller, dedupe_key="one")
            await (transaction.rollback() if (turn + place) % 3 == 0 else transaction.commit())

    async def work() -> None:
        while True:
            got = await claimed(db, worker, limit=10)
            assert len(got) <= 1
            if got:
                await Jobs(db).finish([Finished(got[0], JobState.COMPLETED)])

    working = asyncio.create_task(work())
    await asyncio.gather(*(ask(caller, place) for place, caller in enumerate(callers)))
    await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))
    assert not working.done()
    working.cancel()

    assert set(await states(db)) == {"completed"}


async def test_an_ended_job_frees_its_key_and_another_kind_has_keys_of_its_own(db: Database) -> None:
    await Jobs(db).publish(kinds(errand(), errand(name="chore")))
    first = await enqueue(db, dedupe_key="k")
    assert await enqueue(db, "chore", dedupe_key="k") != first
    (held,) = await claimed(db, await alive(db))
    assert await enqueue(db, dedupe_key="k") == first, "a running job is alive"

    await Jobs(db).finish([Finished(held, JobState.COMPLETED)])

    assert await enqueue(db, dedupe_key="k") > first


async def test_the_second_of_a_kind_that_starts_runs_makes_no_second_run(db: Database) -> None:
    payload = {"source": "dump"}

    ids = {await enqueue(db, "normalize_batch", payload, dedupe_key="k") for _ in range(3)}

    assert len(ids) == 1
    assert await db.fetchval("select count(*) from worker.runs") == 1


async def test_a_retry_is_refused_while_a_live_job_has_the_key_even_one_that_commits_meanwhile(
    db: Database, connect: Connect
) -> None:
    id_ = await enqueue(db, dedupe_key="k")
    (held,) = await claimed(db, await alive(db))
    await Jobs(db).finish([Finished(held, JobState.FAILED, "failed", "why", "because")])
    producer, operator = await connect(), await connect()
    transaction = producer.transaction()
    await transaction.start()
    await enqueue(producer, dedupe_key="k")
    retrying = asyncio.create_task(operator.fetchval("select worker.retry_job($1)", id_))
    await until(lambda: waiting_for_a_lock(db, "%retry_job%"))

    await transaction.commit()

    with pytest.raises(asyncpg.PostgresError, match='a live errand job has its dedupe_key "k"') as refused:
        await retrying
    assert refused.value.sqlstate == "MM003"
    assert (await job(db, id_))["state"] == "failed"
