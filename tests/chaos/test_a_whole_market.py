"""Many sellers synced by two workers: in peace, again, and under all faults at once with workers killed."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.chaos.conftest import Times
from tests.queue.processes import WorkerProcess
from tests.queue.scene import until
from tests.runs.scene import run_row, start
from tests.selling.market import Market, connect_sellers, lines_of, market, observed
from worker.db import Database

ORDERS = "ebay_fulfillment.get_orders"
HURRY: dict[str, Any] = {"lease_seconds": 3, "heartbeat_seconds": 0.5, "rescue_seconds": 0.3}
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retry_after": "1", "probability": 0.02},
    {"kind": "status", "status": 503, "probability": 0.04},
    {"kind": "hang", "probability": 0.01},
    {"kind": "truncated", "probability": 0.03},
    {"kind": "cut", "probability": 0.02},
    {"kind": "html", "status": 200, "probability": 0.01},
    {"kind": "expire_tokens", "probability": 0.03},
]
ROWS = "select id, xmin::text from public.price_observations order by id"


@pytest.fixture
def hire(database_url: str, tmp_path: Path) -> Iterator[Callable[[Market], WorkerProcess]]:
    """Start workers that ask a market; none outlives the test."""
    with ExitStack() as ended:

        def hire_one(running: Market) -> WorkerProcess:
            environment = running.variables() | {"WORKER_EBAY__DEADLINE_SECONDS": "3"}
            worker = WorkerProcess(database_url, tmp_path, concurrency=8, environment=environment, **HURRY)
            ended.callback(worker.end)
            return worker

        yield hire_one


async def ended(db: Database, run: UUID, seconds: float) -> dict[str, Any]:
    """Wait for a run's end; answers its summary."""

    async def is_over() -> bool:
        return (await run_row(db, run))["state"] not in ("pending", "running")

    await until(is_over, seconds=seconds)
    row = await run_row(db, run)
    assert row["state"] == "completed", (row["state"], row["reason"], row["summary"])
    summary: dict[str, Any] = json.loads(row["summary"])
    return summary


@pytest.mark.timeout(900)
async def test_every_line_item_of_every_seller_is_there_once_whatever_happens(
    db: Database,
    tmp_path: Path,
    times: Times,
    hire: Callable[[Market], WorkerProcess],
    record_property: Callable[[str, object], None],
) -> None:
    sellers, orders = times(40, 500), times(1600, 20_000)
    with market(tmp_path, sellers=sellers, orders=orders) as running:
        accounts = await connect_sellers(db, running, sorted(await running.books()))
        workers = [await hire(running).ready() for _ in range(2)]

        began = time.monotonic()
        first = await ended(db, await start(db, "seller_sync", {}), 300)
        took = time.monotonic() - began
        sold = lines_of(await running.books())
        assert await observed(db) == sold
        assert (first["line_items"], first["inserted"]) == (len(sold), len(sold))

        calls, rows = len(await running.calls(ORDERS)), await db.fetch(ROWS)
        second = await ended(db, await start(db, "seller_sync", {}), 300)
        assert len(await running.calls(ORDERS)) - calls == len(accounts) == second["calls"]
        assert await db.fetch(ROWS) == rows

        third = await under_faults(db, running, workers, hire)
        assert await observed(db) == sold
        assert third["sellers"] == {"completed": len(accounts), "failed": 0}

    record_property(
        "figures",
        f"{sellers} sellers, {orders} orders, {len(sold)} line items, 2 workers of 8: {took:.1f} s in peace"
        f" ({first['orders'] / took:.0f} orders a second); again {second['calls']} calls and no row"
        f" changed; under faults with two SIGKILLs {third['calls']} calls, the same rows",
    )


async def under_faults(
    db: Database,
    running: Market,
    workers: list[WorkerProcess],
    hire: Callable[[Market], WorkerProcess],
) -> dict[str, Any]:
    """Read everything anew, from nothing, while calls go wrong and a worker dies twice."""
    await db.execute("delete from public.price_observations")
    await db.execute("delete from public.ebay_cursors")
    await db.execute("delete from worker.cooldowns")
    allowed = 4 * len(await running.books())
    await db.execute("select worker.set_quota('ebay_fulfillment', $1)", allowed)
    calls = len(await running.calls(ORDERS))
    await running.post(
        "/_sandbox/scenario", {"faults": [{"operation": ORDERS, "times": None, **fault} for fault in FAULTS]}
    )
    run = await start(db, "seller_sync", {})

    async def some_are_done() -> bool:
        return bool((await run_row(db, run))["processed_items"] >= len(workers))

    for _ in range(2):
        await until(some_are_done, seconds=120)
        workers.pop(0).signal(signal.SIGKILL)
        workers.append(await hire(running).ready())
    summary = await ended(db, run, 600)
    assert len(await running.calls(ORDERS)) - calls <= summary["calls"] <= allowed
    return summary
