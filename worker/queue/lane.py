"""A lane: one queue's slots in this worker. Claims what its slots can work, and hands it to them."""

import asyncio
import random
import time
from collections.abc import Sequence
from uuid import UUID

import anyio

from worker import observe
from worker.queue.attempt import Attempt
from worker.queue.hand import Hand
from worker.queue.jobs import Jobs
from worker.queue.lease import Lease
from worker.queue.limits import Limits
from worker.queue.outage import Outage
from worker.queue.picking import Picking, room
from worker.queue.slot import Cut
from worker.queue.vitals import Vitals

BUSY_SECONDS = 0.5
LIMITED_SECONDS = 0.1
"""How often a lane asks whether a limit has room again: nobody announces that."""
UNHEARD = "the claim's answer got lost"
UNHEARD_SECONDS = 10.0
"""So long after a claim broke off, the server has ended it one way or the other."""
CLAIM_SECONDS = 4.0
MOST_CLAIM_SECONDS = 30.0
"""A claim takes milliseconds. One that takes this long met a dead connection, or a server that needs longer:
so the limit is short at first, and doubled as long as claims break off."""


class Lane:
    """As many jobs of one queue at once as the hand has slots; each counts until its ending is committed."""

    def __init__(
        self,
        queue: str,
        *,
        poll_seconds: float,
        jobs: Jobs,
        picking: Picking,
        limits: Limits,
        hand: Hand,
        lease: Lease,
        vitals: Vitals,
    ) -> None:
        self.queue = queue
        self.ended = asyncio.Event()
        """Set when the lane has been stopped and everything it had taken has ended."""
        self._poll_seconds = poll_seconds
        self._jobs, self._picking, self._limits, self._hand = jobs, picking, limits, hand
        self._lease, self._vitals = lease, vitals
        hand.on_room = self._on_room
        self._look_for_unheard: list[float] = []
        self._outage = Outage("claim")
        self._claim_seconds = CLAIM_SECONDS
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
        self._hand.stop()
        self._news.set()
        self._on_room()

    def _on_room(self) -> None:
        self._freed.set()
        if self._limits.in_force:
            self._news.set()
        # A claim under way may still bring jobs, which must be handed back before the lane is over.
        if not self._claiming and not self._hand.taken():
            self.ended.set()

    def cut_off(self, why: Cut, *, only: int | None = None) -> None:
        """Cancel what is at work; ``only`` the job of that id."""
        self._hand.cut_off(why, only=only)

    def settled(self, attempts: Sequence[Attempt], ours: set[int]) -> None:
        """Hear which endings are committed, and which of them were still ``ours``."""
        self._hand.settled(attempts, ours)

    async def run(self) -> None:
        """Work until stopped; returns when the last slot is empty."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._hand.work, group)
            await self._claim_until_stopped()
            self._claiming = False
            self._on_room()
            await self.ended.wait()
            group.cancel_scope.cancel()

    async def _claim_until_stopped(self) -> None:
        while not self._stopping:
            self._news.clear()
            self._freed.clear()
            try:
                rest_on = await self._round()
                self._outage.over()
                self._claim_seconds = CLAIM_SECONDS
                self._vitals.claimed = time.monotonic()
            except Exception as error:  # noqa: BLE001 - an outage is waited for, anything else is raised anew.
                self._outage.note(error)
                self._claim_seconds = min(MOST_CLAIM_SECONDS, self._claim_seconds * 2)
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
        # What a limit counts from its claim shall begin at once.
        ahead = self._hand.works_short_jobs() and not self._limits.in_force
        wanted = room(slots=self._hand.slots, taken=self._hand.taken(), short=ahead)
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
        with anyio.fail_after(self._claim_seconds):
            claimed = await self._picking.claim(wanted, holder)
        self._hand.take_up(claimed, holder)
        observe.jobs_claimed(queue=self.queue, count=len(claimed))
        return len(claimed)

    async def _hand_back_unheard(self) -> None:
        """A claim that broke off may have been committed: what it took would wait for us for ever."""
        holder = self._lease.worker_id
        found = await self._jobs.unheard(self.queue, holder, self._hand.ids())
        self._hand.give_back(found, holder, UNHEARD)
        self._look_for_unheard.pop(0)

    async def _rest(self, event: asyncio.Event) -> None:
        limited = self._limits.in_force and self._limits.hold_up(self.queue)
        longest = min(self._poll_seconds, LIMITED_SECONDS) if limited else self._poll_seconds
        with anyio.move_on_after(longest * random.uniform(0.8, 1.0)):
            await event.wait()
