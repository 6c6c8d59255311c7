"""What it costs to reserve and to settle on one run's row, and what a run of free items spends on its books.

Sixteen handlers of one process share a run. Each reserves for an item, and commits it with the charge. Beside
it, what any such promise costs at least: one update of one row, committed, by sixteen connections in turn.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import anyio

from benchmarks.figures import Figure, Scale, figure, percentile
from worker.db import Database, open_database
from worker.queue.contract import Job
from worker.queue.jobs import Jobs
from worker.queue.lease import SQL as WORKERS
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

HANDLERS = 16
CALLS = 3_200
ITEMS = 10_000
BATCH = 50
ITEM_MS = 1.0
"""How long an item is worked in the run of free items: reading one takes a tenth, asking a hundred."""
CALL = PaidCall("bench", "call", Repeat.SAME_KEY)
BARE = "update public.bench_row set n = n + 1"


@dataclass(slots=True)
class Times:
    """Milliseconds of each reservation, of each commit that settles, of each bare update."""

    reserve: list[float] = field(default_factory=list)
    settle: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Make ``scale.jobs`` paid calls in a round, and work ``scale.rows`` free items."""
    return anyio.run(_measure, url, scale)


async def _measure(url: str, scale: Scale) -> Sequence[Figure]:
    rounds: list[Times] = []
    shares, per_item = [], []
    async with open_database(url, size=HANDLERS + 2) as db:
        await db.execute("create table public.bench_row (n int)")
        await db.execute("insert into public.bench_row values (0)")
        for _ in range(scale.rounds or 3):
            rounds.append(await _paid_calls(db, (scale.jobs or CALLS) // HANDLERS))
            share, each = await _free_items(db, scale.rows or ITEMS)
            shares.append(share)
            per_item.append(each)
    return [
        *_latency("reserve", [one.reserve for one in rounds], [one.bare for one in rounds]),
        *_latency("settle with a commit", [one.settle for one in rounds], [one.bare for one in rounds]),
        figure(
            "books of a run of free items",
            shares,
            "% of its time",
            note=f"{ITEM_MS:g} ms an item, {BATCH} a batch",
        ),
        figure("books of one free item", per_item, "us", note=f"{BATCH} a batch"),
    ]


def _latency(name: str, ours: Sequence[list[float]], bare: Sequence[list[float]]) -> list[Figure]:
    return [
        figure(
            f"{name}, p{share * 100:.0f}",
            [percentile(one, share) for one in ours],
            "ms",
            beside=[percentile(one, share) for one in bare],
            note=f"{HANDLERS} handlers on one run",
        )
        for share in (0.5, 0.99)
    ]


async def _paid_calls(db: Database, each: int) -> Times:
    times = Times()
    jobs = await _jobs_of_a_run(db, HANDLERS)
    async with anyio.create_task_group() as group:
        for _ in jobs:
            group.start_soon(_update_in_turn, db, each, times)
    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(_call_in_turn, db, job, each, times)
    return times


async def _update_in_turn(db: Database, each: int, times: Times) -> None:
    for _ in range(each):
        began = time.perf_counter()
        await db.execute(BARE)
        times.bare.append((time.perf_counter() - began) * 1e3)


async def _call_in_turn(db: Database, job: Job, each: int, times: Times) -> None:
    work = Work(db, job, stopping=lambda: False)
    await work.enter()
    for number in range(each):
        item = ItemRef("demo", str(number))
        began = time.perf_counter()
        async with work.spend(CALL, f"call {number}", item=item, at_most=Decimal("0.9")) as charge:
            reserved = time.perf_counter()
            charge.cost(Decimal("0.3"))
        async with work.commit() as batch:
            batch.items.append(Item(*item, "completed"))
            batch.checkpoint = {"done": number}
        times.reserve.append((reserved - began) * 1e3)
        times.settle.append((time.perf_counter() - reserved) * 1e3)


async def _free_items(db: Database, count: int) -> tuple[float, float]:
    """Work free items; answers the share of the time that the books took, and microseconds an item."""
    [job] = await _jobs_of_a_run(db, 1)
    work, books = Work(db, job, stopping=lambda: False), 0.0
    began = time.perf_counter()
    await work.enter()
    for first in range(0, count, BATCH):
        await asyncio.sleep(BATCH * ITEM_MS / 1e3)
        worked = time.perf_counter()
        async with work.commit() as batch:
            batch.items.extend(Item("demo", str(first + number), "completed") for number in range(BATCH))
            batch.checkpoint = {"done": first + BATCH}
        books += time.perf_counter() - worked
    return books / (time.perf_counter() - began) * 100, books / count * 1e6


async def _jobs_of_a_run(db: Database, count: int) -> list[Job]:
    """Start a run that may spend without end, and claim so many jobs of it as one worker."""
    await db.execute("update worker.runs set state = 'completed' where state = 'running'")
    await db.execute("truncate worker.jobs")
    run: UUID = await db.fetchval("select worker.start_run('demo', budget_cap_cents => 1e9)")
    for _ in range(count - 1):
        await db.execute("select worker.enqueue('demo', run_id => $1)", run)
    worker = uuid4()
    await db.execute(WORKERS["register"], worker, "bench", 1, timedelta(hours=1))
    return await Jobs(db).claim("default", ["demo"], count, worker)
