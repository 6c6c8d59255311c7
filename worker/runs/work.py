"""What a handler holds in its hand: its job, its checkpoint, and the one way to commit."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from worker import observe, tracing
from worker.db import Connection, Database, Record, statements
from worker.errors import LeaseLost, StopWork, ToldToStop, UserError
from worker.queue.contract import STOPPING, Job
from worker.runs.blocking import Blocking
from worker.runs.items import OUTCOMES, Again, Counts, Item, ItemRef, read_again, write_items
from worker.runs.payload import payload_text
from worker.runs.prices import PaidCall, Prices
from worker.runs.spending import Charge, Spending, costs, settled
from worker.runs.steering import Told

P = ParamSpec("P")
T = TypeVar("T")

SQL = statements(Path(__file__).with_name("work.sql"))
ENDED = "MM003"
"""What the database says of a run that has ended and is to take one more job."""
BEGUN = ("running", "started")
WAITS = {"paused": "run paused", "waits": "run waits for a place"}

NO_PRICES = Prices()
Level = Literal["info", "warning", "error"]


@dataclass(slots=True)
class Batch:
    """What one transaction will commit besides the domain rows written through ``connection``.

    What was spent on its items, or on none, is settled in it.
    """

    connection: Connection
    job: Job
    checkpoint: Mapping[str, Any] | None = None
    """The cursor from which the job goes on; None leaves it as it is."""
    items: list[Item] = field(default_factory=list)
    expected: int = 0
    """By how many items the run's total grows."""

    async def enqueue(self, kind: str, payload: Mapping[str, Any]) -> int:
        """Put a job into this job's run: it shares its budget, its pause and its end. Answers its id.

        Raises ``Refused`` for an unknown kind, and for a payload that does not fit it or cannot be kept;
        ``StopWork`` where the run has ended meanwhile.
        """
        text = payload_text(kind, payload)
        try:
            id_: int = await self.connection.fetchval(SQL["enqueue"], kind, text, self.job.run_id)
        except Exception as error:
            if getattr(error, "sqlstate", None) == ENDED:
                raise ToldToStop("run ended") from None
            raise
        return id_

    async def log(self, level: Level, event: str, **data: Any) -> None:
        """Write a line into the run's log; nothing for a job without a run."""
        if self.job.run_id is not None:
            facts, job = json.dumps(data), self.job
            await self.connection.execute(SQL["log"], job.run_id, level, event, facts, job.id, job.fence)


class Work:
    """One attempt at one job, as its handler sees it.

    ``blocking`` are the worker's places for what blocks, ``prices`` what calls cost at most; without them, as
    in a test, this work has its own. ``version`` is that of the checkpoints which this code writes and reads.
    """

    def __init__(
        self,
        db: Database,
        job: Job,
        *,
        stopping: Callable[[], bool],
        blocking: Blocking | None = None,
        prices: Prices | None = None,
        version: int = 1,
    ) -> None:
        self.job = job
        self._version = version
        self.again: list[Again] = []
        """Items of this job that failed before and are to be worked again, before it goes on.

        They leave this list when they are committed; those that are left when the job ends have failed.
        """
        self.is_first = False
        """Whether this attempt has started its run."""
        self._spending: Spending | None = None
        self._told: Told | None = None
        self._prices = prices
        self._db = db
        self._stopping = stopping
        self._blocking = blocking or Blocking()

    @property
    def spending(self) -> Spending:
        """What was reserved and not settled; made when it is asked for, since most jobs do not spend."""
        if self._spending is None:
            self._spending = Spending(self._db, self.job, self._prices or NO_PRICES)
        return self._spending

    @property
    def told(self) -> Told:
        """What the attempt was told from outside; made when it is asked for, too."""
        if self._told is None:
            self._told = Told(lambda: self._spending is not None and self._spending.is_paying())
        return self._told

    async def settle_rest(self, *, for_good: bool) -> None:
        """Settle what a handler spent and left without a commit, as far as that may be settled so."""
        if self._spending is not None:
            await self._spending.settle_rest(for_good=for_good)

    @cached_property
    def checkpoint(self) -> dict[str, Any] | None:
        """Where the job goes on; None at first. Raises ``UnknownCheckpoint`` for another version's."""
        if self.job.checkpoint is None:
            return None
        found: Any = json.loads(self.job.checkpoint)
        if not isinstance(found, dict) or found.get("version", 1) != self._version:
            raise UnknownCheckpoint
        return found

    async def enter(self) -> str | None:
        """Begin: the first job starts its run. Answers why there is nothing to do, when the run has ended.

        Raises ``StopWork`` when the run is paused, or waits for a place among its org's runs, and
        ``LeaseLost`` when the job is somebody else's.
        """
        job = self.job
        if job.run_id is None:
            return None
        row = await self._db.fetchrow(SQL["enter"], job.run_id, job.id, job.fence)
        state = row["state"] if row is not None else "gone"
        if state == "lost":
            raise LeaseLost(job.id, job.fence)
        if state in WAITS:
            raise ToldToStop(WAITS[state])
        self.is_first = state == "started"
        if row is not None and row["any_again"]:
            self.again = await read_again(self._db, job)
        return None if state in BEGUN else f"run {state}"

    def spend(
        self,
        call: PaidCall,
        step: str,
        *,
        item: ItemRef | None = None,
        at_most: Decimal | None = None,
    ) -> AbstractAsyncContextManager[Charge]:
        """Make a call that costs money or quota: its highest price is reserved before the block begins.

        ``step`` names the call within its job, the same whenever it is tried. The charge is settled by the
        next ``commit``; if it names an ``item``, by the one that has that item. ``at_most``, in cents, stands
        in for the listed price.

        Raises before the block: ``StopWork`` where the run is paused, cancelled or out of budget (then it is
        paused now), ``QuotaSpent``, ``UnknownPrice``, ``LeaseLost``; before or after it ``OutcomeUnknown``
        for a call that may not be repeated: its item has failed, go on with the next.
        """
        return self.spending.spend(call, step, item=item, at_most=at_most)

    @asynccontextmanager
    async def commit(self) -> AsyncIterator[Batch]:
        """One transaction for domain rows, checkpoint, items and what was spent; all of it, or nothing.

        Raises ``LeaseLost`` (rolled back) when the job is somebody else's, and ``StopWork`` when the run or
        the job was paused or cancelled, or the worker is stopping: this is a safe point, and what was
        committed stays.
        """
        job = self.job
        with tracing.batch(kind=job.kind, job=job.id) as told:
            async with self._db.transaction() as connection:
                await self._continue_trace(connection)
                batch = Batch(connection, job)
                yield batch
                charges = self._paid_for(batch)
                items = batch.items if job.run_id is not None else []
                counts, worked = await write_items(
                    connection, job, items, costs=costs(charges), again=self.again
                )
                verdict = await self._seal(batch, counts, charges)
            told["items"], told["charges"] = len(batch.items), len(charges)
            told["failed_items"] = sum(item.outcome == "failed" for item in batch.items)
        if charges:
            self.spending.forget(charges)
        self.again = [one for one in self.again if one not in worked]
        self._observe(batch, charges)
        if verdict is not None:
            raise ToldToStop(verdict)
        if self._stopping():
            raise StopWork(STOPPING)

    async def _continue_trace(self, connection: Connection) -> None:
        """Whatever is enqueued in this transaction, by whatever statement, continues this job's trace."""
        if (traceparent := tracing.traceparent(self.job.traceparent)) is not None:
            await connection.execute(SQL["continue_trace"], traceparent)

    def _paid_for(self, batch: Batch) -> list[Charge]:
        """Charges without an item, and those of the batch's: another's has its own commit still to come."""
        if self._spending is None:
            return []
        items = {item.ref() for item in batch.items}
        return [one for one in self._spending.answered() if one.item is None or one.item in items]

    async def log(self, level: Level, event: str, **data: Any) -> None:
        """Write a line into the run's log, on its own; nothing for a job without a run."""
        async with self._db.connection() as connection:
            await Batch(connection, self.job).log(level, event, **data)

    async def sleep(self, seconds: float) -> None:
        """Sleep so long; raises ``StopWork`` at once when the run is paused or cancelled, or the job."""
        await self.told.sleep(seconds)

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

    async def _seal(self, batch: Batch, counts: Counts, charges: Sequence[Charge]) -> str | None:
        """Count, settle and show the fence; answers why to stop, or None to go on."""
        row = await self._sealed(batch, counts, charges)
        if row is None:
            raise LeaseLost(self.job.id, self.job.fence)
        if row["cancel_requested"]:
            return "job cancelled"
        return None if row["run_state"] in (None, "running") else f"run {row['run_state']}"

    async def _sealed(self, batch: Batch, counts: Counts, charges: Sequence[Charge]) -> Record | None:
        job = self.job
        checkpoint = None
        if batch.checkpoint is not None:
            checkpoint = json.dumps({"version": self._version, **batch.checkpoint})
        told = (job.run_id, job.id, job.fence, checkpoint, batch.expected, *counts)
        if charges:
            return await batch.connection.fetchrow(SQL["seal_and_settle"], *told, *settled(charges))
        return await batch.connection.fetchrow(SQL["seal"], *told)

    def _observe(self, batch: Batch, charges: Sequence[Charge]) -> None:
        for outcome in OUTCOMES:
            count = sum(item.outcome == outcome for item in batch.items)
            observe.items(kind=self.job.kind, outcome=outcome, count=count)
        observe.spent(kind=self.job.kind, cents=float(sum(charge.cents for charge in charges)))


class UnknownCheckpoint(UserError):
    """Raised when a job's checkpoint is nothing that this version of its handler has written."""

    code = "checkpoint_version"

    def __init__(self) -> None:
        super().__init__("this worker cannot read the job's checkpoint: run the version that wrote it")
