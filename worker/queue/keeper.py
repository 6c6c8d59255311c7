"""What must be done now and then, by every worker: due jobs, dead workers, forgotten keys."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from worker import observe
from worker.db import Database, is_outage
from worker.queue.contract import Job
from worker.queue.jobs import Jobs
from worker.queue.rescue import rescue

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do every so many seconds, by whoever is there; an outage only puts it off."""

    name: str
    seconds: float
    do: Callable[[], Awaitable[None]]


async def every(duty: Duty) -> None:
    """Do a duty for ever, with jitter, so that a fleet does not do it in step."""
    outage = False
    while True:
        try:
            await duty.do()
        except Exception as error:
            if not is_outage(error):
                raise
            if not outage:
                observe.say("outage_began", level="warning", what=duty.name, error=type(error).__name__)
            outage = True
        else:
            if outage:
                observe.say("outage_ended", what=duty.name)
            outage = False
        await anyio.sleep(duty.seconds * random.uniform(0.8, 1.0))


class Keeper:
    """The queue's own duties."""

    def __init__(
        self, db: Database, jobs: Jobs, after_finish: Callable[[Sequence[Job]], Awaitable[None]]
    ) -> None:
        self._db, self._jobs, self._after_finish = db, jobs, after_finish

    async def mind_schedule(self, poll_seconds: float) -> None:
        """Let scheduled jobs fall due, on time to the next poll or better."""
        due: float | None = None

        async def fall_due() -> None:
            nonlocal due
            while await self._jobs.fall_due(BATCH):
                pass
            due = await self._jobs.next_due()

        while True:
            with anyio.move_on_after(poll_seconds * 10):
                await _ignoring_outage(fall_due)
            await anyio.sleep(max(0.01, min(poll_seconds, due if due is not None else poll_seconds)))

    async def rescue_the_dead(self) -> None:
        """Put back what dead workers held, and wake whoever can work it."""
        rescued = await rescue(self._db)
        for job in rescued.all():
            observe.rescued(kind=job.kind, job=job.id, quarantined=job in rescued.quarantined)
        if rescued.all():
            observe.say("jobs_rescued", level="warning", count=len(rescued.all()))
            await self._jobs.free_keys({job.concurrency_key for job in rescued.all() if job.concurrency_key})
            await self._jobs.announce({job.queue for job in rescued.waiting})
            await self._after_finish([*rescued.quarantined, *rescued.cancelled])

    async def free_forgotten_keys(self) -> None:
        """Give away keys that an enqueue left behind when it met the holder's end."""
        await self._jobs.free_keys(await self._jobs.waiting_keys(BATCH))


async def _ignoring_outage(do: Callable[[], Awaitable[None]]) -> None:
    try:
        await do()
    except Exception as error:
        if not is_outage(error):
            raise
