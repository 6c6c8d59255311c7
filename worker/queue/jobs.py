"""The jobs table as functions: one statement each, named alike in ``jobs.sql``."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from worker.db import Database, Record, statements
from worker.queue.contract import Job, Kinds
from worker.queue.cursor import Arms
from worker.queue.states import JobState

SQL = statements(Path(__file__).with_name("jobs.sql"))
LONGEST_TEXT = 8192
"""Characters of an error message that are kept: enough to understand, too few to hurt."""
LONGEST_CODE = 100
ANY_PRIORITY = (-(2**31), 2**31 - 1)


@dataclass(frozen=True, slots=True)
class Finished:
    """How one job ended for good, ready to be written."""

    job: Job
    state: JobState
    reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class PutBack:
    """How one job goes back to wait, ready to be written. ``counted``: the try was used up."""

    job: Job
    delay: timedelta
    counted: bool
    reason: str
    error_code: str | None = None
    error_message: str | None = None


def storable(text: str | None, longest: int = LONGEST_TEXT) -> str | None:
    """Make any text fit a column: no NUL, no lone surrogates, at most ``longest`` characters."""
    if text is None:
        return None
    # Cut before it is copied, for it may be huge, and afterwards, for what is scrubbed grows.
    clean = text[: longest + 1].replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _in_order(rows: Sequence[Record]) -> list[Job]:
    jobs = list(map(Job._make, rows))
    jobs.sort()  # By id; and by urgency, where there is any.
    if any(job.priority != jobs[0].priority for job in jobs):
        jobs.sort(key=lambda job: -job.priority)
    return jobs


class Jobs:
    """What a worker may do with jobs. Every write on behalf of a job is fenced by ``(id, fence)``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(
        self,
        queue: str,
        kinds: Sequence[str],
        limit: int,
        worker_id: UUID,
        *,
        only: int | None = None,
        within_limits: bool = False,
    ) -> list[Job]:
        """Take up to ``limit`` jobs of one queue, the most urgent first, for this worker.

        ``only``: of this priority. Jobs of limited kinds are taken ``within_limits`` alone.
        """
        statement = SQL["claim_within_limits" if within_limits else "claim"]
        band = ANY_PRIORITY if only is None else (only, only)
        return _in_order(await self._db.fetch(statement, queue, kinds, limit, worker_id, *band))

    async def claim_behind(
        self, queue: str, kinds: Sequence[str], limit: int, worker_id: UUID, arms: Arms
    ) -> list[Job]:
        """Take jobs as ``claim`` does, but none that stand before the cursor whose ``arms`` are given."""
        places = (arms.priorities, arms.behind, arms.above, arms.below)
        return _in_order(await self._db.fetch(SQL["claim_behind"], queue, kinds, limit, worker_id, *places))

    async def longest_waiting(self, queue: str, patience: timedelta) -> int | None:
        """The priority whose first job has waited longest, if longer than ``patience``."""
        priority: int | None = await self._db.fetchval(SQL["longest_waiting"], queue, patience)
        return priority

    async def limits(self, kinds: Sequence[str]) -> dict[str, set[str]]:
        """Which of these kinds are limited, and in which queues jobs of each wait."""
        return {row["kind"]: set(row["queues"]) for row in await self._db.fetch(SQL["limits"], kinds)}

    async def mark_limited(self, most: int) -> set[str]:
        """Mark up to ``most`` waiting jobs whose kind's limit was set or lifted; answers their queues."""
        return {row["queue"] for row in await self._db.fetch(SQL["mark_limited"], most)}

    async def unheard(self, queue: str, worker_id: UUID, known: Sequence[int]) -> list[Job]:
        """Find jobs of one queue that this worker holds without knowing: their claim's answer got lost."""
        return [Job(*row) for row in await self._db.fetch(SQL["unheard"], queue, worker_id, known)]

    async def finish(self, ended: Sequence[Finished]) -> set[int]:
        """Move ended jobs into the history; answers the ids that were still ours."""
        ordered = sorted(ended, key=lambda end: end.job.id)
        rows = await self._db.fetch(
            SQL["finish"],
            [end.job.id for end in ordered],
            [end.job.fence for end in ordered],
            [end.state for end in ordered],
            [storable(end.reason) for end in ordered],
            [storable(end.error_code, LONGEST_CODE) for end in ordered],
            [storable(end.error_message) for end in ordered],
            [end.result for end in ordered],
        )
        return {row["id"] for row in rows}

    async def complete(self, jobs: Sequence[Job]) -> set[int]:
        """Move jobs that are done, and have no result, into the history; answers the ids still ours."""
        ordered = sorted(jobs)
        ids, fences = [job.id for job in ordered], [job.fence for job in ordered]
        return {row["id"] for row in await self._db.fetch(SQL["complete"], ids, fences)}

    async def put_back(self, back: Sequence[PutBack]) -> set[int]:
        """Let jobs wait again; answers the ids that were still ours and not asked to be cancelled."""
        ordered = sorted(back, key=lambda one: one.job.id)
        rows = await self._db.fetch(
            SQL["put_back"],
            [one.job.id for one in ordered],
            [one.job.fence for one in ordered],
            [one.delay for one in ordered],
            [one.counted for one in ordered],
            [storable(one.reason) for one in ordered],
            [storable(one.error_code, LONGEST_CODE) for one in ordered],
            [storable(one.error_message) for one in ordered],
        )
        await self.announce({row["queue"] for row in rows if row["waits"]})
        return {row["id"] for row in rows}

    async def fall_due(self, limit: int) -> set[str]:
        """Let scheduled jobs whose time has come wait; answers the queues that have new work."""
        rows = await self._db.fetch(SQL["fall_due"], limit)
        await self.free_keys({row["concurrency_key"] for row in rows if row["concurrency_key"]})
        queues = {row["queue"] for row in rows}
        await self.announce(queues)
        return queues

    async def next_due(self) -> float | None:
        """Seconds until the next scheduled job falls due, below zero when it is late; None without one."""
        seconds: float | None = await self._db.fetchval(SQL["next_due"])
        return seconds

    async def free_keys(self, keys: Collection[str]) -> None:
        """Give concurrency keys that were let go of to the next job that waits for each."""
        if keys:
            await self._db.execute(SQL["free_keys"], sorted(keys))

    async def waiting_keys(self, limit: int) -> set[str]:
        """Keys that jobs wait for and nobody holds."""
        return {row["concurrency_key"] for row in await self._db.fetch(SQL["waiting_keys"], limit)}

    async def announce(self, queues: Collection[str]) -> None:
        """Wake the workers that sleep on these queues."""
        if queues:
            await self._db.execute(SQL["announce"], sorted(queues))

    async def fall_asleep(self, queue: str, worker_id: UUID) -> None:
        """Ask to be woken when there is work in a queue; look once more before sleeping."""
        await self._db.execute(SQL["fall_asleep"], queue, worker_id)

    async def wake_up(self, queue: str, worker_id: UUID) -> None:
        """Ask no more to be woken."""
        await self._db.execute(SQL["wake_up"], queue, worker_id)

    async def queues(self) -> list[str]:
        """Every queue there is."""
        return [row["queue"] for row in await self._db.fetch(SQL["queues"])]

    async def work_left(self, queues: Sequence[str], kinds: Sequence[str], horizon: timedelta) -> bool:
        """Tell whether a draining worker should stay: something waits, is at work, or falls due in time."""
        left: bool = await self._db.fetchval(SQL["work_left"], queues, kinds, horizon)
        return left

    async def publish(self, kinds: Kinds) -> None:
        """Tell the database which kinds there are and what their payloads look like."""
        known: list[Any] = [kinds.by_name[name] for name in kinds.names()]
        async with self._db.transaction() as connection:
            await connection.execute(
                SQL["publish_kinds"],
                [kind.name for kind in known],
                [kind.queue for kind in known],
                [json.dumps(kind.schema) for kind in known],
                [kind.max_attempts for kind in known],
                [kind.starts_run for kind in known],
            )
            await connection.execute(SQL["publish_queues"], kinds.queues())
