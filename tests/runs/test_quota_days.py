"""A provider's day: a part of it is kept for people who wait, and it ends at the midnight of its zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.runs.scene import claim
from worker.db import Database
from worker.errors import QuotaSpent
from worker.runs.prices import PaidCall, Prices, Repeat
from worker.runs.quotas import Day, assume
from worker.runs.work import Work

ZONE = "America/Los_Angeles"
PACIFIC = ZoneInfo(ZONE)
DAY = timedelta(days=1)
NEXT_YEAR = datetime.now(PACIFIC).year + 1
STATUS = "select remaining_calls, resets_at from worker.quota_status where api = 'shop'"


async def working(db: Database, priority: int) -> Work:
    """A job of this priority, just begun."""
    await db.execute("select worker.enqueue('demo', priority => $1)", priority)
    return Work(db, await claim(db), stopping=lambda: False, prices=Prices(free=("shop",)))


async def calls(one: Work, *, most: int = 100) -> int:
    """Make calls until the quota is used up for this job; answers how many that were."""
    for number in range(most):
        try:
            async with one.spend(PaidCall("shop", "look", Repeat.CHARGED_AGAIN), f"call {number}"):
                pass
        except QuotaSpent:
            return number
    return most


@pytest.mark.parametrize(("calls_a_day", "for_all"), [(20, 18), (25, 22), (1, 0), (100, 90)])
async def test_a_tenth_of_the_day_is_kept_for_those_that_somebody_waits_for(
    calls_a_day: int, for_all: int, db: Database
) -> None:
    await assume(db, {"shop": calls_a_day}, Day(ZONE, kept_percent=10))

    assert await calls(await working(db, priority=0), most=200) == for_all
    assert await calls(await working(db, priority=-5)) == 0
    assert await calls(await working(db, priority=10)) == calls_a_day - for_all


async def test_whoever_waits_may_use_the_whole_day_and_leaves_nothing_then(db: Database) -> None:
    await assume(db, {"shop": 20}, Day(ZONE, kept_percent=10))

    assert await calls(await working(db, priority=10)) == 20
    assert await calls(await working(db, priority=0)) == 0


async def test_who_is_refused_hears_when_the_next_day_begins(db: Database) -> None:
    await assume(db, {"shop": 0}, Day(ZONE, kept_percent=10))
    one = await working(db, priority=0)

    with pytest.raises(QuotaSpent) as refused:
        async with one.spend(PaidCall("shop", "look", Repeat.CHARGED_AGAIN), "call"):
            pass

    midnight = datetime.combine(datetime.now(PACIFIC).date() + DAY, time(), PACIFIC)
    assert abs(datetime.now(UTC) + refused.value.wait - midnight) < timedelta(minutes=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PACIFIC).astimezone(UTC)


def days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += DAY


def test_the_year_that_is_tried_has_a_day_of_23_hours_and_one_of_25() -> None:
    lengths = [(midnight(day + DAY) - midnight(day)) / timedelta(hours=1) for day in days(NEXT_YEAR)]

    assert (lengths.count(23), lengths.count(25), set(lengths)) == (1, 1, {23, 24, 25})


async def test_every_day_of_a_year_ends_at_the_next_midnight_of_its_zone(db: Database) -> None:
    starts = [midnight(day) for day in days(NEXT_YEAR)]
    rows = await db.fetch(
        "select worker.next_day(s, $2) as next from unnest($1::timestamptz[]) s order by s",
        starts,
        ZONE,
    )

    assert [row["next"] for row in rows] == [midnight(day + DAY) for day in days(NEXT_YEAR)]


async def test_a_day_that_ended_long_ago_is_followed_by_the_one_that_is_now(db: Database) -> None:
    today = datetime.now(PACIFIC).date()
    ends = [midnight(today - n * DAY) for n in range(1, 800)]
    rows: Any = await db.fetch(
        "select distinct worker.next_day(e, $2) as next from unnest($1::timestamptz[]) e", ends, ZONE
    )

    [next_] = {row["next"] for row in rows}
    assert next_ in (midnight(today + DAY), midnight(today + 2 * DAY))  # Midnight may have come meanwhile.


async def test_a_new_day_begins_with_all_of_its_calls(db: Database) -> None:
    await assume(db, {"shop": 10}, Day(ZONE, kept_percent=0))
    assert await calls(await working(db, priority=0)) == 10
    await db.execute("update worker.api_quotas set resets_at = resets_at - interval '3 days'")

    assert await calls(await working(db, priority=0)) == 10
    row = await db.fetchrow(STATUS)
    assert row is not None
    assert row["resets_at"].astimezone(PACIFIC).time() == time()
    assert row["resets_at"] > datetime.now(UTC)
