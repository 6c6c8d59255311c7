"""The more urgent goes first; but what has waited too long gets its share, however much comes in above it."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.queue.scene import alive, enqueue
from worker.db import Database
from worker.queue import cursor
from worker.queue.jobs import Jobs
from worker.queue.limits import Limits
from worker.queue.picking import EVERY, Picking

pytestmark = pytest.mark.usefixtures("jobs")
OLD = """
update worker.jobs set (created_at, run_at) = (select t, t from (
    select now() - interval '1 hour' + priority * interval '1 minute') as hour_ago (t))
"""


@pytest.fixture
def picking(db: Database, monkeypatch: pytest.MonkeyPatch) -> Picking:
    monkeypatch.setattr(cursor, "SLOW_SECONDS", 60)  # A busy machine is not to be taken for dead rows.
    jobs = Jobs(db)
    limits = Limits(jobs, ["errand"])
    return Picking("default", jobs, ["errand"], limits=limits, patience=timedelta(minutes=1))


async def fill(db: Database, priority: int, count: int) -> None:
    await db.execute(
        "select count(*) from worker.enqueue_many('errand', array_fill('{}'::jsonb, array[$1::int]),"
        " priority => $2)",
        count,
        priority,
    )


async def priorities(db: Database, picking: Picking, worker: UUID, claims: int) -> list[int]:
    """The priorities of so many claims of two jobs each."""
    found = []
    for _ in range(claims):
        ids = [job.id for job in await picking.claim(2, worker)]
        found += await db.fetchval(
            "select array_agg(priority order by array_position($1, id)) from worker.jobs where id = any($1)",
            ids,
        )
    return list(found)


async def test_one_claim_in_ten_goes_to_what_has_waited_too_long_behind_an_endless_stream(
    db: Database, picking: Picking
) -> None:
    worker = await alive(db)
    for low in (-5, 0, 3):
        await enqueue(db, priority=low)
        await enqueue(db, priority=low)
    await db.execute(OLD)
    await fill(db, 10, 200)

    seen = await priorities(db, picking, worker, 3 * EVERY)

    share = [EVERY * 2 * n - 2 for n in (1, 2, 3)]
    assert [seen[place : place + 2] for place in share] == [[-5, -5], [0, 0], [3, 3]], "longest first"
    assert seen.count(10) == 3 * EVERY * 2 - 6


async def test_while_nothing_has_waited_too_long_the_order_is_that_of_urgency_alone(
    db: Database, picking: Picking
) -> None:
    await fill(db, 0, 20)
    await fill(db, 10, 40)

    seen = await priorities(db, picking, await alive(db), 3 * EVERY)

    assert seen == sorted(seen, reverse=True)


async def test_a_claim_whose_share_is_small_is_filled_up_with_the_most_urgent(
    db: Database, picking: Picking
) -> None:
    await enqueue(db, priority=-1)
    await db.execute(OLD)
    await fill(db, 10, 50)

    seen = await priorities(db, picking, await alive(db), EVERY)

    assert seen[-2:] == [-1, 10]


async def test_of_a_limited_kind_too_the_least_urgent_has_its_turn(db: Database) -> None:
    jobs = Jobs(db)
    await db.execute("select worker.limit_kind('errand', 1000)")
    limits = Limits(jobs, ["errand"])
    await limits.refresh()
    picking = Picking("default", jobs, ["errand"], limits=limits, patience=timedelta(minutes=1))
    await enqueue(db, priority=-1)
    await db.execute(OLD)
    await fill(db, 10, 50)

    seen = await priorities(db, picking, await alive(db), EVERY)

    assert seen[-2:] == [-1, 10]
