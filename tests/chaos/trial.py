"""The kind of job that the faults strike: it keeps a journal, and writes rows that show its fence."""

import ctypes
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal

import anyio
from pydantic import Field

from tests.chaos.journal import Journal
from worker.queue.contract import Done, Ending
from worker.runs.handler import JobPayload
from worker.runs.work import Work

TABLE = """
create table public.trial_writes (
    seq    bigint generated always as identity,
    job    bigint not null,
    fence  bigint not null,
    step   int not null
)
"""
WRITE = "insert into public.trial_writes (job, fence, step) values ($1, $2, $3)"


class Payload(JobPayload):
    """What to go through."""

    steps: int = Field(1, ge=0, description="each commits a row and a checkpoint")
    seconds: float = Field(0, ge=0, description="to sleep in all, spread over the steps")
    hold: float = Field(0, ge=0, description="seconds to keep each step's transaction open")
    block: float = Field(0, ge=0, description="seconds to keep the event loop from turning, first of all")
    after: float = Field(0, ge=0, description="seconds before it misbehaves")
    die: Literal["no", "exit", "segfault", "memory", "recursion"] = "no"
    once: bool = Field(False, description="misbehave under the first fence only")


def _recurse() -> int:
    return max([0], key=lambda _: _recurse())  # Through C, so that it is the stack that overflows.


def _recurse_without_limit() -> None:
    sys.setrecursionlimit(1 << 30)
    _recurse()


WAYS_TO_DIE: Mapping[str, Callable[[], object]] = {
    "no": lambda: None,
    "exit": lambda: os._exit(70),
    "segfault": lambda: ctypes.string_at(0),
    "memory": lambda: bytearray(1 << 62),
    "recursion": _recurse_without_limit,
}


@dataclass(frozen=True)
class Trial:
    """Commits its steps one by one; its checkpoint is how many are done."""

    kind: ClassVar = "trial"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=10)
    max_attempts: ClassVar = 2
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    journal: Journal

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Go through it from the checkpoint on."""
        job, fence = work.job.id, work.job.fence
        self.journal.write("begin", job, fence=fence)
        if fence == 1 or not payload.once:
            await anyio.sleep(payload.after)
            time.sleep(payload.block)  # noqa: ASYNC251 - it is what was asked for.
            WAYS_TO_DIE[payload.die]()
        for step in range(_done(work.checkpoint), payload.steps):
            await anyio.sleep(payload.seconds / payload.steps)
            async with work.commit() as batch:
                await batch.connection.execute(WRITE, job, fence, step)
                batch.checkpoint = {"done": step + 1}
                await anyio.sleep(payload.hold)
            self.journal.write("commit", job, fence=fence, step=step)
        self.journal.write("end", job, fence=fence)
        return Done()


def _done(checkpoint: Mapping[str, Any] | None) -> int:
    return int(checkpoint["done"]) if checkpoint else 0
