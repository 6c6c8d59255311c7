"""A reservation taken over from a try before: what that try may have spent is not given back."""

from decimal import Decimal
from uuid import UUID

import pytest

from tests.runs.scene import claim, put_back, run_row, start, work
from worker.db import Database
from worker.errors import SourceDown, SourceError, SourceRefused
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

LOOKUP = PaidCall("shop", "lookup", Repeat.SAME_KEY, refusals_are_free=True)


class Unsent(SourceDown):
    request = "unsent"


class SaidNo(SourceRefused):
    request = "answered"


async def begun(db: Database) -> Work:
    own = work(db, await claim(db))
    await own.enter()
    return own


async def try_one(own: Work, error: SourceError) -> None:
    with pytest.raises(type(error)):
        async with own.spend(LOOKUP, "a", at_most=Decimal(2)):
            raise error


async def money(db: Database, run: UUID) -> tuple[int, int]:
    row = await run_row(db, run)
    return row["reserved_cents"], row["spent_cents"]


@pytest.mark.parametrize("error", [Unsent("no way there"), SaidNo("too many requests")])
async def test_a_try_that_costs_nothing_does_not_release_what_the_one_before_it_may_have_spent(
    db: Database, error: SourceError
) -> None:
    run = await start(db, "demo", {}, cap=Decimal(2))
    own = await begun(db)
    await try_one(own, SourceDown("no answer"))
    await put_back(db, own.job)

    again = await begun(db)
    await try_one(again, error)

    assert await money(db, run) == (2, 0)
    async with again.spend(LOOKUP, "a", at_most=Decimal(2)) as charge:
        charge.cost(Decimal(1))
    async with again.commit():
        pass
    assert await money(db, run) == (0, 1)


async def test_neither_does_a_second_try_of_the_same_attempt(db: Database) -> None:
    run = await start(db, "demo", {}, cap=Decimal(2))
    own = await begun(db)

    await try_one(own, SourceDown("no answer"))
    await try_one(own, Unsent("no way there"))

    assert await money(db, run) == (2, 0)


async def test_a_first_try_that_never_left_is_released(db: Database) -> None:
    run = await start(db, "demo", {}, cap=Decimal(2))
    own = await begun(db)

    await try_one(own, Unsent("no way there"))

    assert await money(db, run) == (0, 0)
