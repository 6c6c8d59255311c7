"""Suspects: jobs that one more crash would set aside. Never two of them at work in one process.

Whatever dies with a process has a crash counted, the culprit and the innocent alike. That is how a suspect is
found; to tell them apart, each must then be seen without the others. So a worker that is at work on one hands
the next one back, and rescue strikes no job that had another suspect beside it.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from worker.db import Database, statements
from worker.queue.contract import Ending, HandBack, Job, Kind, Kinds
from worker.queue.rescue import CRASH_LIMIT

SQL = statements(Path(__file__).with_name("suspects.sql"))
SUSPECTED = CRASH_LIMIT - 1
BESIDE_ANOTHER = "it may be what its workers died of: not beside another such job"
AGAIN_SECONDS = 5.0
"""About so long after it was handed back, a suspect is offered again."""

Perform = Callable[[Job], Awaitable[Ending]]


class Suspects:
    """Who of the suspects is at work in this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._at_work: int | None = None

    def kept_apart(self, kinds: Kinds) -> Kinds:
        """Return the same kinds, whose suspects are worked one at a time; ordinary jobs cost nothing more."""
        return Kinds({name: self._watched(kind) for name, kind in kinds.by_name.items()})

    def _watched(self, kind: Kind) -> Kind:
        work = kind.perform

        def perform(job: Job) -> Awaitable[Ending]:
            return work(job) if job.crashes < SUSPECTED else self._apart(job, work)

        return replace(kind, perform=perform)

    async def _apart(self, job: Job, work: Perform) -> Ending:
        # Its crashes may lie long ago: only those since it last got on make it a suspect.
        in_a_row = await self._db.fetchval(SQL["crashes_in_a_row"], job.id, job.fence)
        if in_a_row is None or in_a_row < SUSPECTED:
            return await work(job)
        if self._at_work is not None:
            return HandBack(BESIDE_ANOTHER, timedelta(seconds=AGAIN_SECONDS * random.uniform(0.5, 1.5)))
        self._at_work = job.id
        try:
            return await work(job)
        finally:
            self._at_work = None
