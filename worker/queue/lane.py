"""A lane: one queue's slots in this worker. Claims what its slots can work, and works it."""

import asyncio
import random
import time
from datetime import UTC, datetime
from uuid import UUID

import anyio

from worker import observe
from worker.db import is_outage
from worker.queue.contract import Ending, HandBack, Job, Kinds
from worker.queue.executor import execute, name_of
from worker.queue.finisher import Finisher
from worker.queue.jobs import Jobs
from worker.queue.lease import Lease
from worker.queue.vitals import Vitals

LARGEST_CLAIM = 500
STOPPING = "worker stopping"


class Lane:
    """``slots`` jobs of one queue at a time; a slot is free again when its job's ending is committed."""

    def __init__(
        self,
        queue: str,
        *,
        slots: int,
        poll_seconds: float,
        kinds: Kinds,
        jobs: Jobs,
        finisher: Finisher,
        lease: Lease,
        vitals: Vitals,
    ) -> None:
        self.queue = queue
        self._slots = slots
        self._poll_seconds = poll_seconds
        self._kinds, self._jobs, self._finisher, self._lease, self._vitals = (
            kinds,
            jobs,
            finisher,
            lease,
            vitals,
        )
        self._ready: asyncio.Queue[tuple[Job, UUID] | None] = asyncio.Queue()
        self._working: dict[int, anyio.CancelScope] = {}
        self._taken = 0
        self._news = asyncio.Event()
        self._freed = asyncio.Event()
        self._stopping = False
        self.ended = asyncio.Event()
        """Set when the lane has been stopped and its last slot is empty."""

    def wake(self) -> None:
        """Look for work now: there may be some."""
        self._news.set()

    def stop(self) -> None:
        """Claim no more; what is at work goes on, what has not begun is handed back."""
        self._stopping = True
        self._news.set()
        self._freed.set()

    def cut_off(self) -> None:
        """Cancel what is at work."""
        for scope in list(self._working.values()):
            scope.cancel()

    async def run(self) -> None:
        """Work until stopped; returns when the last slot has written its ending."""
        async with anyio.create_task_group() as slots:
            for _ in range(self._slots):
                slots.start_soon(self._slot)
            try:
                await self._claim_until_stopped()
            finally:
                for _ in range(self._slots):
                    self._ready.put_nowait(None)
        self.ended.set()

    async def _claim_until_stopped(self) -> None:
        outage = False
        while not self._stopping:
            self._news.clear()
            self._freed.clear()
            wanted = min(self._slots - self._taken, LARGEST_CLAIM) if self._lease.held() else 0
            try:
                got = await self._claim(wanted) if wanted else 0
            except Exception as error:
                if not is_outage(error):
                    raise
                if not outage:
                    observe.say("outage_began", level="warning", what="claim", error=type(error).__name__)
                outage, got = True, 0
            else:
                if outage:
                    observe.say("outage_ended", what="claim")
                outage = False
                self._vitals.claimed = time.monotonic()
            if not wanted or got < wanted:
                await self._rest(self._freed if self._lease.held() and not wanted else self._news)

    async def _claim(self, wanted: int) -> int:
        holder = self._lease.worker_id
        claimed = await self._jobs.claim(self.queue, self._kinds.names(), wanted, holder)
        observe.JOBS_CLAIMED.labels(self.queue).inc(len(claimed))
        self._taken += len(claimed)
        for job in claimed:
            self._ready.put_nowait((job, holder))
        return len(claimed)

    async def _rest(self, event: asyncio.Event) -> None:
        with anyio.move_on_after(self._poll_seconds * random.uniform(0.8, 1.0)):
            await event.wait()

    async def _slot(self) -> None:
        while (one := await self._ready.get()) is not None:
            job, holder = one
            try:
                await self._work(job, holder)
            finally:
                self._taken -= 1
                self._freed.set()

    async def _work(self, job: Job, holder: UUID) -> None:
        if holder != self._lease.worker_id or not self._lease.held():
            observe.lease_lost(kind=job.kind, job=job.id)
            return
        started = time.monotonic()
        ending: Ending | None = HandBack(STOPPING) if self._stopping else None
        if ending is None:
            waited = (datetime.now(UTC) - job.enqueued_at).total_seconds()
            observe.job_started(queue=self.queue, waited=waited)
            with anyio.CancelScope() as scope:
                self._working[job.id] = scope
                ending = await execute(job, self._kinds)
            del self._working[job.id]
            if scope.cancelled_caught:
                ending = HandBack(STOPPING) if self._stopping else None
        if ending is None or not await self._finisher.write(job, ending):
            observe.lease_lost(kind=job.kind, job=job.id)
            return
        observe.job_finished(
            kind=job.kind,
            queue=self.queue,
            job=job.id,
            attempt=job.attempt,
            ending=name_of(ending),
            seconds=time.monotonic() - started,
            run=str(job.run_id) if job.run_id else None,
            code=getattr(ending, "code", None),
            why=getattr(ending, "message", None) or getattr(ending, "reason", None),
        )
