"""Reconciling a quota with what its provider counted: nothing is left out, and nothing counted for ever."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.runs.scene import claim
from worker.db import Database, Record
from worker.runs.prices import PaidCall, Prices, Repeat
from worker.runs.quotas import Counted, Day, Ours, assume, ours, reconcile
from worker.runs.work import Work

CALL = PaidCall("shop", "look", Repeat.CHARGED_AGAIN)
NOBODY = 0


@pytest.fixture(autouse=True)
async def hundred(db: Database) -> None:
    """A hundred calls a day."""
    await assume(db, {"shop": 100}, Day("America/Los_Angeles", kept_percent=10))


async def quota(db: Database) -> Record:
    row = await db.fetchrow("select calls, used_calls, elsewhere_calls, resets_at from worker.api_quotas")
    assert row is not None
    return row


async def used(db: Database) -> int:
    row = await quota(db)
    return int(row["used_calls"] + row["elsewhere_calls"])


async def working(db: Database) -> Work:
    await db.execute("select worker.enqueue('demo')")
    return Work(db, await claim(db), stopping=lambda: False, prices=Prices(free=("shop",)))


async def call(one: Work, number: int) -> None:
    """Make a call that is over and paid for."""
    async with one.spend(CALL, f"call {number}"):
        pass
    async with one.commit() as batch:
        batch.checkpoint = {"call": number}


async def told(
    db: Database, counted: int, known: Ours, *, ends: datetime | None = None, calls: int = 100
) -> None:
    """Have the provider say what it counted."""
    ends = ends or (await quota(db))["resets_at"]
    async with db.transaction() as connection:
        await reconcile(connection, Counted("shop", calls, counted, ends), known, job=NOBODY)


async def test_what_somebody_else_has_used_counts_beside_ours(db: Database) -> None:
    one = await working(db)
    for number in range(5):
        await call(one, number)

    await told(db, 12, (await ours(db))["shop"])

    assert await used(db) == 12
    assert (await quota(db))["used_calls"] == 5
    await call(one, 5)
    assert await used(db) == 13


async def test_what_the_provider_has_not_counted_stays_counted_and_is_nobody_elses(db: Database) -> None:
    one = await working(db)
    for number in range(5):
        await call(one, number)

    await told(db, 2, (await ours(db))["shop"])

    assert await used(db) == 5


async def test_a_call_that_is_made_while_the_provider_is_asked_is_not_lost(db: Database) -> None:
    one = await working(db)
    await call(one, 0)
    known = (await ours(db))["shop"]
    counted = 1 + 10  # Ten are somebody else's.
    await call(one, 1)  # After it was counted, before it is written down.

    await told(db, counted, known)

    assert await used(db) == 12


async def test_a_call_on_its_way_is_not_taken_for_one_that_was_counted(db: Database) -> None:
    one = await working(db)
    async with one.spend(CALL, "slow"):
        known = (await ours(db))["shop"]
        assert known.calls == 0

        await told(db, 10, known)

        assert await used(db) == 11


async def test_a_call_that_was_counted_twice_is_counted_once_the_next_time(db: Database) -> None:
    one = await working(db)
    known = (await ours(db))["shop"]
    await call(one, 0)
    await told(db, 1, known)  # It came through before it was counted, and after ours were.
    assert await used(db) == 2

    await told(db, 1, (await ours(db))["shop"])

    assert await used(db) == 1


async def test_a_day_that_has_begun_for_the_provider_begins_for_us(db: Database) -> None:
    one = await working(db)
    for number in range(5):
        await call(one, number)
    known, ends = (await ours(db))["shop"], (await quota(db))["resets_at"]

    await told(db, 2, known, ends=ends + timedelta(days=1))

    assert await used(db) == 2
    assert (await quota(db))["resets_at"] == ends + timedelta(days=1)


async def test_what_was_counted_of_a_day_that_is_over_says_nothing_of_this_one(db: Database) -> None:
    before = await quota(db)

    await told(db, 99, Ours(), ends=await db.fetchval("select now() - interval '1 second'"))

    assert await quota(db) == before


async def test_a_day_that_began_while_the_provider_was_asked_is_not_charged_with_the_last(
    db: Database,
) -> None:
    one = await working(db)
    for number in range(5):
        await call(one, number)
    known = (await ours(db))["shop"]
    await db.execute("update worker.api_quotas set resets_at = now() - interval '1 second'")

    await told(db, 3, Ours(known.calls, known.resets_at), ends=await db.fetchval(NEXT_MIDNIGHT))

    assert await used(db) == 3


NEXT_MIDNIGHT = "select worker.next_day(now(), 'America/Los_Angeles')"


async def test_a_quota_that_nobody_has_heard_of_is_made(db: Database) -> None:
    ends = await db.fetchval(NEXT_MIDNIGHT)
    async with db.transaction() as connection:
        await reconcile(connection, Counted("stall", 50, 20, ends), Ours(), job=NOBODY)

    row = await db.fetchrow("select * from worker.quota_status where api = 'stall'")
    assert row is not None
    assert (row["calls"], row["remaining_calls"], row["resets_at"]) == (50, 30, ends)


@pytest.mark.parametrize(
    ("counted", "priority", "woken"), [(80, 0, True), (95, 0, False), (95, 10, True), (100, 10, False)]
)
async def test_who_waits_for_the_next_day_is_woken_only_where_there_is_something_left(
    counted: int, priority: int, woken: bool, db: Database
) -> None:
    waiting: Any = await db.fetchval(
        "select worker.enqueue('demo', priority => $1, run_at => now() + interval '5 hours')", priority
    )
    await db.execute("update worker.jobs set reason = 'the quota of shop is used up' where id = $1", waiting)

    await told(db, counted, Ours())

    assert await db.fetchval("select run_at <= now() from worker.jobs where id = $1", waiting) is woken
