"""What this worker knows of the limits of its kinds: the database decides, this says when to ask it."""

from collections.abc import Sequence

from worker.queue.jobs import Jobs

BATCH = 5000


class Limits:
    """Which kinds are limited, and in which queues their jobs wait; refreshed now and then.

    A stale answer breaks no limit: a plain claim gives no job of a limited kind.
    """

    def __init__(self, jobs: Jobs, kinds: Sequence[str]) -> None:
        self.in_force = False
        self._waiting: frozenset[str] = frozenset()
        self._jobs, self._kinds = jobs, kinds

    def hold_up(self, queue: str) -> bool:
        """Tell whether jobs wait in a queue for nothing but room: nobody announces that there is some."""
        return queue in self._waiting

    async def refresh(self) -> None:
        """Learn what operators have set since."""
        found = await self._jobs.limits(self._kinds)
        self.in_force = bool(found)
        self._waiting = frozenset(queue for queues in found.values() for queue in queues)

    async def mark(self) -> None:
        """Mark the waiting jobs of kinds whose limit was set or lifted, and wake who may claim them."""
        while queues := await self._jobs.mark_limited(BATCH):
            await self._jobs.announce(queues)
