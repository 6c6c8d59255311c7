"""Handlers of which a test decides what they do, and what each item comes to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from worker.app import kinds_of
from worker.db import Database
from worker.errors import OutcomeUnknown
from worker.queue.contract import Done, Ending
from worker.queue.jobs import Jobs
from worker.runs.handler import JobPayload
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

ERRAND = PaidCall("shop", "errand", Repeat.NEVER)


class Payload(JobPayload):
    """How many items, and what an errand for one costs."""

    items: int = 0
    cents: Decimal = Decimal(0)


@dataclass
class Errands:
    """Works items one by one; ``outcomes`` says how each ends, ``ask`` is the call made for it."""

    kind: ClassVar = "errands"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=1)
    max_attempts: ClassVar = 3
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    outcomes: dict[str, Item] = field(default_factory=dict)
    ask: Callable[[ItemRef], Awaitable[None]] | None = None
    worked: list[str] = field(default_factory=list)
    """The items in the order in which they were begun."""

    async def estimate(self, payload: Payload) -> Decimal:
        return payload.items * payload.cents

    async def handle(self, work: Work, payload: Payload) -> Ending:
        for one in list(work.again):
            await self._work(work, payload, one.ref, done=None)
        done = (work.checkpoint or {"done": 0})["done"]
        for number in range(done, payload.items):
            await self._work(work, payload, ItemRef("order", str(number)), done=number + 1)
        return Done()

    async def _work(self, work: Work, payload: Payload, ref: ItemRef, *, done: int | None) -> None:
        self.worked.append(ref.external_id)
        try:
            async with work.spend(ERRAND, ref.external_id, item=ref, at_most=payload.cents):
                if self.ask is not None:
                    await self.ask(ref)
        except OutcomeUnknown:
            return
        async with work.commit() as batch:
            batch.items.append(self.outcomes.get(ref.external_id, Item(*ref, "completed")))
            batch.checkpoint = None if done is None else {"done": done}


@dataclass
class Doing:
    """Does what a test gives it."""

    kind: ClassVar = "doing"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=1)
    max_attempts: ClassVar = 3
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    do: Callable[[Work], Awaitable[Ending]]
    checkpoint_version: int = 1

    async def handle(self, work: Work, payload: Payload) -> Ending:
        del payload
        return await self.do(work)


async def publish(db: Database, *handlers: Errands | Doing) -> None:
    """Let the database take jobs of these kinds."""
    await Jobs(db).publish(kinds_of(handlers, db))
