"""A concurrency_key: of the jobs that share one, one at most is at work at any moment; none is forgotten."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from tests.conftest import Connect
from tests.queue.scene import (
    alive,
    claimed,
    enqueue,
    errand,
    finishing,
    job,
    kinds,
    let_die,
    new_daemon,
    nobody_told,
    serving,
    states,
    until,
    waiting_for_a_lock,
)
from worker.db import Database
from worker.queue.contract import Done, Ending, HandBack, Job, Snooze
from worker.queue.jobs import Finished, Jobs
from worker.queue.keeper import Keeper
from worker.queue.rescue import CRASH_LIMIT, rescue
from worker.queue.states import JobState

pytestmark = pytest.mark.usefixtures("jobs")


async def test_with_four_workers_at_most_one_of_a_key_runs_at_any_moment_and_all_of_them_end(
    db: Database, database_url: str
) -> None:
    at_work: Counter[str | None] = Counter()
    most: Counter[str | None] = Counter()
    snoozed: set[int] = set()

    async def perform(one: Job) -> Ending:
        key = one.concurrency_key
        at_work[key] += 1
        most[key] = max(most[key], at_work[key])
        await anyio.sleep(0.001)
        at_work[key] -= 1
        if one.id % 10 or one.id in snoozed:
            return Done()
        snoozed.add(one.id)
        return Snooze(timedelta(milliseconds=1), "once more")

    for number in range(200):
        await enqueue(db, concurrency_key=f"seller {number % 5}")
    async with AsyncExitStack() as workers:
        for _ in range(4):
            daemon = new_daemon(db, database_url, kinds(errand(perform)))
            await workers.enter_async_context(serving(daemon))
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"), seconds=30)

    assert most == {f"seller {number}": 1 for number in range(5)}
    assert await states(db) == {"completed": 200}


async def test_a_key_is_held_while_pending_or_running_and_let_go_of_by_every_ending(db: Database) -> None:
    worker = await alive(db)
    ids = [await enqueue(db, concurrency_key="k") for _ in range(4)]
    async with finishing(db) as desk:
        endings: list[Ending] = [Done(), Snooze(timedelta(hours=1), "later"), Done()]
        for turn, ending in enumerate(endings):
            got = await until(lambda: claimed(db, worker, limit=10))
            assert [one.id for one in got] == [ids[turn]]
            await desk.write(got[0], ending)
        got = await until(lambda: claimed(db, worker, limit=10))

    assert [one.id for one in got] == [ids[3]]
    assert (await job(db, ids[1]))["state"] == "scheduled"


async def test_a_job_that_is_handed_back_does_not_keep_the_key_from_a_more_urgent_one(db: Database) -> None:
    worker = await alive(db)
    first = await enqueue(db, concurrency_key="k")
    (held,) = await claimed(db, worker)
    urgent = await enqueue(db, concurrency_key="k", priority=9)
    assert await claimed(db, worker, limit=10) == []

    async with finishing(db) as desk:
        await desk.write(held, HandBack("stopping"))

    got = await until(lambda: claimed(db, worker, limit=10))
    assert [one.id for one in got] == [urgent]
    assert (await job(db, first))["state"] == "pending"


async def test_a_rescue_a_cancel_and_a_fall_due_pass_the_key_on(db: Database) -> None:
    keeper = Keeper(db, Jobs(db), nobody_told)
    dead = await alive(db)
    first = await enqueue(db, concurrency_key="k")
    second = await enqueue(db, concurrency_key="k")
    third = await enqueue(db, concurrency_key="k", run_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert [one.id for one in await claimed(db, dead, limit=10)] == [first]
    await let_die(db, dead)
    await keeper.rescue_the_dead()
    worker = await alive(db)

    await db.execute("select worker.cancel_job($1)", first)
    (held,) = await claimed(db, worker, limit=10)
    assert held.id == second
    await Jobs(db).finish([Finished(held, JobState.COMPLETED)])
    await db.execute("update worker.jobs set run_at = now() where id = $1", third)
    await Jobs(db).fall_due(10)

    assert [one.id for one in await claimed(db, worker, limit=10)] == [third]


async def test_an_enqueue_that_meets_the_holders_end_is_not_forgotten(db: Database, connect: Connect) -> None:
    worker = await alive(db)
    await enqueue(db, concurrency_key="k")
    (held,) = await claimed(db, worker)
    producer = await connect()
    transaction = producer.transaction()
    await transaction.start()
    late = await enqueue(producer, concurrency_key="k")
    async with finishing(db) as desk:
        assert await desk.write(held, Done())
        await desk.tidied()
    await transaction.commit()
    assert await claimed(db, worker) == [], "this is the race: nobody has given the key away"

    await Keeper(db, Jobs(db), nobody_told).free_forgotten_keys()

    assert [one.id for one in await claimed(db, worker)] == [late]


async def test_an_enqueue_that_rolls_back_after_it_got_the_key_does_not_keep_it(
    db: Database, connect: Connect
) -> None:
    producer = await connect()
    transaction = producer.transaction()
    await transaction.start()
    await enqueue(producer, concurrency_key="k")
    waiting = await enqueue(db, concurrency_key="k")
    await transaction.rollback()

    await Keeper(db, Jobs(db), nobody_told).free_forgotten_keys()

    assert [one.id for one in await claimed(db, await alive(db))] == [waiting]


async def test_two_producers_that_want_the_same_two_keys_crosswise_do_not_deadlock(
    db: Database, connect: Connect
) -> None:
    one, other = await connect(), await connect()
    transactions = [one.transaction(), other.transaction()]
    for transaction in transactions:
        await transaction.start()
    await enqueue(one, concurrency_key="a")
    await enqueue(other, concurrency_key="b")

    await asyncio.gather(enqueue(one, concurrency_key="b"), enqueue(other, concurrency_key="a"))
    for transaction in transactions:
        await transaction.commit()

    worker, desk_done = await alive(db), 0
    keeper = Keeper(db, Jobs(db), nobody_told)
    while got := await claimed(db, worker, limit=10):
        assert len({each.concurrency_key for each in got}) == len(got)
        desk_done += len(await Jobs(db).finish([Finished(each, JobState.COMPLETED) for each in got]))
        await keeper.free_forgotten_keys()
    assert desk_done == 4


async def test_a_producer_that_stays_in_its_transaction_does_not_hold_up_the_workers(
    db: Database, connect: Connect
) -> None:
    producer = await connect()
    transaction = producer.transaction()
    await transaction.start()
    await enqueue(producer, concurrency_key="k")
    waiting = await enqueue(db, concurrency_key="k")

    async with asyncio.timeout(3):
        await Keeper(db, Jobs(db), nobody_told).free_forgotten_keys()

    assert not await waiting_for_a_lock(db, "%free_keys%")
    assert (await job(db, waiting))["state"] == "pending"
    await transaction.rollback()


async def test_of_sixteen_that_enqueue_one_key_at_once_exactly_one_job_may_begin(
    db: Database, connect: Connect
) -> None:
    callers = [await connect() for _ in range(16)]

    await asyncio.gather(*(enqueue(caller, concurrency_key="k") for caller in callers))

    assert len(await claimed(db, await alive(db), limit=100)) == 1
    assert await db.fetchval("select count(*) from worker.jobs where blocked") == 15


async def test_a_quarantined_job_lets_go_of_its_key(db: Database) -> None:
    await enqueue(db, concurrency_key="k")
    following = await enqueue(db, concurrency_key="k")
    for _ in range(CRASH_LIMIT):
        dead = await alive(db)
        await claimed(db, dead)
        await let_die(db, dead)
        await Keeper(db, Jobs(db), nobody_told).rescue_the_dead()

    assert [one.id for one in await claimed(db, await alive(db), limit=10)] == [following]
    assert (await rescue(db)).all() == []
