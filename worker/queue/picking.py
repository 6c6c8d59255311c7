"""Which jobs a lane asks for: the most urgent, but now and then those that have waited longest."""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from worker.queue.contract import Job
from worker.queue.cursor import Cursor
from worker.queue.jobs import Jobs
from worker.queue.limits import Limits

EVERY = 10
"""Of so many claims in a row that came back full, one goes to the priority that has waited longest."""
LARGEST_CLAIM = 1000
AHEAD = 3
"""Times its slots that a lane may have taken while its jobs are short."""


def room(*, slots: int, taken: int, short: bool) -> int:
    """Say how many jobs to claim; ``taken`` counts what is claimed and not yet acknowledged as ended.

    As many as slots are free. When jobs are short, more than there are slots, by the half of the slots: so
    one part is being claimed while another is worked and a third is written. Then a small claim is put off,
    for many of them would cost more than the wait.
    """
    if not short:
        return max(0, min(slots - taken, LARGEST_CLAIM))
    free, bite = AHEAD * slots - taken, max(1, slots // 2)
    return min(free, bite, LARGEST_CLAIM) if free >= bite // 2 and free > 0 else 0


class Picking:
    """Claims from one queue; a job of any priority that has waited longer than ``patience`` has its turn.

    While there is always something more urgent to do, every tenth claim takes from the priority whose first
    job has waited longest. So whatever is enqueued above it, a backlog that was ``patience`` old gets a tenth
    of the worker.
    """

    def __init__(
        self, queue: str, jobs: Jobs, kinds: Sequence[str], *, limits: Limits, patience: timedelta
    ) -> None:
        self._queue, self._jobs, self._kinds = queue, jobs, kinds
        self._limits, self._patience = limits, patience
        self._cursor = Cursor()
        self._full_in_a_row = 0

    async def claim(self, wanted: int, holder: UUID) -> list[Job]:
        """Take up to ``wanted`` jobs, in the order in which they shall begin."""
        claimed = []
        if self._full_in_a_row >= EVERY - 1 and not self._cursor.in_use(time.monotonic()):
            claimed = await self._claim_longest_waiting(wanted, holder)
        if len(claimed) < wanted:
            claimed += await self._claim(wanted - len(claimed), holder)
        self._full_in_a_row = self._full_in_a_row + 1 if len(claimed) == wanted else 0
        return claimed

    async def _claim_longest_waiting(self, wanted: int, holder: UUID) -> list[Job]:
        self._full_in_a_row = -1  # What follows counts this claim.
        only = await self._jobs.longest_waiting(self._queue, self._patience)
        return [] if only is None else await self._claim_from_front(wanted, holder, only)

    async def _claim(self, wanted: int, holder: UUID) -> list[Job]:
        began = time.monotonic()
        if self._cursor.in_use(began) and not self._limits.in_force:
            jobs = await self._jobs.claim_behind(
                self._queue, self._kinds, wanted, holder, self._cursor.arms()
            )
            self._cursor.passed(jobs)
        else:
            jobs = await self._claim_from_front(wanted, holder)
            self._cursor.came_from_front(jobs, began=began, ended=time.monotonic())
        return jobs

    async def _claim_from_front(self, wanted: int, holder: UUID, only: int | None = None) -> list[Job]:
        return await self._jobs.claim(
            self._queue, self._kinds, wanted, holder, only=only, within_limits=self._limits.in_force
        )
