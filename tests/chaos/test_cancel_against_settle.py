"""Steering against money, in every order of their statements and commits: each cent is in its place."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from tests.chaos.books import audit
from tests.chaos.conftest import Times
from tests.chaos.test_cancel_against_finish import CANCELS, ORDERS, Actor, cancel, finish, meet, worked_off
from tests.conftest import Connect
from tests.queue.scene import alive, claimed, errand, kinds
from worker.db import Connection, Database
from worker.queue.contract import Job
from worker.queue.jobs import Jobs
from worker.runs.items import Item, write_items
from worker.runs.spending import SQL as SPENDING
from worker.runs.work import SQL, Work

pytestmark = pytest.mark.scorecard(27)

COST, HIGHEST, ANOTHER = Decimal("7.25"), Decimal(20), Decimal(30)
NOTHING = Decimal(0)
SPENT = {
    "commit": COST,
    "release": NOTHING,
    "lose": HIGHEST,
    "leave": HIGHEST,
    "reserve": HIGHEST,
    "come back": HIGHEST,
}
"""What is done about a call of 20 cents at most, and what is spent in the end, whoever comes first."""
RUN = "select spent_cents, reserved_cents, state::text, processed_items from worker.runs where id = $1"
CALL = ("shop", "buy", 1)


async def reserve(at: Connection, job: Job, step: str, highest: Decimal) -> str:
    """Reserve as a handler does; answers the verdict."""
    row = await at.fetchrow(
        SPENDING["reserve"], job.run_id, job.id, job.fence, step, *CALL, highest, "same_key", None, None
    )
    assert row is not None
    verdict: str = row["verdict"]
    return verdict


async def answer(at: Connection, job: Job, held: int, outcome: str, cost: Decimal) -> None:
    assert await at.fetchrow(SPENDING["answer"], job.run_id, job.id, job.fence, [held], [outcome], [cost])


async def commit(at: Connection, job: Job, fence: int, held: int) -> bool:
    """Commit an item and what it cost, under a fence; tells whether that was accepted."""
    items = [Item("card", "a", "completed")] if fence == job.fence else []
    counts, _ = await write_items(at, job, items, costs={}, again=())
    batch = (job.run_id, job.id, fence, '{"done": 1}', len(items), *counts)
    return bool(await at.fetchrow(SQL["seal_and_settle"], *batch, [held], ["settled"], [COST]))


async def settle(at: Connection, job: Job, how: str, held: int) -> str:
    """Do one thing about a reservation, as a handler does it; answers the verdict of a new one.

    What is answered for is answered for: to say it again, and otherwise, changes nothing.
    """
    match how:
        case "commit":
            assert await commit(at, job, job.fence, held)
            await answer(at, job, held, "settled", HIGHEST)
        case "release":
            await answer(at, job, held, "released", COST)
            await answer(at, job, held, "settled", COST)
        case "lose":
            await answer(at, job, held, "unknown", COST)
            await answer(at, job, held, "released", COST)
        case "come back":
            assert not await commit(at, job, job.fence - 1, held)
        case "leave":
            await finish(at, job, "complete")
        case _:
            return await reserve(at, job, "another", ANOTHER)
    return ""


def came_too_late(order: Sequence[str]) -> bool:
    """Tell whether the cancel was answered before the other's first statement."""
    return "".join(order).startswith("cc")


@pytest.mark.timeout(600)
async def test_in_every_order_what_a_call_cost_is_settled_once_and_right(
    db: Database, connect: Connect, times: Times, record_property: Callable[[str, object], None]
) -> None:
    await Jobs(db).publish(kinds(errand()))
    settler, canceller = await connect(), await connect()
    worker = await alive(db, timedelta(hours=1))
    cases = list(product(ORDERS, SPENT, CANCELS))
    count, verdicts = times(len(cases), 1080), Counter[str]()
    for number in range(count):
        order, how, door = cases[number % len(cases)]
        run = await db.fetchval("select worker.start_run('errand')")
        [job] = await claimed(db, worker)
        await Work(db, job, stopping=lambda: False).enter()
        async with db.connection() as connection:
            assert await reserve(connection, job, "first", HIGHEST) == "granted"
        held = await db.fetchval("select id from worker.ledger where run_id = $1", run)
        said: list[str] = []

        async def act(at: Connection, job: Job = job, how: str = how, held: int = held) -> None:
            said.append(await settle(at, job, how, held))  # noqa: B023 - it has acted before the next turn.

        actors = {
            "f": Actor(settler, act),
            "c": Actor(canceller, lambda at, job=job, door=door: cancel(at, job, door)),  # type: ignore[misc]
        }
        await meet(db, actors, order)
        await audit(db)

        await worked_off(db, job, worker)
        case = (order, how, door, said)
        row = await db.fetchrow(RUN, run)
        assert row is not None
        expected = SPENT[how] + (ANOTHER if said == ["granted"] else NOTHING)
        assert (row["spent_cents"], row["reserved_cents"]) == (expected, 0), case
        assert row["state"] in ("completed", "cancelled"), case
        assert row["processed_items"] == (how == "commit"), case
        assert not (how == "reserve" and came_too_late(order) and said == ["granted"]), case
        await audit(db)
        verdicts.update(one for one in said if one)
    assert verdicts["granted"]
    record_property(
        "figures",
        f"{count} meetings of {len(SPENT)} ways to account for a call with {len(CANCELS)} ways to steer, in"
        f" {len(ORDERS)} orders: settled amounts wrong 0; asked to reserve meanwhile: {dict(verdicts)}",
    )
