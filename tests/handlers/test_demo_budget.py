"""The run of the demo, with its workers killed in between: to the cent, and nothing twice."""

import os
import signal
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.runs.scene import moves, nursery, run_row, until
from worker.commands.demo_budget import CAP, ITEMS, JOBS, NEEDED, PRICE, SQL, start_with_low_cap
from worker.db import Database

QUICK = {"lease_seconds": 2, "heartbeat_seconds": 0.3, "concurrency": 1}


async def done(db: Database, run: UUID, least: int) -> int:
    """How many items are done, once they are so many, or the run lies still."""
    row = await run_row(db, run)
    count: int = row["processed_items"]
    return count if count >= least or row["state"] not in ("pending", "running") else 0


async def settled(db: Database, run: UUID) -> Any:
    """The run's row, once it lies still and none of its jobs is at work."""
    row = await run_row(db, run)
    at_work = await db.fetchval("select exists (select from worker.jobs where state = 'running')")
    return None if at_work or row["state"] in ("pending", "running") else row


async def books(db: Database, run: UUID) -> dict[str, Any]:
    row = await db.fetchrow(SQL["books"], run)
    assert row is not None
    return dict(row)


@pytest.mark.timeout(150)
async def test_a_run_of_2000_items_stops_at_its_cap_and_ends_with_none_repeated_though_its_workers_are_killed(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    run = await start_with_low_cap(db)
    with nursery(database_url, tmp_path, **QUICK) as hire:
        workers = [hire(), hire()]
        await until(partial(done, db, run, 150), seconds=60)
        os.kill(workers.pop(), signal.SIGKILL)
        workers.append(hire())
        stopped = await until(partial(settled, db, run), seconds=60)
        before = await books(db, run)
        await db.execute(SQL["raise_cap"], run, NEEDED)
        for least in (900, 1500):
            await until(partial(done, db, run, least), seconds=60)
            os.kill(workers.pop(0), signal.SIGKILL)
            workers.append(hire())
        ended = await until(partial(settled, db, run), seconds=60)

    money = ("state", "reason", "processed_items", "failed_items", "spent_cents", "reserved_cents")
    # The one that was killed may have reserved for an item that nobody could work before the pause.
    held = stopped["reserved_cents"]
    assert held in (0, PRICE)
    worked = (CAP - held) / PRICE
    assert [stopped[key] for key in money] == ["paused", "budget", worked, 0, CAP - held, held]
    assert [ended[key] for key in money] == ["completed", None, ITEMS, 0, Decimal("2000.00"), 0]
    payments = worked + (1 if held else 0)
    assert [before["items"], before["payments"], before["cents"]] == [worked, payments, CAP - held]
    assert await books(db, run) == {
        "items": ITEMS,
        "different_items": ITEMS,
        "item_cents": NEEDED,
        "payments": ITEMS,
        "different_steps": ITEMS,
        "cents": NEEDED,
        "unanswered": 0,
    }
    assert await moves(db, run) == ["created", "started", "paused", "resumed", "completed"]
    crashes = "select sum(crashes)::int, count(*)::int from worker.job_history where run_id = $1"
    crashed, jobs = tuple(await db.fetchrow(crashes, run) or ())
    assert (crashed >= 1, jobs) == (True, JOBS)
