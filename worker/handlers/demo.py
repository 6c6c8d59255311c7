"""A handler to rehearse with: sleeps, works items, spends, fails, blocks or crashes, as it is told."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import Field

from worker.queue.contract import Done, Ending, Fail, Retry
from worker.runs.handler import JobPayload
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import UnknownCheckpoint, Work

ITEM = PaidCall("demo", "item", Repeat.SAME_KEY)


class Payload(JobPayload):
    """What to rehearse."""

    seconds: float = Field(0, ge=0, description="to sleep in all, spread over the items")
    items: int = Field(0, ge=0, le=10_000_000, description="to work, each with a checkpoint of its own")
    cost_cents: Decimal = Field(
        Decimal(0), ge=0, lt=10**10, decimal_places=4, description="to spend for each item"
    )
    fail: int = Field(0, ge=0, description="attempts to fail before one succeeds")
    block: bool = Field(False, description="sleep without letting the event loop go on")
    crash: bool = Field(False, description="end the process instead")


@dataclass(frozen=True)
class Demo:
    """Does what its payload says; its checkpoint is how many items are done."""

    kind: ClassVar = "demo"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=10)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    async def estimate(self, payload: Payload) -> Decimal:
        """Cents that all items cost together."""
        return payload.items * payload.cost_cents

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Work the items from the checkpoint on."""
        if payload.cost_cents and work.job.run_id is None:
            return Fail("no_run", "a demo job that spends needs a run: mintmark run start demo …")
        if payload.crash:
            os._exit(70)
        if work.job.attempt <= payload.fail:
            return Retry("demo_failure", f"attempt {work.job.attempt} of {payload.fail} that shall fail")
        done = _done(work.checkpoint)
        if payload.items and work.checkpoint is None:
            async with work.commit() as batch:
                batch.expected = payload.items
                batch.checkpoint = {"done": 0}
        if not payload.items:
            await _sleep(work, payload.seconds, block=payload.block)
        for number in range(done, payload.items):
            await _work_item(work, payload, number)
        return Done({"items": payload.items})


async def _work_item(work: Work, payload: Payload, number: int) -> None:
    item, seconds = ItemRef("demo", str(number)), payload.seconds / payload.items
    await _sleep(work, seconds, block=payload.block)
    if payload.cost_cents:
        async with work.spend(ITEM, f"item {number}", item=item, at_most=payload.cost_cents):
            pass  # Nobody is asked; it only costs.
    async with work.commit() as batch:
        batch.items.append(Item(*item, "completed"))
        batch.checkpoint = {"done": number + 1}


def _done(checkpoint: Mapping[str, Any] | None) -> int:
    match checkpoint:
        case None:
            return 0
        case {"done": int(done)}:
            return done
        case _:
            raise UnknownCheckpoint


async def _sleep(work: Work, seconds: float, *, block: bool) -> None:
    if block:
        time.sleep(seconds)  # noqa: ASYNC251 - it is what was asked for.
    elif seconds:
        await work.sleep(seconds)
