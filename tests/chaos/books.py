"""Whether the books agree: the counters with the ledger, the money with what the shop has taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

import anyio

from tests.chaos.receipts import Receipts
from worker.db import Database, Record

BOOKS = """
select 'run' as book, r.id::text as name, r.budget_cap_cents + r.overrun_cents as cap,
       r.reserved_cents as reserved, l.held, r.spent_cents as spent, l.paid
  from worker.runs r cross join lateral (
       select coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held,
              coalesce(sum(l.cents), 0) as paid
         from worker.ledger l where l.run_id = r.id) l
union all
select 'day', d.day::text, null, d.reserved_cents, l.held, d.spent_cents, l.paid
  from worker.org_days d cross join lateral (
       select coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held,
              coalesce(sum(l.cents), 0) as paid
         from worker.ledger l where l.org_id = d.org_id and l.day = d.day) l
union all
select 'quota', q.api, q.calls, 0, 0, q.used_calls, l.used
  from worker.api_quotas q cross join lateral (
       select coalesce(sum(l.calls), 0) as used
         from worker.ledger l where l.api = q.api and l.state <> 'released') l
union all
select 'items', r.id::text, null, r.failed_items, i.failed, r.processed_items, i.processed
  from worker.runs r cross join lateral (
       select count(*) filter (where i.state = 'failed') as failed,
              count(*) filter (where i.state in ('completed', 'failed', 'skipped')) as processed
         from worker.items i where i.run_id = r.id) i
"""
COSTS = """
select r.spent_cents
       - coalesce((select sum(l.cents) from worker.ledger l
                    where l.run_id = r.id and l.state = 'unknown' and l.repeat <> 'never'), 0)
       - coalesce((select sum(i.cost_cents) from worker.items i where i.run_id = r.id), 0)
  from worker.runs r
"""
AGAINST_THE_RULE = """
select l.job_id, l.step from worker.ledger l
 where l.repeat = 'never' and l.state = 'unknown'
   and exists (select from worker.ledger n where n.job_id = l.job_id and n.step = l.step and n.id > l.id)
"""
LOOK_SECONDS = 0.02


def disagreements(books: list[Record]) -> list[str]:
    """Name every book whose counters are not the sums of what they count, or that is over its cap."""
    found = []
    for one in books:
        if (one["reserved"], one["spent"]) != (one["held"], one["paid"]):
            found.append(f"not the sums: {dict(one)}")
        if one["cap"] is not None and one["spent"] + one["reserved"] > one["cap"]:
            found.append(f"over its cap: {dict(one)}")
    return found


async def audit(db: Database) -> list[Record]:
    """Look at all books in one snapshot, and fail where they do not agree."""
    books = await db.fetch(BOOKS)
    found = disagreements(books)
    assert found == []
    return books


async def unattributed(db: Database) -> list[Decimal]:
    """Of each run at rest: cents spent that neither an item bears nor a lost call which is made again."""
    return [row[0] for row in await db.fetch(COSTS)]


async def repeated_against_the_rule(db: Database) -> list[Record]:
    """Steps not to be repeated that were tried again though nobody knew what had come of them."""
    return await db.fetch(AGAINST_THE_RULE)


@dataclass(slots=True)
class Watch:
    """How often was looked, and the most that the shop had taken."""

    looks: int = 0
    charged: Decimal = Decimal(0)


@asynccontextmanager
async def watching(db: Database, receipts: Receipts) -> AsyncIterator[Watch]:
    """Look again and again for as long as the block lasts.

    What the shop has taken was reserved before, so at no moment has it taken more than is spent or reserved.
    """
    watch = Watch()

    async def look() -> None:
        while True:
            watch.charged = receipts.charged()
            runs = [one for one in await audit(db) if one["book"] == "run"]
            assert watch.charged <= sum(one["spent"] + one["reserved"] for one in runs)
            watch.looks += 1
            await anyio.sleep(LOOK_SECONDS)

    async with anyio.create_task_group() as group:
        group.start_soon(look)
        yield watch
        group.cancel_scope.cancel()
