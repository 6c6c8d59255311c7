"""Limits of a kind hold over all workers, can be changed while they work, and hold up nobody else."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import anyio
import pytest

from tests.conftest import Connect
from tests.queue.scene import (
    alive,
    claimed,
    drained,
    enqueue,
    errand,
    finishing,
    job,
    kinds,
    let_die,
    new_daemon,
    serving,
    until,
    waiting_for_a_lock,
)
from worker.db import Database
from worker.errors import Refused
from worker.queue.contract import Done, Ending, Job
from worker.queue.jobs import Jobs
from worker.queue.limits import Limits
from worker.queue.rescue import rescue

pytestmark = pytest.mark.usefixtures("jobs")


async def limit(
    db: Database, concurrency: int | None = None, starts: int | None = None, per: float = 1
) -> None:
    await db.execute(
        "select worker.limit_kind('errand', $1, $2, $3)", concurrency, starts, timedelta(seconds=per)
    )


async def many(db: Database, count: int, kind: str = "errand") -> None:
    await db.execute(
        "select count(*) from worker.enqueue_many($2, array_fill('{}'::jsonb, array[$1::int]))", count, kind
    )


async def within(
    db: Database, worker: UUID, most: int = 100, known: Sequence[str] = ("errand",)
) -> list[Job]:
    """Claim as a worker does that knows of limits."""
    return await Jobs(db).claim("default", list(known), most, worker, within_limits=True)


async def test_no_more_jobs_of_a_kind_are_at_work_than_its_limit_says_whatever_happens_to_them(
    db: Database,
) -> None:
    await limit(db, concurrency=3)
    await many(db, 10)
    one, other = await alive(db), await alive(db)

    held = await within(db, one)
    assert (len(held), await within(db, other)) == (3, [])

    async with finishing(db) as desk:
        assert await desk.write(held[0], Done())
        assert len(await within(db, other)) == 1, "one ended: one may begin"
    await let_die(db, one)
    assert await within(db, other) == [], "what a dead worker holds counts until it is rescued"
    assert len((await rescue(db)).waiting) == 2
    assert len(await within(db, other)) == 2


async def test_four_workers_at_once_never_pass_a_limit_and_still_finish_everything(
    db: Database, database_url: str
) -> None:
    at_work = most = 0

    async def perform(_: Job) -> Ending:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await anyio.sleep(0.001)
        at_work -= 1
        return Done()

    await limit(db, concurrency=3)
    await many(db, 150)
    async with AsyncExitStack() as workers:
        for _ in range(4):
            await workers.enter_async_context(serving(new_daemon(db, database_url, kinds(errand(perform)))))
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))

    assert most == 3


async def test_claims_at_the_same_moment_do_not_count_the_same_room_twice(db: Database) -> None:
    await limit(db, concurrency=5)
    await many(db, 100)
    workers = [await alive(db) for _ in range(8)]
    taken: list[Job] = []

    async def claim(worker: UUID) -> None:
        taken.extend(await within(db, worker, 2))

    for _ in range(10):
        async with anyio.create_task_group() as group:
            for worker in workers:
                group.start_soon(claim, worker)

    assert len(taken) == 5
    assert await db.fetchval("select running from worker.kind_limits") == 5


async def test_a_rate_is_kept_in_every_stretch_of_time_and_its_claims_come_as_soon_as_they_may(
    db: Database, database_url: str
) -> None:
    starts: list[float] = []

    async def perform(_: Job) -> Ending:
        starts.append(time.monotonic())
        return Done()

    await limit(db, starts=10, per=0.5)
    await many(db, 35)
    began = time.monotonic()
    async with AsyncExitStack() as workers:
        for _ in range(2):
            await workers.enter_async_context(serving(new_daemon(db, database_url, kinds(errand(perform)))))
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))
    took = time.monotonic() - began

    claims = await db.fetchval(
        "select array_agg(extract(epoch from started_at)::float8 order by started_at, id)"
        " from worker.job_history"
    )
    assert min(later - earlier for earlier, later in zip(claims, claims[10:], strict=False)) > 0.5
    assert len(starts) == 35
    assert took < 6


async def test_setting_a_limit_counts_what_is_at_work_already_and_lifting_it_frees_the_rest(
    db: Database, jobs: Jobs
) -> None:
    worker = await alive(db)
    await many(db, 10)
    assert len(await claimed(db, worker, limit=4)) == 4

    await limit(db, concurrency=5)
    limits = Limits(jobs, ["errand"])
    await limits.mark()
    assert await claimed(db, worker, limit=10) == [], "a plain claim gives nothing of a limited kind"
    assert len(await within(db, worker)) == 1

    await limit(db)
    await limits.mark()
    assert len(await claimed(db, worker, limit=10)) == 5


async def test_a_worker_learns_of_limits_and_of_the_queues_they_hold_up(db: Database, jobs: Jobs) -> None:
    limits = Limits(jobs, ["errand"])

    async def known() -> tuple[bool, bool, bool]:
        await limits.refresh()
        return limits.in_force, limits.hold_up("default"), limits.hold_up("other")

    await many(db, 1)
    assert await known() == (False, False, False)
    await limit(db, concurrency=1)
    await limits.mark()
    assert await known() == (True, True, False)
    await within(db, await alive(db))
    assert await known() == (True, False, False)
    await limit(db)
    assert await known() == (False, False, False)


async def test_a_limit_waits_for_the_claim_under_way_and_the_next_claim_leaves_the_kind_out(
    db: Database, connect: Connect
) -> None:
    await many(db, 10)
    worker = await alive(db)
    claiming, setting = await connect(), await connect()
    async with anyio.create_task_group() as group:
        transaction = claiming.transaction()
        await transaction.start()
        kinds_free = await claiming.fetchval("select worker.unlimited(array['errand'])")
        assert kinds_free == ["errand"]
        group.start_soon(setting.execute, "select worker.limit_kind('errand', 2)")
        await until(lambda: waiting_for_a_lock(db, "%limit_kind%"))

        assert await claimed(db, worker, limit=10) == [], "its limit is being set"
        await transaction.commit()
    assert await db.fetchval("select concurrency from worker.limits") == 2


async def test_jobs_at_their_limit_hold_up_no_other_kind_and_urgency_decides_between_kinds(
    db: Database, jobs: Jobs
) -> None:
    await jobs.publish(kinds(errand(), errand(name="other")))
    await limit(db, concurrency=1)
    worker = await alive(db)
    low = await enqueue(db, priority=1)
    await enqueue(db, priority=1)
    middle = await enqueue(db, "other", priority=2)
    high = await enqueue(db, priority=3)
    known = ["errand", "other"]

    assert [one.id for one in await within(db, worker, known=known)] == [high, middle]
    assert await within(db, worker, known=known) == []
    assert (await job(db, low))["state"] == "pending"


async def test_a_limit_of_nothing_holds_a_kind_and_bad_limits_are_refused_with_a_sentence(
    db: Database,
) -> None:
    await limit(db, concurrency=0)
    await many(db, 1)
    assert await within(db, await alive(db)) == []

    for call, words in (
        ("worker.limit_kind('nonsense', 1)", "unknown kind"),
        ("worker.limit_kind('errand', -1)", "0 or more"),
        ("worker.limit_kind('errand', starts => 1, per => '0')", "a time above 0"),
    ):
        with pytest.raises(Refused, match=words):
            await db.execute(f"select {call}")


async def test_a_draining_worker_with_a_rate_ends_when_all_is_done(db: Database, database_url: str) -> None:
    await limit(db, starts=5, per=0.3)
    await many(db, 12)

    took = await drained(new_daemon(db, database_url, kinds(errand()), drain=True))

    assert 0.6 < took < 5
    assert await db.fetchval("select count(*) from worker.job_history") == 12


async def test_the_claims_of_a_rate_are_noted_and_forgotten_when_their_time_is_over(db: Database) -> None:
    await limit(db, starts=2, per=0.2)
    await many(db, 10)
    worker = await alive(db)
    sizes: list[int] = []

    async def some_more() -> bool:
        if found := await within(db, worker):
            sizes.append(len(found))
        return bool(sum(sizes) == 10)

    await until(some_more)

    assert set(sizes) <= {1, 2}
    assert await db.fetchval("select count(*) from worker.limit_starts") <= 3
    claims = await db.fetch("select distinct started_at from worker.jobs order by 1")
    assert all((b["started_at"] - a["started_at"]).total_seconds() > 0.15 for a, b in pairwise(claims))
