"""A while in the life of a small fleet: work in waves, sellers, money that runs out, an API that fails.

Everything that a board shows happens once, so that each of its questions has an answer.
"""

import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import anyio

from tests.alerts.receiver import Receiver
from tests.queue.processes import WorkerProcess
from tests.runs.scene import enqueue, run_row, start, until
from tests.selling.market import Market, connect_sellers
from tests.selling.test_selling import sell
from worker.catalog.importing import DUMP_SOURCE, import_dump
from worker.catalog.sample import sample_path
from worker.db import Database

SCHEDULE = """
[schedules.hourly]
cron = "0 * * * *"
kind = "demo"
payload = { items = 3 }
"""
LATE = "update worker.schedules set next_at = now() - interval '20 s' where name = 'hourly'"
KNOWN = "select exists (select from worker.schedules where name = 'hourly' and next_at is not null)"
NIGHTLY = "select worker.enqueue('demo', '{\"items\": 1}', queue => 'nightly')"
BEAT_SECONDS = 0.25
WAVE_SECONDS = 20
FEWEST, MOST = 1, 8
"""Jobs that are enqueued in a beat, at low tide and at high: then a little more than both workers can do."""
SLOTS = 4
JOB_SECONDS = 0.3
JOB = "select worker.enqueue('demo', $1::jsonb, queue => 'cards')"
CANNOT = {"operation": "ebay_fulfillment.get_orders", "kind": "status", "status": 500, "times": None}


def variables(shop: Market, receiver: Receiver, folder: Path) -> Mapping[str, str]:
    """What its workers are told; their schedule stands in a file of the folder they start in."""
    (folder / "worker.toml").write_text(SCHEDULE, encoding="utf-8")
    return {
        **shop.variables(),
        "WORKER_OPS__SAMPLE_SECONDS": "0.2",
        "WORKER_ALERTS__WEBHOOK_URL": f"{receiver.url}/webhook",
        "WORKER_ALERTS__ALLOW_PRIVATE": "true",
    }


@asynccontextmanager
async def waves(db: Database) -> AsyncIterator[None]:
    """Jobs come in waves for as long as the block lasts; now and then one fails at first."""

    async def come() -> None:
        beat = 0
        while True:
            tide = (1 - math.cos(2 * math.pi * beat * BEAT_SECONDS / WAVE_SECONDS)) / 2
            for number in range(round(FEWEST + tide * (MOST - FEWEST))):
                fails = int(number == 0 and beat % 8 == 0)
                await db.execute(JOB, json.dumps({"seconds": JOB_SECONDS, "items": 2, "fail": fails}))
            await anyio.sleep(BEAT_SECONDS)
            beat += 1

    async with anyio.create_task_group() as group:
        group.start_soon(come)
        yield
        group.cancel_scope.cancel()


async def prepare(db: Database, url: str, shop: Market) -> dict[str, UUID]:
    """What was before: a catalogue, connected sellers and their sales, and prices; answers the accounts."""
    await import_dump(db, sample_path())
    accounts = await connect_sellers(db, shop, sorted(await shop.books()))
    kinds = {"normalize_batch": {"source": DUMP_SOURCE}, "seller_sync": {}, "price_curve": {}}
    for kind, params in kinds.items():
        run = await start(db, kind, params)
        await sell(url, shop)
        assert (await run_row(db, run))["state"] == "completed"
    return accounts


async def begin(db: Database) -> None:
    """Cards are read anew, and eBay is asked what is left of its day."""
    await import_dump(db, sample_path())
    await start(db, "normalize_batch", {"source": DUMP_SOURCE, "jobs": 2})
    await enqueue(db, "ebay_limits", {})
    await db.execute("select worker.set_quota('pokemon_tcg', 1000, 380, now() + interval '9 h')")


async def let_a_clock_strike(db: Database) -> None:
    """A schedule is due, once."""
    await until(lambda: db.fetchval(KNOWN))
    await db.execute(LATE)


async def hold_a_queue(db: Database) -> None:
    """An operator holds a queue in which jobs wait, until ``resume_queue``."""
    await db.execute("select worker.pause_queue('nightly')")
    for _ in range(20):
        await db.execute(NIGHTLY)


async def run_out_of_money(db: Database) -> None:
    """Two runs stop at their caps; a third has enough, and goes on."""
    await start(db, "demo", {"items": 900, "cost_cents": 1, "seconds": 60}, cap=2000)
    for cap in (20, 30):
        run = await start(db, "demo", {"items": 50, "cost_cents": 1}, cap=cap)
        await until(partial(_is_paused, db, run), seconds=30)


async def _is_paused(db: Database, run: UUID) -> bool:
    return bool((await run_row(db, run))["state"] == "paused")


async def break_down(db: Database, shop: Market, breaker: Callable[[], Awaitable[bool]]) -> None:
    """Orders cannot be had until a worker leaves that API alone, as ``breaker`` tells; then they can."""
    await shop.post("/_sandbox/scenario", {"faults": [CANNOT]})
    await start(db, "seller_sync", {})
    await until(breaker, seconds=40)
    await shop.post("/_sandbox/scenario", {"faults": []})


async def revoke(db: Database, shop: Market, accounts: Mapping[str, UUID]) -> None:
    """A seller takes the consent back; the run that needs it is paused, and an alert is raised."""
    gone = min(accounts)
    await shop.post("/_sandbox/tokens", {"revoke": {"seller": gone}})
    run = await start(db, "account_sync", {"account_id": str(accounts[gone]), "alone": True})
    await until(partial(_is_paused, db, run), seconds=30)


async def sell_more(db: Database, shop: Market, accounts: Mapping[str, UUID]) -> None:
    """Sellers sell some more, which is fetched."""
    for seller in sorted(accounts)[-3:]:
        await shop.post("/_sandbox/world", {"sell": {"seller": seller, "count": 8}})
        await enqueue(db, "account_sync", {"account_id": str(accounts[seller])})


def address(worker: WorkerProcess) -> str:
    """Where a worker is scraped."""
    return str(worker.said("ops_port")[0]["url"]).removeprefix("http://")
