"""What it costs to reserve and to settle on one run's row, and what a run of free items spends on its books.

Sixteen handlers of one process share a run. Each reserves for an item, makes a call, and commits the item
with the charge. Once the calls take as long as a fast API does; once they take no time, so that all sixteen
always want the run's row. Beside each, what any such promise costs at least: one update of one row, as often.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
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
CALL_SECONDS = 0.05
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


@dataclass(slots=True)
class Books:
    """Seconds that the commits of so many items took, and that as many bare ones took."""

    items: int
    ours: float = 0
    bare: float = 0

    def share(self, seconds: float) -> float:
        """Per cent of the time of a run whose commits took so long."""
        return seconds / (seconds + self.items * ITEM_MS / 1e3) * 100


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Make ``scale.jobs`` paid calls in a round, and work ``scale.rows`` free items."""
    return anyio.run(_measure, url, scale)


async def _measure(url: str, scale: Scale) -> Sequence[Figure]:
    calm: list[Times] = []
    crowded: list[Times] = []
    books: list[Books] = []
    async with open_database(url, size=HANDLERS + 2) as db:
        await db.execute("create table public.bench_row (n int)")
        await db.execute("insert into public.bench_row values (0)")
        for _ in range(scale.rounds or 3):
            each = (scale.jobs or CALLS) // HANDLERS
            calm.append(await _paid_calls(db, each, CALL_SECONDS))
            crowded.append(await _paid_calls(db, each, 0))
            books.append(await _free_items(db, scale.rows or ITEMS))
    return [
        *_latency("reserve", calm, lambda times: times.reserve),
        *_latency("settle with a commit", calm, lambda times: times.settle),
        *_latency("reserve back to back", crowded, lambda times: times.reserve),
        *_latency("settle back to back", crowded, lambda times: times.settle),
        figure(
            "commits of a run of free items",
            [one.share(one.ours) for one in books],
            "% of its time",
            beside=[one.share(one.bare) for one in books],
            note=f"{ITEM_MS:g} ms an item, {BATCH} a batch",
        ),
        figure(
            "books of one free item",
            [(one.ours - one.bare) / one.items * 1e6 for one in books],
            "us",
            note="above a bare commit",
        ),
    ]


def _latency(name: str, rounds: Sequence[Times], ours: Callable[[Times], list[float]]) -> list[Figure]:
    return [
        figure(
            f"{name}, p{share * 100:.0f}",
            [percentile(ours(one), share) for one in rounds],
            "ms",
            beside=[percentile(one.bare, share) for one in rounds],
            note=f"{HANDLERS} handlers on one run",
        )
        for share in (0.5, 0.99)
    ]


async def _paid_calls(db: Database, each: int, call_seconds: float) -> Times:
    times = Times()
    jobs = await _jobs_of_a_run(db, HANDLERS)
    async with anyio.create_task_group() as group:
        for _ in jobs:
            group.start_soon(_update_in_turn, db, each, call_seconds, times)
    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(_call_in_turn, db, job, each, call_seconds, times)
    return times


async def _update_in_turn(db: Database, each: int, call_seconds: float, times: Times) -> None:
    for _ in range(2 * each):
        await anyio.sleep(_some(call_seconds / 2))
        began = time.perf_counter()
        await db.execute(BARE)
        times.bare.append((time.perf_counter() - began) * 1e3)


async def _call_in_turn(db: Database, job: Job, each: int, call_seconds: float, times: Times) -> None:
    work = Work(db, job, stopping=lambda: False)
    await work.enter()
    for number in range(each):
        item = ItemRef("demo", str(number))
        began = time.perf_counter()
        async with work.spend(CALL, f"call {number}", item=item, at_most=Decimal("0.9")) as charge:
            reserved = time.perf_counter()
            await anyio.sleep(_some(call_seconds))
            charge.cost(Decimal("0.3"))
        answered = time.perf_counter()
        async with work.commit() as batch:
            batch.items.append(Item(*item, "completed"))
            batch.checkpoint = {"done": number}
        times.reserve.append((reserved - began) * 1e3)
        times.settle.append((time.perf_counter() - answered) * 1e3)


def _some(seconds: float) -> float:
    """About so long, so that handlers do not go in step."""
    return random.uniform(0.5, 1.5) * seconds


async def _free_items(db: Database, count: int) -> Books:
    """Work free items in batches; beside each commit, a bare one such as any that stores something."""
    [job] = await _jobs_of_a_run(db, 1)
    work, books = Work(db, job, stopping=lambda: False), Books(count)
    await work.enter()
    for first in range(0, count, BATCH):
        await asyncio.sleep(BATCH * ITEM_MS / 1e3)
        began = time.perf_counter()
        async with work.commit() as batch:
            batch.items.extend(Item("demo", str(first + number), "completed") for number in range(BATCH))
            batch.checkpoint = {"done": first + BATCH}
        books.ours += time.perf_counter() - began
        await asyncio.sleep(BATCH * ITEM_MS / 1e3)
        began = time.perf_counter()
        async with db.transaction() as connection:
            await connection.execute(BARE)
        books.bare += time.perf_counter() - began
    return books


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
