"""A stage with a marketplace: connected sellers, workers that sync them, and what the marketplace saw."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.queue.processes import WorkerProcess
from tests.selling.market import Market, connect_sellers, market
from worker.db import Database

ORDERS = "ebay_fulfillment.get_orders"
SYNC = """
select worker.enqueue('account_sync', jsonb_build_object('account_id', $1::uuid, 'limit', 1),
                      run_id => $2, run_at => $3)
"""
START = "select worker.start_run('account_sync', jsonb_build_object('account_id', $1::uuid))"
LEFT = """
select exists (select from worker.jobs j
                where j.id <> $2 and (cardinality($1::bigint[]) = 0 or j.id = any ($1::bigint[])))
"""
HURRY: dict[str, Any] = {"heartbeat_seconds": 0.5, "rescue_seconds": 0.3, "poll_seconds": 0.1}


@dataclass(frozen=True, slots=True)
class Seen:
    """One call, as the marketplace saw it."""

    user: str | None
    status: int | None
    at: datetime


@dataclass
class Bazaar:
    """Sellers by user id, whose accounts they are with us, and who asks for them."""

    db: Database
    market: Market
    accounts: dict[str, UUID]
    run: UUID
    last: int
    """A job of the run that is far from due, so that the run does not end between two others."""
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def users(self) -> list[str]:
        return sorted(self.accounts)

    async def sync(self, user: str) -> int:
        """Enqueue the sync of one seller into the run."""
        job: int = await self.db.fetchval(SYNC, self.accounts[user], self.run, None)
        return job

    async def faults(self, *faults: dict[str, Any]) -> None:
        """Let calls for orders go wrong, for ever unless it is said how often."""
        given = [{"operation": ORDERS, "times": None, **fault} for fault in faults]
        await self.market.post("/_sandbox/scenario", {"faults": given})

    async def seen(self, operation: str = ORDERS) -> list[Seen]:
        """The calls so far, oldest first."""
        calls = await self.market.calls(operation)
        return [Seen(call["account"], call["status"], datetime.fromisoformat(call["at"])) for call in calls]

    async def all_ended(self, *jobs: int) -> bool:
        """Tell whether no job is left, or none of these."""
        return not await self.db.fetchval(LEFT, list(jobs), self.last)

    async def reserved(self) -> int:
        """How many calls our ledger has that it did not give back."""
        count: int = await self.db.fetchval(
            "select count(*) from worker.ledger l where l.state <> 'released'"
        )
        return count

    async def failures(self) -> list[str]:
        """Jobs and items that were given up."""
        rows = await self.db.fetch(
            "select 'job ' || j.id || ' ' || coalesce(j.error_code, '') as what"
            "  from worker.job_status j where j.state = 'failed'"
            " union all select 'item ' || i.external_id || ' ' || coalesce(i.error_code, '')"
            "  from worker.items i where i.state = 'failed'"
        )
        return [row["what"] for row in rows]

    async def most_tries(self) -> int:
        """The tries that any job has used, beside the one that was its last."""
        most: int = await self.db.fetchval(
            "select coalesce(max(j.attempt - (j.state = 'completed')::int), 0) from worker.job_status j"
        )
        return most


@asynccontextmanager
async def bazaar(
    db: Database, url: str, folder: Path, *, sellers: int, workers: int, slots: int = 4, **ebay: object
) -> AsyncIterator[Bazaar]:
    """Open one for as long as the block lasts; ``ebay`` are settings of that section."""
    with market(folder, sellers=sellers, orders=4 * sellers) as running, ExitStack() as ended:
        accounts = await connect_sellers(db, running, sorted(await running.books()))
        given = {f"WORKER_EBAY__{name.upper()}": str(value) for name, value in ebay.items()}
        some = next(iter(accounts.values()))
        run = await db.fetchval(START, some)
        last = await db.fetchval(SYNC, some, run, datetime.now(UTC) + timedelta(hours=1))
        made = Bazaar(db, running, accounts, run, last)
        for _ in range(workers):
            worker = WorkerProcess(
                url, folder, concurrency=slots, environment={**running.variables(), **given}, **HURRY
            )
            ended.callback(worker.end)
            made.workers.append(worker)
        for worker in made.workers:
            await worker.ready()
        yield made


def moments(worker: WorkerProcess, event: str, **facts: str) -> list[datetime]:
    """When a worker said something with these facts."""
    return [
        datetime.fromisoformat(line["timestamp"])
        for line in worker.said(event)
        if facts.items() <= line.items()
    ]
