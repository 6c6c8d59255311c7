"""Where a queue's live rows begin, for the time in which dead ones pile up before them.

A snapshot that somebody holds open keeps every job that was claimed since as a dead row at the front of the
index, and each claim walks past all of them to the first that lives. While that is quick it is nothing. When
it becomes slow, the claims that follow begin behind what was claimed last, and only now and then one looks
from the front: for jobs that wait again, fell due, or were committed late.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.queue.contract import Job

SLOW_SECONDS = 0.025
SHARE = 10
"""Of so much time, one part at most goes to claims from the front that are slow."""
MOST_PRIORITIES = 8
BELOW_ALL, ABOVE_ALL = -(2**31) - 1, 2**31


@dataclass(frozen=True, slots=True)
class Arms:
    """Where to look: from behind an id in each known priority, and at everything between and around those."""

    priorities: list[int]
    behind: list[int]
    above: list[int]
    below: list[int]


class Cursor:
    """One lane's place in the order of claiming, in use while claims from the front are slow.

    Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._behind: dict[int, int] = {}
        self._front_at = 0.0

    def in_use(self, now: float) -> bool:
        """Tell whether the next claim shall begin behind the cursor."""
        return now < self._front_at and bool(self._behind)

    def came_from_front(self, jobs: Sequence[Job], *, began: float, ended: float) -> None:
        """Learn how long a claim from the front took, and where it ended."""
        if ended - began > SLOW_SECONDS:
            self._front_at = ended + (ended - began) * (SHARE - 1)
            self.passed(jobs)

    def passed(self, jobs: Sequence[Job]) -> None:
        """Move on, past these jobs."""
        for job in jobs:
            if job.id > self._behind.get(job.priority, 0):
                self._behind[job.priority] = job.id
        for priority in list(self._behind)[:-MOST_PRIORITIES]:
            del self._behind[priority]

    def arms(self) -> Arms:
        """Say where to look, so that no priority is left out."""
        known = sorted(self._behind, reverse=True)
        edges = [ABOVE_ALL, *known, BELOW_ALL]
        return Arms(known, [self._behind[one] for one in known], above=edges[1:], below=edges[:-1])
