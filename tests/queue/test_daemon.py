"""The daemon in this process: how it wakes, keeps time, stops, drains and lives through outages."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
import pytest
from anyio.lowlevel import checkpoint

from tests.conftest import Connect
from tests.queue.proxy import proxy
from tests.queue.scene import (
    drained,
    enqueue,
    errand,
    job,
    kinds,
    new_daemon,
    serving,
    states,
    until,
    waiting_for_a_lock,
)
from worker.db import Database, open_database
from worker.queue.contract import Done, Ending, Job, Retry, Snooze
from worker.queue.jobs import Jobs

pytestmark = pytest.mark.usefixtures("jobs")
SLOW_POLL = 30.0


class Handler:
    """A handler that says when it has begun, and waits until it may end."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.cut_off: list[int] = []
        self.may_end = asyncio.Event()

    async def perform(self, one: Job) -> Ending:
        self.begun.append(one.id)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cut_off.append(one.id)
            raise
        return Done()

    async def has_begun(self) -> bool:
        return bool(self.begun)


async def is_asleep(db: Database) -> bool:
    """Tell whether a worker listens and wants to be woken."""
    return bool(
        await db.fetchval(
            "select exists (select from worker.sleepers) and exists ("
            " select from pg_stat_activity where datname = current_database()"
            " and application_name = 'mintmark listen' and state = 'idle' and query ilike 'listen%')"
        )
    )


async def test_a_notify_starts_a_job_long_before_the_next_poll(db: Database, database_url: str) -> None:
    handler = Handler()
    handler.may_end.set()
    async with serving(new_daemon(db, database_url, kinds(errand(handler.perform)), poll_seconds=SLOW_POLL)):
        await until(lambda: is_asleep(db))
        for _ in range(5):
            began = time.monotonic()
            id_ = await enqueue(db)
            await until(lambda id_=id_: _is(db, id_, "completed"))  # type: ignore[misc]
            assert time.monotonic() - began < SLOW_POLL / 6


async def _is(db: Database, id_: int, state: str) -> bool:
    return bool((await job(db, id_))["state"] == state)


async def test_what_is_put_back_for_now_is_worked_again_long_before_the_next_poll(
    db: Database, database_url: str
) -> None:
    async def perform(one: Job) -> Ending:
        return Done() if one.attempt > 2 else Retry("again", "again", timedelta(0))

    async with serving(new_daemon(db, database_url, kinds(errand(perform)), poll_seconds=SLOW_POLL)):
        await until(lambda: is_asleep(db))
        id_ = await enqueue(db)
        await until(lambda: _is(db, id_, "completed"), seconds=SLOW_POLL / 3)

    assert (await job(db, id_))["attempt"] == 3


async def test_where_listen_is_impossible_polling_alone_does_the_work(
    db: Database, database_url: str
) -> None:
    async with (
        proxy(database_url, refuses=lambda first: b"mintmark listen" in first) as stand,
        serving(new_daemon(db, stand.url, kinds(errand()), poll_seconds=0.1)),
    ):

        async def refused() -> bool:
            return stand.refused > 0

        await until(refused)
        for _ in range(5):
            id_ = await enqueue(db)
            await until(lambda id_=id_: _is(db, id_, "completed"))  # type: ignore[misc]

    assert await db.fetchval(
        "select not exists (select from pg_stat_activity where application_name = 'mintmark listen'"
        " and datname = current_database())"
    )


async def test_a_listen_connection_that_is_killed_is_made_again_and_what_was_missed_is_found(
    db: Database, database_url: str
) -> None:
    async with serving(new_daemon(db, database_url, kinds(errand()), poll_seconds=SLOW_POLL)):
        await until(lambda: is_asleep(db))
        killed = await db.fetchval(
            "with gone as (select pg_terminate_backend(pid), pid from pg_stat_activity"
            " where application_name = 'mintmark listen' and datname = current_database())"
            " select pid from gone"
        )
        id_ = await enqueue(db)

        await until(lambda: _is(db, id_, "completed"), seconds=SLOW_POLL / 3)
        await until(lambda: is_asleep(db))

    assert killed


async def test_a_scheduled_job_falls_due_and_never_before_its_time(db: Database, database_url: str) -> None:
    async with serving(new_daemon(db, database_url, kinds(errand()), poll_seconds=0.05)):
        id_ = await db.fetchval("select worker.enqueue('errand', run_at => now() + interval '0.3 s')")
        assert (await job(db, id_))["state"] == "scheduled"
        await until(lambda: _is(db, id_, "completed"))

    row = await job(db, id_)
    assert row["started_at"] >= row["run_at"]
    assert row["started_at"] - row["run_at"] < timedelta(seconds=2)


async def test_a_stop_hands_back_what_is_at_work_within_the_grace_and_the_try_is_not_counted(
    db: Database, database_url: str
) -> None:
    handler = Handler()
    ids = [await enqueue(db) for _ in range(20)]
    daemon = new_daemon(db, database_url, kinds(errand(handler.perform)), concurrency=4, grace_seconds=0.5)
    async with serving(daemon):
        await until(handler.has_begun)
        began = time.monotonic()
    took = time.monotonic() - began

    assert took < 1.5
    assert sorted(handler.cut_off) == sorted(handler.begun)
    assert await states(db) == {"pending": len(ids)}
    for id_ in ids:
        row = await job(db, id_)
        assert (row["attempt"], row["crashes"], row["error_code"]) == (0, 0, None)
    assert {(await job(db, id_))["reason"] for id_ in handler.begun} == {"worker stopping"}
    assert await db.fetchval("select count(*) from worker.workers") == 0


async def test_a_handler_that_ends_within_the_grace_is_not_cut_off(db: Database, database_url: str) -> None:
    handler = Handler()
    id_ = await enqueue(db)
    daemon = new_daemon(db, database_url, kinds(errand(handler.perform)), grace_seconds=20)
    async with serving(daemon):
        await until(handler.has_begun)
        late = [await enqueue(db) for _ in range(3)]
        daemon.stop()

        async def is_stopping() -> bool:
            return daemon._vitals.stopping

        await until(is_stopping)
        handler.may_end.set()

    assert handler.cut_off == []
    assert (await job(db, id_))["state"] == "completed"
    assert set(handler.begun) <= {id_, *late}


async def test_a_job_that_is_being_claimed_while_the_worker_stops_is_handed_back(
    db: Database, database_url: str, connect: Connect
) -> None:
    handler = Handler()
    watcher, producer = await connect(), await connect()
    daemon = new_daemon(db, database_url, kinds(errand(handler.perform)), queues=["default"])
    async with serving(daemon):
        await until(lambda: is_asleep(db))
        transaction = producer.transaction()
        await transaction.start()
        await producer.execute("lock table worker.queues in access exclusive mode")
        id_ = await enqueue(producer)
        await until(lambda: waiting_for_a_lock(watcher, "%with picked as%"))
        daemon.stop()

        async def is_stopping() -> bool:
            return daemon._vitals.stopping

        await until(is_stopping)
        await transaction.commit()

    row = await job(db, id_)
    assert (row["state"], row["attempt"], row["crashes"]) == ("pending", 0, 0)
    assert await db.fetchval("select fence from worker.jobs where id = $1", id_) == 1, "it was claimed"
    assert handler.begun == []


async def test_a_stop_before_the_start_is_over_ends_it(db: Database, database_url: str) -> None:
    daemon = new_daemon(db, database_url, kinds(errand()))
    daemon.stop()

    assert await drained(daemon) < 3


async def test_a_lapsed_lease_cuts_handlers_off_and_what_is_still_ours_is_worked_again(
    db: Database, database_url: str
) -> None:
    handler = Handler()
    id_ = await enqueue(db)
    daemon = new_daemon(db, database_url, kinds(errand(handler.perform)))
    async with serving(daemon):
        await until(handler.has_begun)
        first = daemon._lease.worker_id

        async def has_lapsed() -> bool:
            daemon._lease._deadline = 0.0 if not handler.cut_off else daemon._lease._deadline
            return bool(handler.cut_off)

        await until(has_lapsed)
        handler.may_end.set()
        await until(lambda: _is(db, id_, "completed"))
        assert daemon._lease.worker_id != first, "a worker whose lease has lapsed begins a new life"

    row = await job(db, id_)
    assert handler.begun == [id_, id_]
    assert (row["attempt"], row["crashes"]) == (1, 0)


async def test_an_idle_worker_that_was_declared_dead_registers_anew_and_goes_on(
    db: Database, database_url: str
) -> None:
    async with serving(new_daemon(db, database_url, kinds(errand()), poll_seconds=0.05)):
        await until(lambda: is_asleep(db))
        await db.execute("delete from worker.workers")
        id_ = await enqueue(db)

        await until(lambda: _is(db, id_, "completed"))


async def test_a_drain_ends_when_nothing_is_left_and_at_once_when_there_is_nothing(
    db: Database, database_url: str
) -> None:
    await drained(new_daemon(db, database_url, kinds(errand()), drain=True))
    await db.execute("select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[300]))")

    await drained(new_daemon(db, database_url, kinds(errand()), drain=True))

    assert await states(db) == {"completed": 300}


async def test_a_drain_waits_for_a_retry_that_is_due_soon(db: Database, database_url: str) -> None:
    async def perform(one: Job) -> Ending:
        return Done() if one.attempt > 1 else Retry("again", "again", timedelta(seconds=0.5))

    id_ = await enqueue(db)

    await drained(new_daemon(db, database_url, kinds(errand(perform)), drain=True))

    assert (await job(db, id_))["state"] == "completed"
    assert (await job(db, id_))["attempt"] == 2


async def test_a_drain_does_not_wait_for_tomorrow_nor_for_what_others_must_do(
    db: Database, database_url: str
) -> None:
    async def perform(_: Job) -> Ending:
        return Snooze(timedelta(days=1), "tomorrow")

    await enqueue(db)
    await enqueue(db, "demo")
    await Jobs(db).publish(kinds(errand(), errand(name="held", queue="held")))
    await enqueue(db, "held")
    await db.execute("select worker.pause_queue('held')")

    known = kinds(errand(perform), errand(name="held", queue="held"))
    await drained(new_daemon(db, database_url, known, drain=True))

    assert await states(db) == {"scheduled": 1, "pending": 2}


async def test_a_drain_waits_for_what_another_worker_holds_and_works_what_that_one_leaves(
    db: Database, database_url: str
) -> None:
    handler = Handler()
    id_ = await enqueue(db)
    async with AsyncExitStack() as others:
        other = new_daemon(db, database_url, kinds(errand(handler.perform)), grace_seconds=0.2)
        await others.enter_async_context(serving(other))
        await until(handler.has_begun)
        draining = asyncio.create_task(drained(new_daemon(db, database_url, kinds(errand()), drain=True)))
        await until(lambda: db.fetchval("select count(*) = 2 from worker.workers"))
        assert not draining.done()
        other.stop()
        await draining

    assert (await job(db, id_))["state"] == "completed"


async def test_a_worker_that_was_given_a_queue_leaves_the_others_alone(
    db: Database, database_url: str
) -> None:
    mine, theirs = await enqueue(db, queue="mine"), await enqueue(db, queue="theirs")

    await drained(new_daemon(db, database_url, kinds(errand()), queues=["mine"], drain=True))

    assert (await job(db, mine))["state"] == "completed"
    assert (await job(db, theirs))["state"] == "pending"


async def test_a_queue_that_appears_later_is_served(db: Database, database_url: str) -> None:
    async with serving(new_daemon(db, database_url, kinds(errand()))):
        await until(lambda: is_asleep(db))
        id_ = await enqueue(db, queue="brand new")

        await until(lambda: _is(db, id_, "completed"))


async def test_a_paused_queue_is_left_alone_and_goes_on_at_once_when_resumed(
    db: Database, database_url: str
) -> None:
    await db.execute("select worker.pause_queue('default')")
    id_ = await enqueue(db)
    async with serving(new_daemon(db, database_url, kinds(errand()), poll_seconds=SLOW_POLL)):
        await until(lambda: is_asleep(db))
        assert (await job(db, id_))["state"] == "pending"
        await db.execute("select worker.resume_queue('default')")

        await until(lambda: _is(db, id_, "completed"), seconds=SLOW_POLL / 3)


async def test_as_many_jobs_are_at_work_as_there_are_slots_and_they_are_begun_in_order(
    db: Database, database_url: str
) -> None:
    at_work = most = 0
    begun: list[int] = []
    all_slots_are_taken = asyncio.Event()

    async def perform(one: Job) -> Ending:
        nonlocal at_work, most
        begun.append(one.id)
        at_work += 1
        most = max(most, at_work)
        if at_work == 3:
            all_slots_are_taken.set()
        await all_slots_are_taken.wait()
        await checkpoint()
        at_work -= 1
        return Done()

    ids = await db.fetchval(
        "select array(select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[200])))"
    )
    await drained(new_daemon(db, database_url, kinds(errand(perform)), concurrency=3, drain=True))

    assert most == 3
    assert begun == ids


async def test_jobs_claimed_ahead_of_a_slow_one_go_back_and_are_worked_by_others(
    db: Database, database_url: str
) -> None:
    may_end = asyncio.Event()

    async def perform(one: Job) -> Ending:
        if "slow" in one.payload:
            await may_end.wait()
        return Done()

    known = kinds(errand(perform))
    async with serving(new_daemon(db, database_url, known, concurrency=1)):
        for _ in range(100):  # Short ones, so that it begins to claim ahead.
            await enqueue(db)
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))
        slow = await db.fetchval(
            """
            select min(id) from worker.enqueue_many(
                'errand', array['{"slow": true}'::jsonb] || array_fill('{}'::jsonb, array[10])) id
            """
        )
        async with serving(new_daemon(db, database_url, known, concurrency=1)):
            await until(
                lambda: db.fetchval("select array_agg(id) = array[$1::bigint] from worker.jobs", slow)
            )
            assert (await job(db, slow))["state"] == "running"
            may_end.set()

    assert await states(db) == {"completed": 111}
    assert await db.fetchval("select max(attempt) from worker.job_history") == 1


async def test_a_claim_whose_answer_got_lost_is_not_forgotten(db: Database, database_url: str) -> None:
    async with (
        proxy(database_url) as stand,
        open_database(stand.url, size=10) as shaky,
        serving(new_daemon(shaky, database_url, kinds(errand()), queues=["default"])),
    ):
        for _ in range(10):
            await until(lambda: is_asleep(db))  # A lane that still looks around would claim nothing.
            stand.down.clear()
            id_ = await enqueue(db)
            with anyio.move_on_after(1):
                await until(lambda id_=id_: _is(db, id_, "running"))  # type: ignore[misc]
            was_claimed = await _is(db, id_, "running")  # Else the claim had not even been sent.
            stand.cut()
            stand.down.set()
            await until(lambda id_=id_: _is(db, id_, "completed"))  # type: ignore[misc]
            if was_claimed:
                break

    assert was_claimed
    row = await job(db, id_)
    assert (row["attempt"], row["crashes"]) == (1, 0)
    assert await db.fetchval("select fence from worker.job_history where id = $1", id_) == 2


async def test_nothing_is_lost_and_nothing_ends_twice_while_all_connections_are_cut_again_and_again(
    db: Database, database_url: str, connect: Connect
) -> None:
    chaos = await connect()
    begun: Counter[int] = Counter()

    async def perform(one: Job) -> Ending:
        begun[one.id] += 1
        await anyio.sleep(0.001)
        return Done()

    ids = await chaos.fetchval(
        "select array(select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[400])))"
    )

    async with serving(
        new_daemon(db, database_url, kinds(errand(perform)), concurrency=2, lease_seconds=3)
    ) as daemon:
        for cut in range(1, 6):

            async def far_enough(cut: int = cut) -> bool:
                return bool(await chaos.fetchval("select count(*) >= $1 from worker.job_history", cut * 50))

            await until(far_enough)
            await chaos.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        await until(lambda: chaos.fetchval("select not exists (select from worker.jobs)"), seconds=30)
        assert not daemon._stop.is_set()

    assert await chaos.fetchval("select array_agg(id order by id) from worker.job_history") == ids
    assert await states(chaos) == {"completed": 400}
    assert set(begun) == set(ids)
