"""What must be done now and then, by every worker: due jobs, dead workers, forgotten keys."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from worker import observe
from worker.db import Database
from worker.queue.contract import Job
from worker.queue.jobs import Jobs
from worker.queue.outage import Outage
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
    outage = Outage(duty.name)
    while True:
        try:
            await duty.do()
            outage.over()
        except Exception as error:  # noqa: BLE001 - an outage is waited for, anything else is raised anew.
            outage.note(error)
        await anyio.sleep(duty.seconds * random.uniform(0.8, 1.0))


class Keeper:
    """The queue's own duties."""

    def __init__(
        self, db: Database, jobs: Jobs, after_finish: Callable[[Sequence[Job]], Awaitable[None]]
    ) -> None:
        self._db, self._jobs, self._after_finish = db, jobs, after_finish

    async def mind_schedule(self, poll_seconds: float) -> None:
        """Let scheduled jobs fall due, on time to the next poll or better."""
        outage = Outage("schedule")
        while True:
            due: float | None = None
            try:
                while await self._jobs.fall_due(BATCH):
                    pass
                due = await self._jobs.next_due()
                outage.over()
            except Exception as error:  # noqa: BLE001 - an outage is waited for, anything else is raised anew.
                outage.note(error)
            await anyio.sleep(max(0.01, min(poll_seconds, poll_seconds if due is None else due)))

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
