"""A slot: a place where one job at a time is worked, and can be cut off."""

import time
from collections.abc import Awaitable, Callable
from enum import Enum

import anyio
import anyio.lowlevel

from worker import tracing
from worker.queue.attempt import Attempt
from worker.queue.contract import STOPPING, Ending, HandBack, Kinds
from worker.queue.executor import execute, timed_out

LAPSED = "lease lapsed"
UNWANTED = "run or job no longer wanted"
DEAF_SECONDS = 5.0
DEAF_WHILE_STOPPING_SECONDS = 0.5
"""A handler that is still at work so long after it was cancelled does not listen."""
LONGEST_TURN_SECONDS = 0.005
"""After so long without a wait the others of the event loop have their turn."""


class Cut(Enum):
    """Why a handler was cut off."""

    TIMEOUT = "timeout"
    STOPPING = "stopping"
    LAPSED = "lapsed"
    """The lease: the job may be somebody else's by now."""
    UNWANTED = "unwanted"
    """Its run was paused or cancelled, or the job itself, and it did not stop by itself."""


class Slot:
    """Works attempts one after the other under one cancel scope, made anew only after it was used.

    Most handlers end long before their limit. So the limit is a number that ``overdue`` looks at now and
    then, and not a timer of its own for each job.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._attempt: Attempt | None = None
        self._deadline = 0.0
        self._cut: Cut | None = None
        self._deaf_from = 0.0
        self._abandoned = False
        self._scope = anyio.CancelScope()

    def overdue(self, now: float) -> bool:
        """Tell whether the job in hand has passed its kind's limit and has not been cut off yet."""
        return self._attempt is not None and now > self._deadline and self._cut is None

    def works(self, job: int) -> bool:
        """Tell whether it is this job that is in hand, and has not been cut off yet."""
        return self._attempt is not None and self._attempt.job.id == job and self._cut is None

    def cut_off(self, why: Cut) -> None:
        """Cancel the handler of the job in hand, if there is one."""
        if self._attempt is not None:
            patience = DEAF_WHILE_STOPPING_SECONDS if why is Cut.STOPPING else DEAF_SECONDS
            self._cut, self._deaf_from = why, time.monotonic() + patience
            self._scope.cancel()

    def deaf(self, now: float) -> bool:
        """Tell whether the handler in hand was cut off long ago and goes on all the same."""
        return self._attempt is not None and self._cut is not None and now > self._deaf_from

    def abandon(self) -> tuple[Attempt, Ending | None]:
        """Give up on a deaf handler: answers its attempt and how that ends. What it still does, nobody hears.

        Nor can it write: the job is no longer running under its fence.
        """
        assert self._attempt is not None
        attempt, self._attempt = self._attempt, None
        self._abandoned = True
        return attempt, self._ending_of_the_cut(attempt)

    async def serve(
        self,
        take: Callable[[], Attempt | None],
        wait: Callable[[], Awaitable[Attempt]],
        conclude: Callable[[Attempt, Ending | None], None],
    ) -> None:
        """Work what ``take`` gives, or else ``wait``; ``conclude`` hears how each ended.

        An ending of None means that the job is no longer ours. Returns only when the slot was abandoned.
        """
        turn = time.monotonic()
        while True:
            with anyio.CancelScope() as self._scope:
                while True:
                    attempt = take()
                    if attempt is None:
                        attempt = await wait()
                        turn = time.monotonic()
                    self._begin(attempt)
                    ending = await execute(attempt.job, self._kinds)
                    if self._abandoned:
                        return
                    self._attempt = None
                    conclude(attempt, ending)
                    if self._cut is not None:
                        break  # The handler ended all the same; but this scope is used up.
                    if attempt.started - turn > LONGEST_TURN_SECONDS:
                        await anyio.lowlevel.checkpoint()
                        turn = time.monotonic()
            if self._abandoned:
                return
            if self._attempt is not None:
                attempt, self._attempt = self._attempt, None
                conclude(attempt, self._ending_of_the_cut(attempt))
            self._cut = None

    def _begin(self, attempt: Attempt) -> None:
        attempt.started = time.monotonic()
        self._deadline = attempt.started + self._kinds.by_name[attempt.job.kind].timeout.total_seconds()
        self._attempt = attempt
        if tracing.is_on():
            job = attempt.job
            attempt.span = tracing.job_began(
                kind=job.kind,
                queue=job.queue,
                job=job.id,
                attempt=job.attempt,
                run=job.run_id,
                traceparent=job.traceparent,
            )

    def _ending_of_the_cut(self, attempt: Attempt) -> Ending | None:
        match self._cut:
            case Cut.TIMEOUT:
                return timed_out(attempt.job, self._kinds)
            case Cut.STOPPING:
                return HandBack(STOPPING)
            case Cut.LAPSED:
                return HandBack(LAPSED)
            case Cut.UNWANTED:
                return HandBack(UNWANTED)
            case None:
                return None
