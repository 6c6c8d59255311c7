"""What a lane has in its hand: jobs it has claimed and whose ending is not yet acknowledged."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

import anyio
import anyio.abc

from worker import observe, tracing
from worker.queue.attempt import Attempt
from worker.queue.contract import STOPPING, Done, Ending, HandBack, Job, Kinds
from worker.queue.executor import code_and_reason, name_of
from worker.queue.finisher import Finisher
from worker.queue.lease import Lease
from worker.queue.slot import LAPSED, Cut, Slot

LOOK_SECONDS = 0.1
SHORT_SECONDS = 0.05
"""Jobs that take less on average are claimed ahead of free slots, so that claiming and working overlap."""
TOO_FAR_AHEAD = "claimed ahead for too long"
LONGEST_AHEAD_SECONDS = 1.0
"""A job that was claimed ahead and has not begun by then goes back to whoever is faster."""
WORN_OUT = 0.25
"""With more of its slots than this share lost to handlers that do not let go, a process is to be replaced."""


class Hand:
    """Slots that work what was claimed, one job each at a time, and all between claim and acknowledgement.

    ``on_room`` hears that something has left the hand; ``on_worn_out`` that too many handlers do not let go.
    """

    on_room: Callable[[], None]

    def __init__(
        self,
        *,
        slots: int,
        kinds: Kinds,
        finisher: Finisher,
        lease: Lease,
        on_worn_out: Callable[[], None],
    ) -> None:
        self._kinds, self._finisher, self._lease = kinds, finisher, lease
        self._on_worn_out = on_worn_out
        self.slots = slots
        self._slots = [Slot(kinds) for _ in range(slots)]
        self._ready: deque[Attempt] = deque()
        self._resting: deque[asyncio.Future[None]] = deque()
        self._held: set[Attempt] = set()
        self._average = 1.0
        self._deaf = 0
        self._stopping = False

    def taken(self) -> int:
        """How many jobs are in the hand."""
        return len(self._held)

    def ids(self) -> list[int]:
        """The ids of the jobs in the hand."""
        return [attempt.job.id for attempt in self._held]

    def works_short_jobs(self) -> bool:
        """Tell whether the jobs that ended lately took so little that claiming ahead pays."""
        return self._average < SHORT_SECONDS

    def take_up(self, jobs: Sequence[Job], holder: UUID) -> None:
        """Take claimed jobs; they begin in this order as slots are free."""
        attempts = [Attempt(job, holder) for job in jobs]
        self._held.update(attempts)
        self._ready.extend(attempts)
        if self._stopping:
            self._return_unbegun(claimed_before=time.monotonic() + 1)
        self._wake_slots(1)
        # One slot works off many jobs that never wait; only if it does wait are the others needed.
        asyncio.get_running_loop().call_soon(self._wake_slots, len(attempts))

    def give_back(self, jobs: Sequence[Job], holder: UUID, why: str) -> None:
        """Hand back claimed jobs without beginning them."""
        for job in jobs:
            attempt = Attempt(job, holder)
            self._held.add(attempt)
            self._hand_back(attempt, why)

    def settled(self, attempts: Sequence[Attempt], ours: set[int]) -> None:
        """Let go of attempts whose endings are committed, or were refused (not in ``ours``)."""
        self._held.difference_update(attempts)
        for attempt in attempts:
            if attempt.job.id in ours:
                _report(attempt)
            else:
                _report_lost(attempt)
        self.on_room()

    def stop(self) -> None:
        """Hand back at once what has not begun; what is at work goes on."""
        self._stopping = True
        self._return_unbegun(claimed_before=time.monotonic() + 1)

    def cut_off(self, why: Cut, *, only: int | None = None) -> None:
        """Cancel what is at work; ``only`` the job of that id."""
        for slot in self._slots:
            if only is None or slot.works(only):
                slot.cut_off(why)

    async def work(self, group: anyio.abc.TaskGroup) -> None:
        """Let the slots work, and look after them, until cancelled."""
        for slot in self._slots:
            self._serve(slot, group)
        while True:
            await anyio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for place, slot in enumerate(self._slots):
                if slot.overdue(now):
                    slot.cut_off(Cut.TIMEOUT)
                elif slot.deaf(now):
                    self._slots[place] = self._replacement(slot, group)
            self._return_unbegun(claimed_before=now - LONGEST_AHEAD_SECONDS)

    def _serve(self, slot: Slot, group: anyio.abc.TaskGroup) -> None:
        group.start_soon(slot.serve, self._take, self._wait, self._conclude)

    def _replacement(self, deaf: Slot, group: anyio.abc.TaskGroup) -> Slot:
        """The job of a handler that swallows its cancellation ends without it; another slot takes over."""
        attempt, ending = deaf.abandon()
        observe.handler_deaf(kind=attempt.job.kind, job=attempt.job.id)
        self._conclude(attempt, ending)
        self._deaf += 1
        if self._deaf > WORN_OUT * len(self._slots):
            self._on_worn_out()
        slot = Slot(self._kinds)
        self._serve(slot, group)
        return slot

    def _take(self) -> Attempt | None:
        while self._ready:
            attempt = self._ready.popleft()
            if attempt.holder is self._lease.worker_id and self._lease.held():
                return attempt
            self._hand_back(attempt, LAPSED)
        return None

    async def _wait(self) -> Attempt:
        while (attempt := self._take()) is None:
            woken = asyncio.get_running_loop().create_future()
            self._resting.append(woken)
            await woken
        return attempt

    def _wake_slots(self, most: int) -> None:
        for _ in range(min(most, len(self._ready), len(self._resting))):
            self._resting.popleft().set_result(None)

    def _conclude(self, attempt: Attempt, ending: Ending | None) -> None:
        if ending is None:
            attempt.ended = time.monotonic()
            _report_lost(attempt)
            self._held.discard(attempt)
            self.on_room()
            return
        attempt.end(ending)
        self._average += 0.1 * (attempt.seconds() - self._average)
        self._finisher.put(attempt)

    def _return_unbegun(self, *, claimed_before: float) -> None:
        while self._ready and self._ready[0].claimed < claimed_before:
            self._average = max(self._average, SHORT_SECONDS)  # Claim no further ahead.
            self._hand_back(self._ready.popleft(), STOPPING if self._stopping else TOO_FAR_AHEAD)

    def _hand_back(self, attempt: Attempt, why: str) -> None:
        # Also when the lease has lapsed: the fence decides whose the job is, and ours must not lie about.
        attempt.end(HandBack(why))
        self._finisher.put(attempt)


def _report(attempt: Attempt) -> None:
    job, ending = attempt.job, attempt.ending
    assert ending is not None
    code, why = (None, None) if type(ending) is Done else code_and_reason(ending)
    observe.job_finished(
        kind=job.kind,
        queue=job.queue,
        job=job.id,
        attempt=job.attempt,
        ending=name_of(ending),
        waited=attempt.waited(),
        seconds=attempt.seconds(),
        run=job.run_id,
        code=code,
        why=why,
        trace=tracing.ids_of(attempt.span, job.traceparent),
    )
    if attempt.span is not None:
        tracing.job_ended(attempt.span, ending=name_of(ending), code=code, seconds=attempt.seconds())


def _report_lost(attempt: Attempt) -> None:
    observe.lease_lost(kind=attempt.job.kind, job=attempt.job.id)
    tracing.job_ended(attempt.span, ending="lease_lost", code=None, seconds=attempt.seconds())
