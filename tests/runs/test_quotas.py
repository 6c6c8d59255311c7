"""Prices and quotas of the settings reach the calls that are made, and what is left is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import anyio
import pytest

from tests.runs.scene import pace, run_row, start
from worker.app import Service, Urls, kinds_of, run_worker
from worker.db import Database
from worker.observe import REGISTRY
from worker.queue.contract import Done, Ending
from worker.queue.jobs import Jobs
from worker.runs.handler import JobPayload
from worker.runs.prices import PaidCall, Repeat
from worker.runs.quotas import announce
from worker.runs.sampling import sample
from worker.runs.work import Work

SEARCH = PaidCall("ebay", "search", Repeat.SAME_KEY)


class Payload(JobPayload):
    calls: int


@dataclass(frozen=True)
class Searching:
    """Makes calls that have no price of their own."""

    kind: ClassVar = "searching"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(seconds=20)
    max_attempts: ClassVar = 1
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    async def handle(self, work: Work, payload: Payload) -> Ending:
        for number in range(payload.calls):
            async with work.spend(SEARCH, f"page {number}"):
                pass
            async with work.commit() as batch:
                batch.checkpoint = {"page": number}
        return Done()


async def worked(
    db: Database, url: str, *, prices: Mapping[str, Mapping[str, Decimal]], quotas: Mapping[str, int]
) -> UUID:
    """Let a worker with these settings work a run of three calls until nothing is left to do."""
    settings = pace().model_copy(update={"prices": prices, "quotas": quotas})
    await Jobs(db).publish(kinds_of([Searching()], db))
    run = await start(db, "searching", {"calls": 3})
    with anyio.fail_after(40):
        service = Service(drain=True, handlers=lambda *_: [Searching()])
        await run_worker(settings, Urls(url, url, embedded=False), service)
    return run


async def left(db: Database) -> dict[str, list[int]]:
    """Of each API: calls a day, and how many are left."""
    rows = await db.fetch("select api, calls, remaining_calls from worker.quota_status order by api")
    return {row["api"]: [row["calls"], row["remaining_calls"]] for row in rows}


async def test_a_worker_charges_the_prices_and_keeps_to_the_quotas_of_its_settings(
    db: Database, database_url: str
) -> None:
    await announce(db, {"ebay": 5})

    run = await worked(
        db, database_url, prices={"ebay": {"search": Decimal("0.1")}}, quotas={"ebay": 7, "amazon": 9}
    )

    row = await run_row(db, run)
    assert (row["state"], row["spent_cents"], row["reserved_cents"]) == ("completed", Decimal("0.3"), 0)
    assert await left(db) == {"amazon": [9, 9], "ebay": [7, 4]}


async def test_a_call_that_no_setting_prices_is_not_made(db: Database, database_url: str) -> None:
    run = await worked(db, database_url, prices={"ebay": {"item": Decimal(1)}}, quotas={})

    row = await run_row(db, run)
    assert (row["state"], row["spent_cents"]) == ("failed", 0)
    assert await db.fetchval("select error_code from worker.job_history") == "unknown_price"
    assert await db.fetchval("select count(*) from worker.ledger") == 0


async def test_a_quota_that_is_announced_again_keeps_what_was_used_and_when_its_day_ends(
    db: Database,
) -> None:
    await db.execute("select worker.set_quota('ebay', 10, 4, now() + interval '2 hours')")
    ends = await db.fetchval("select resets_at from worker.quota_status")

    await announce(db, {"ebay": 20})
    await announce(db, {})

    assert await left(db) == {"ebay": [20, 14]}
    assert await db.fetchval("select resets_at from worker.quota_status") == ends


@pytest.mark.parametrize(("used", "remaining"), [(0, 10), (4, 6)])
async def test_what_is_left_of_a_quota_is_measured(db: Database, used: int, remaining: int) -> None:
    await db.execute("select worker.set_quota($1, 10, 10 - $2::int)", f"shop_{used}", used)

    await sample(db, [])

    assert REGISTRY.get_sample_value("mintmark_api_quota_remaining", {"api": f"shop_{used}"}) == remaining
