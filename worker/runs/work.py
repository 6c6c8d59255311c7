"""What a handler holds in its hand: its job, its checkpoint, and the one way to commit."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from worker import observe
from worker.db import Connection, Database, statements
from worker.errors import LeaseLost, Refused, StopWork, UserError
from worker.queue.contract import STOPPING, Job
from worker.queue.jobs import storable
from worker.runs.blocking import Blocking
from worker.runs.payload import payload_text

P = ParamSpec("P")
T = TypeVar("T")

SQL = statements(Path(__file__).with_name("work.sql"))
OVER_BUDGET = "budget"
BEGUN = ("pending", "running")
"""A run of which another job has just begun is still seen as pending."""

ItemType = Literal[
    "card", "set", "order", "seller", "listing", "csv_row", "amazon_product", "ebay_seller", "demo"
]
Outcome = Literal["completed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a run worked on, and how it went; a failed one has a stable code and a sentence."""

    type: ItemType
    external_id: str
    outcome: Outcome
    error_code: str | None = None
    error_message: str | None = None
    cost_cents: Decimal = Decimal(0)


@dataclass(slots=True)
class Batch:
    """What one transaction will commit besides the domain rows written through ``connection``."""

    connection: Connection
    checkpoint: Mapping[str, Any] | None = None
    """The cursor from which the job goes on; None leaves it as it is."""
    items: list[Item] = field(default_factory=list)
    expected: int = 0
    """By how many items the run's total grows."""

    def count(self, outcome: Outcome) -> int:
        """How many of the batch's items went that way."""
        return sum(item.outcome == outcome for item in self.items)

    def cost(self) -> Decimal:
        """Cents that the batch's items cost together."""
        return sum((item.cost_cents for item in self.items), Decimal(0))


class Work:
    """One attempt at one job, as its handler sees it.

    ``blocking`` are the worker's places for what blocks; without it, as in a test, this work has its own.
    """

    def __init__(
        self, db: Database, job: Job, *, stopping: Callable[[], bool], blocking: Blocking | None = None
    ) -> None:
        self.job = job
        self.checkpoint: dict[str, Any] | None = json.loads(job.checkpoint) if job.checkpoint else None
        self._db = db
        self._stopping = stopping
        self._blocking = blocking or Blocking()

    async def enter(self) -> str | None:
        """Begin: the first job starts its run. Answers why there is nothing to do, when the run has ended.

        Raises ``StopWork`` when the run is paused.
        """
        if self.job.run_id is None:
            return None
        actor = f"job {self.job.id}"
        row = await self._db.fetchrow(SQL["enter"], self.job.run_id, actor, self.job.id, self.job.fence)
        state = row["state"] if row is not None else "gone"
        if state == "paused":
            raise StopWork("run paused")
        return None if state in BEGUN else f"run {state}"

    @asynccontextmanager
    async def commit(self) -> AsyncIterator[Batch]:
        """One transaction for domain rows, checkpoint, items and spending; all of it, or nothing.

        Raises ``LeaseLost`` (rolled back) when the job is somebody else's, and ``StopWork`` when the run or
        the job was paused or cancelled, its budget is spent (rolled back), or the worker is stopping: this
        is a safe point, and what was committed stays.
        """
        try:
            async with self._db.transaction() as connection:
                batch = Batch(connection)
                yield batch
                await self._add_items(batch)
                verdict = await self._seal(batch)
        except _OverBudgetError:
            await self._pause_for_budget()
            raise StopWork(OVER_BUDGET) from None
        self._observe(batch)
        if verdict is not None or self._stopping():
            raise StopWork(verdict or STOPPING)

    async def enqueue(self, batch: Batch, kind: str, payload: Mapping[str, Any]) -> int:
        """Put a job into this job's run, in the batch's transaction; answers its id.

        Raises ``Refused`` for an unknown kind, and for a payload that does not fit it or cannot be kept.
        """
        text = payload_text(kind, payload)
        id_: int = await batch.connection.fetchval(SQL["enqueue"], kind, text, self.job.run_id)
        return id_

    async def log(
        self, batch: Batch, level: Literal["info", "warning", "error"], event: str, **data: Any
    ) -> None:
        """Write a line into the run's log in the batch's transaction; nothing for a job without a run."""
        if self.job.run_id is not None:
            actor = f"job {self.job.id}"
            await batch.connection.execute(SQL["log"], self.job.run_id, level, event, json.dumps(data), actor)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what waits or computes for long in a thread; what it returns or raises comes back as it is.

        A thread cannot be cut off: cancelled, it is left alone, and its answer is dropped.
        """
        return await self._blocking.in_thread(self.job, function, *args, **kwargs)

    async def in_process(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what computes for long, or may crash, in a process; cancelled, that is killed.

        The function is one of a module, and it, its arguments and its answer can be pickled; else
        ``Unsendable``. An error that cannot is ``RaisedElsewhere``; a process that dies is ``ProcessDied``.
        """
        return await self._blocking.in_process(function, *args, **kwargs)

    async def _add_items(self, batch: Batch) -> None:
        if self.job.run_id is None or not batch.items:
            return
        await batch.connection.execute(
            SQL["add_items"],
            self.job.run_id,
            [item.type for item in batch.items],
            [item.external_id for item in batch.items],
            [item.outcome for item in batch.items],
            [item.error_code for item in batch.items],
            [storable(item.error_message) for item in batch.items],
            [item.cost_cents for item in batch.items],
        )

    async def _seal(self, batch: Batch) -> str | None:
        """Count and show the fence; answers why to stop, or None to go on."""
        row = await batch.connection.fetchrow(
            SQL["seal"],
            self.job.id,
            self.job.fence,
            None if batch.checkpoint is None else json.dumps(batch.checkpoint),
            self.job.run_id,
            batch.expected,
            len(batch.items),
            batch.count("failed"),
            batch.count("skipped"),
            batch.cost(),
        )
        if row is None:
            raise LeaseLost(self.job.id, self.job.fence)
        if self.job.run_id is not None and row["run_state"] is None:
            raise _OverBudgetError
        if row["cancel_requested"]:
            return "job cancelled"
        return None if row["run_state"] in (None, "running") else f"run {row['run_state']}"

    async def _pause_for_budget(self) -> None:
        observe.budget_denied(run=str(self.job.run_id))
        try:
            await self._db.execute(SQL["pause"], self.job.run_id, OVER_BUDGET, f"job {self.job.id}")
        except Refused as refused:
            if refused.code != "MM003":
                raise  # Else another job of the run has paused it already.

    def _observe(self, batch: Batch) -> None:
        for outcome in ("completed", "failed", "skipped"):
            observe.items(kind=self.job.kind, outcome=outcome, count=batch.count(outcome))
        observe.spent(kind=self.job.kind, cents=float(batch.cost()))


class UnknownCheckpoint(UserError):
    """Raised when a job's checkpoint is nothing that this version of its handler has written."""

    code = "checkpoint_version"

    def __init__(self) -> None:
        super().__init__("this worker cannot read the job's checkpoint: run the version that wrote it")


class _OverBudgetError(Exception):
    """The batch would pass the run's cap; raised inside the transaction to undo it."""
