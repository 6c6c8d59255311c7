"""What a run is going to cost is said before it spends, by whoever knows it first."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.runs.scene import drain, enqueue, events, run_row, start
from worker.db import Database


async def said(db: Database, run: UUID) -> list[tuple[str, Any]]:
    """Estimates in the run's log: how loud, and how many cents."""
    rows = await db.fetch(
        "select event, data::text from worker.run_events where run_id = $1 and event like 'estimate%'", run
    )
    return [(row["event"], json.loads(row["data"])["cents"]) for row in rows]


@pytest.mark.parametrize(("cap", "event"), [(6, "estimated"), (5, "estimate_over_cap")])
async def test_a_run_that_nobody_estimated_is_estimated_when_its_first_job_begins(
    db: Database, database_url: str, cap: int, event: str
) -> None:
    run = await start(db, "demo", {"items": 3, "cost_cents": 2}, cap=Decimal(cap))

    await drain(database_url)

    assert await said(db, run) == [(event, 6)]
    assert (await run_row(db, run))["estimated_cents"] == 6
    assert (await events(db, run)).index(event) < 3


async def test_the_share_of_the_job_that_begins_first_is_not_taken_for_the_whole(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", {"items": 2, "cost_cents": 3})
    await enqueue(db, "demo", {"items": 2, "cost_cents": 3}, run)
    await db.execute("select worker.note_estimate($1, 12)", run)

    await drain(database_url)

    assert await said(db, run) == [("estimated", 12)]
    assert (await run_row(db, run))["spent_cents"] == 12


async def test_an_estimate_beyond_all_money_is_told_as_the_most_there_is(db: Database) -> None:
    run = await start(db, "demo", {})

    await db.execute("select worker.note_estimate($1, 1e30)", run)
    await db.execute("select worker.note_estimate($1, 1e31)", run)

    assert (await run_row(db, run))["estimated_cents"] == Decimal("9999999999.9999")
    assert [event for event, _ in await said(db, run)] == ["estimate_over_cap"]
