"""Behind a snapshot that is held open, claims begin where the live rows begin; nothing is left for long."""

import time
from datetime import timedelta

import pytest

from tests.conftest import Connect
from tests.queue.scene import alive, enqueue, errand, job, kinds, new_daemon, serving, until
from tests.queue.test_plans import FILL, plan, rows_looked_at
from worker.db import Database
from worker.queue import cursor, picking
from worker.queue.cursor import MOST_PRIORITIES, Cursor
from worker.queue.jobs import ANY_PRIORITY, Jobs
from worker.queue.limits import Limits
from worker.queue.picking import Picking

pytestmark = pytest.mark.usefixtures("jobs")
DEAD = 20_000


def slow(one: Cursor) -> None:
    """Let a claim from the front have taken ten seconds, just now."""
    now = time.monotonic()
    one.came_from_front([], began=now - 10, ended=now)


@pytest.fixture
def picks(db: Database) -> Picking:
    queue = Jobs(db)
    limits = Limits(queue, ["errand"])
    return Picking("default", queue, ["errand"], limits=limits, patience=timedelta(minutes=1))


def test_the_arms_of_a_cursor_leave_no_priority_out() -> None:
    arms = Cursor().arms()
    assert (arms.above, arms.below) == ([cursor.BELOW_ALL], [cursor.ABOVE_ALL])

    one = Cursor()
    one._behind = {0: 7, 10: 9}
    arms = one.arms()
    assert (arms.priorities, arms.behind) == ([10, 0], [9, 7])
    for priority in (ANY_PRIORITY[0], -1, 0, 1, 9, 10, 11, ANY_PRIORITY[1]):
        gaps = sum(a < priority < b for a, b in zip(arms.above, arms.below, strict=True))
        assert gaps + arms.priorities.count(priority) == 1, priority


def test_a_quick_claim_leaves_the_cursor_alone_and_a_slow_one_puts_it_to_use_for_a_while() -> None:
    one = Cursor()
    one._behind = {0: 1}
    one.came_from_front([], began=0, ended=cursor.SLOW_SECONDS)
    assert not one.in_use(0.03)

    one.came_from_front([], began=10, ended=11)
    assert [one.in_use(now) for now in (11, 19.9, 20)] == [True, True, False]


async def test_behind_the_cursor_the_order_is_the_same_and_every_priority_is_seen(
    db: Database, picks: Picking
) -> None:
    worker = await alive(db)
    for priority in range(MOST_PRIORITIES + 3):
        await enqueue(db, priority=priority)
    passed = await picks.claim(100, worker)
    picks._cursor.passed(passed)
    slow(picks._cursor)
    assert len(picks._cursor.arms().priorities) == MOST_PRIORITIES

    for priority in (3, 99, -1, 7, 0):
        await enqueue(db, priority=priority)

    assert [one.priority for one in await picks.claim(3, worker)] == [99, 7, 3]
    assert [one.priority for one in await picks.claim(3, worker)] == [0, -1]


async def test_what_waits_again_before_the_cursor_is_found_from_the_front(
    db: Database, picks: Picking
) -> None:
    worker = await alive(db)
    old, new = await enqueue(db), await enqueue(db)
    await db.execute("update worker.jobs set state = 'paused' where id = $1", old)
    picks._cursor.passed(await picks.claim(1, worker))
    slow(picks._cursor)
    await db.execute("update worker.jobs set state = 'pending' where id = $1", old)

    assert await picks.claim(10, worker) == []
    picks._cursor._front_at = 0.0
    assert [one.id for one in await picks.claim(10, worker)] == [old]
    assert old < new


async def test_a_claim_behind_the_cursor_does_not_walk_past_the_dead(db: Database, connect: Connect) -> None:
    worker, holding, looking = await alive(db), await connect(), await connect()
    await db.execute("alter table worker.jobs set (autovacuum_enabled = off)")
    await db.execute(FILL.replace("'demo'", "'errand'"), DEAD + 1000, "pending")
    async with holding.transaction(isolation="repeatable_read"):
        await holding.fetchval("select count(*) from worker.jobs")
        last = await db.fetchval("select min(id) + $1::int - 1 from worker.jobs", DEAD)
        await db.execute("delete from worker.jobs where id <= $1", last)
        arguments = ("default", ["errand"], 100, worker)
        one = Cursor()
        one._behind = {0: last}
        arms = one.arms()
        behind = await plan(
            looking, "claim_behind", *arguments, arms.priorities, arms.behind, arms.above, arms.below
        )

        front = await plan(looking, "claim", *arguments, *ANY_PRIORITY)

    assert (behind["Actual Rows"], front["Actual Rows"]) == (100, 100)
    assert rows_looked_at(behind) < 2000
    assert touched(front) > touched(behind) + DEAD / 100, "some fifty rows fit a block"


def touched(root: dict[str, object]) -> int:
    """Blocks that a statement looked at."""
    return int(str(root["Shared Hit Blocks"])) + int(str(root["Shared Read Blocks"]))


async def test_a_worker_whose_claims_are_slow_goes_on_claiming_old_and_new_alike(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor, "SLOW_SECONDS", -1.0)  # Every claim from the front counts as slow.
    monkeypatch.setattr(picking, "EVERY", 2)
    first = await enqueue(db)
    await db.execute("update worker.jobs set state = 'paused' where id = $1", first)
    async with serving(new_daemon(db, database_url, kinds(errand()))):
        for _ in range(50):
            await enqueue(db)
        await until(lambda: db.fetchval("select count(*) = 50 from worker.job_history"))
        await db.execute("update worker.jobs set state = 'pending' where id = $1", first)

        async def is_done() -> bool:
            return bool((await job(db, first))["state"] == "completed")

        await until(is_done)
