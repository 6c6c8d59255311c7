"""A lane: one queue's slots in this worker. Claims what its slots can work, and hands it to them."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from uuid import UUID

import anyio

from worker import observe
from worker.queue.attempt import Attempt
from worker.queue.contract import Done, Ending, HandBack, Kinds
from worker.queue.executor import code_and_reason, name_of
from worker.queue.finisher import Finisher
from worker.queue.jobs import Jobs
from worker.queue.lease import Lease
from worker.queue.outage import Outage
from worker.queue.slot import LAPSED, STOPPING, Cut, Slot
from worker.queue.vitals import Vitals

LARGEST_CLAIM = 500
AHEAD = 3
"""Times its slots that a lane may have taken while its jobs are short."""
LOOK_SECONDS = 0.1
SHORT_SECONDS = 0.05
"""Jobs that take less on average are claimed ahead of free slots, so that claiming and working overlap."""
BUSY_SECONDS = 0.5
UNHEARD = "the claim's answer got lost"
UNHEARD_SECONDS = 10.0
"""So long after a claim broke off, the server has ended it one way or the other."""
TOO_FAR_AHEAD = "claimed ahead for too long"
LONGEST_AHEAD_SECONDS = 1.0
"""A job that was claimed ahead and has not begun by then goes back to whoever is faster."""


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


class Lane:
    """``slots`` jobs of one queue at a time; a slot is free again when its job's ending is committed."""

    def __init__(
        self,
        queue: str,
        *,
        slots: int,
        poll_seconds: float,
        kinds: Kinds,
        jobs: Jobs,
        finisher: Finisher,
        lease: Lease,
        vitals: Vitals,
    ) -> None:
        self.queue = queue
        self.ended = asyncio.Event()
        """Set when the lane has been stopped and everything it had taken has ended."""
        self._poll_seconds = poll_seconds
        self._kind_names = kinds.names()
        self._jobs, self._finisher, self._lease, self._vitals = jobs, finisher, lease, vitals
        self._slots = [Slot(kinds) for _ in range(slots)]
        self._ready: deque[Attempt] = deque()
        self._resting: deque[asyncio.Future[None]] = deque()
        self._in_hand: set[Attempt] = set()
        self._look_for_unheard: list[float] = []
        self._average = 1.0
        self._outage = Outage("claim")
        self._asleep_as: UUID | None = None
        self._busy_since: float | None = None
        self._stopping = False
        self._claiming = True
        self._news = asyncio.Event()
        self._freed = asyncio.Event()

    def wake(self) -> None:
        """Look for work now: there may be some."""
        self._news.set()

    def stop(self) -> None:
        """Claim no more; what is at work goes on, what has not begun is handed back at once."""
        self._stopping = True
        self._hand_back_unbegun(claimed_before=time.monotonic() + 1)
        self._news.set()
        self._freed.set()
        self._end_if_empty()

    def cut_off(self, why: Cut) -> None:
        """Cancel what is at work."""
        for slot in self._slots:
            slot.cut_off(why)

    async def run(self) -> None:
        """Work until stopped; returns when the last slot is empty."""
        async with anyio.create_task_group() as group:
            for slot in self._slots:
                group.start_soon(slot.serve, self._take, self._wait, self._conclude)
            group.start_soon(self._look_after_slots)
            await self._claim_until_stopped()
            self._claiming = False
            self._end_if_empty()
            await self.ended.wait()
            group.cancel_scope.cancel()

    def settled(self, attempts: Sequence[Attempt], ours: set[int]) -> None:
        """Free the slots of attempts whose endings are committed, or were refused (not in ``ours``)."""
        self._in_hand.difference_update(attempts)
        for attempt in attempts:
            if attempt.job.id in ours:
                _report(attempt)
            else:
                observe.lease_lost(kind=attempt.job.kind, job=attempt.job.id)
        self._freed.set()
        self._end_if_empty()

    async def _claim_until_stopped(self) -> None:
        while not self._stopping:
            self._news.clear()
            self._freed.clear()
            try:
                rest_on = await self._round()
                self._outage.over()
                self._vitals.claimed = time.monotonic()
            except Exception as error:  # noqa: BLE001 - an outage is waited for, anything else is raised anew.
                self._outage.note(error)
                now = time.monotonic()
                self._look_for_unheard = [now, now + UNHEARD_SECONDS]
                rest_on = self._news
            if rest_on is not None:
                await self._rest(rest_on)

    async def _round(self) -> asyncio.Event | None:
        """Claim once; answers what to rest on before the next round, None to go on at once."""
        if not self._lease.held():
            return self._news
        if self._look_for_unheard and time.monotonic() >= self._look_for_unheard[0]:
            await self._hand_back_unheard()
        wanted = room(slots=len(self._slots), taken=len(self._in_hand), short=self._average < SHORT_SECONDS)
        if not wanted:
            return self._freed
        if await self._claim(wanted) == wanted:
            await self._stay_awake()
            return None
        return self._news if await self._is_marked_asleep() else None

    async def _is_marked_asleep(self) -> bool:
        """Mark this lane as one to be woken; False when that is new, and one more look is due."""
        self._busy_since = None
        if self._asleep_as == self._lease.worker_id:
            return True
        holder = self._lease.worker_id
        await self._jobs.fall_asleep(self.queue, holder)
        self._asleep_as = holder
        return False

    async def _stay_awake(self) -> None:
        """Take the mark away once there has been more than enough to do for a while."""
        now = time.monotonic()
        self._busy_since = self._busy_since or now
        if self._asleep_as is not None and now - self._busy_since > BUSY_SECONDS:
            await self._jobs.wake_up(self.queue, self._asleep_as)
            self._asleep_as = None

    async def _claim(self, wanted: int) -> int:
        holder = self._lease.worker_id
        claimed = await self._jobs.claim(self.queue, self._kind_names, wanted, holder)
        attempts = [Attempt(job, holder) for job in claimed]
        self._in_hand.update(attempts)
        self._ready.extend(attempts)
        observe.JOBS_CLAIMED.labels(self.queue).inc(len(claimed))
        if self._stopping:
            self._hand_back_unbegun(claimed_before=time.monotonic() + 1)
        self._wake_slots(1)
        # One slot works off many jobs that never wait; only if it does wait are the others needed.
        asyncio.get_running_loop().call_soon(self._wake_slots, len(claimed))
        return len(claimed)

    def _wake_slots(self, most: int) -> None:
        for _ in range(min(most, len(self._ready), len(self._resting))):
            self._resting.popleft().set_result(None)

    async def _hand_back_unheard(self) -> None:
        """A claim that broke off may have been committed: what it took would wait for us for ever."""
        holder = self._lease.worker_id
        known = [attempt.job.id for attempt in self._in_hand]
        for job in await self._jobs.unheard(self.queue, holder, known):
            attempt = Attempt(job, holder)
            self._in_hand.add(attempt)
            self._hand_back(attempt, UNHEARD)
        self._look_for_unheard.pop(0)

    async def _rest(self, event: asyncio.Event) -> None:
        with anyio.move_on_after(self._poll_seconds * random.uniform(0.8, 1.0)):
            await event.wait()

    def _take(self) -> Attempt | None:
        while self._ready:
            attempt = self._ready.popleft()
            if attempt.holder is self._lease.worker_id and self._lease.held():
                job = attempt.job
                observe.job_started(queue=self.queue, waited=time.time() - job.enqueued_at.timestamp())
                return attempt
            self._hand_back(attempt, LAPSED)
        return None

    async def _wait(self) -> Attempt:
        while (attempt := self._take()) is None:
            woken = asyncio.get_running_loop().create_future()
            self._resting.append(woken)
            await woken
        return attempt

    def _conclude(self, attempt: Attempt, ending: Ending | None) -> None:
        if ending is None:
            self._drop(attempt)
            return
        attempt.end(ending)
        self._average += 0.1 * (attempt.seconds() - self._average)
        self._finisher.put(attempt)

    def _drop(self, attempt: Attempt) -> None:
        observe.lease_lost(kind=attempt.job.kind, job=attempt.job.id)
        self._in_hand.discard(attempt)
        self._freed.set()
        self._end_if_empty()

    async def _look_after_slots(self) -> None:
        while True:
            await anyio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for slot in self._slots:
                if slot.overdue(now):
                    slot.cut_off(Cut.TIMEOUT)
            self._hand_back_unbegun(claimed_before=now - LONGEST_AHEAD_SECONDS)

    def _hand_back_unbegun(self, *, claimed_before: float) -> None:
        while self._ready and self._ready[0].claimed < claimed_before:
            self._average = max(self._average, SHORT_SECONDS)  # Claim no further ahead.
            self._hand_back(self._ready.popleft(), STOPPING if self._stopping else TOO_FAR_AHEAD)

    def _hand_back(self, attempt: Attempt, why: str) -> None:
        # Also when the lease has lapsed: the fence decides whose the job is, and ours must not lie about.
        attempt.end(HandBack(why))
        self._finisher.put(attempt)

    def _end_if_empty(self) -> None:
        # A claim under way may still bring jobs, which must be handed back before the lane is over.
        if not self._claiming and not self._in_hand:
            self.ended.set()


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
        seconds=attempt.seconds(),
        run=job.run_id,
        code=code,
        why=why,
    )
