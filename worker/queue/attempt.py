"""One try at one job in this worker: what was claimed, when it began and ended, and how."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from worker.queue.contract import Done, Ending, Job
from worker.tracing import Span


@dataclass(slots=True, eq=False)
class Attempt:
    """A claimed job on its way through this worker. Times are monotonic seconds, 0 while not yet."""

    job: Job
    holder: UUID
    """The identity under which it was claimed."""
    claimed: float = field(default_factory=time.monotonic)
    started: float = 0.0
    ended: float = 0.0
    ending: Ending | None = None
    span: Span | None = None
    """Where its handler's work is traced; None before it begins, and where nothing is."""

    def end(self, ending: Ending) -> None:
        """Note how and when it ended."""
        self.ending = ending
        self.ended = time.monotonic()

    def waited(self) -> float:
        """Seconds from when it could be claimed to its handler's start."""
        return max(0.0, self.job.waited) + (self.started or self.ended) - self.claimed

    def seconds(self) -> float:
        """How long the handler worked; 0 if it never began."""
        return self.ended - self.started if self.started else 0.0

    def is_plainly_done(self) -> bool:
        """Tell whether there is nothing to say of it but that it is done."""
        return type(self.ending) is Done and self.ending.result is None
