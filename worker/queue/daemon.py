"""The daemon: lanes, lease, wake-up, finisher and keeper of one worker process, in one task group."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import anyio
import anyio.abc

from worker import observe
from worker.db import Database, is_outage
from worker.queue.attempt import Attempt
from worker.queue.contract import Job, Kinds
from worker.queue.finisher import Finisher
from worker.queue.hand import Hand
from worker.queue.jobs import Jobs
from worker.queue.keeper import Duty, Keeper, every
from worker.queue.lane import Lane
from worker.queue.lease import Lease
from worker.queue.limits import Limits
from worker.queue.picking import Picking
from worker.queue.slot import Cut
from worker.queue.suspects import Suspects
from worker.queue.vitals import Vitals
from worker.queue.wakeup import Ears, listen

DRAIN_HORIZON = timedelta(seconds=60)
"""A draining worker waits for jobs that fall due this soon, and no longer."""
DRAIN_LOOK_SECONDS = 0.2
PROMPT_SECONDS = 6.0
"""The queue's own statements take milliseconds: one that takes so long was sent to a peer that is gone."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker keeps time; seconds, as in the settings."""

    concurrency: int
    lease_seconds: float
    heartbeat_seconds: float
    rescue_seconds: float
    poll_seconds: float
    grace_seconds: float
    stall_seconds: float
    patience_seconds: float


class Daemon:
    """One worker process's share of the queue. ``stop`` asks it to end; ``run`` returns when it has."""

    def __init__(
        self,
        db: Database,
        *,
        direct_url: str,
        kinds: Kinds,
        pace: Pace,
        vitals: Vitals,
        queues: Sequence[str] = (),
        drain: bool = False,
        after_finish: Callable[[Sequence[Job]], Awaitable[None]],
        on_steering: Callable[[], None] = lambda: None,
        duties: Sequence[Duty] = (),
    ) -> None:
        self.worn_out = False
        """Set when the process is to be replaced: handlers that cannot be cancelled hold too many slots."""
        prompt = db.hurried(PROMPT_SECONDS)
        self._db, self._jobs = prompt, Jobs(prompt)
        self._direct_url, self._pace, self._vitals = direct_url, pace, vitals
        self._ears = Ears(self._on_news, on_steering)
        self._kinds = Suspects(prompt).kept_apart(kinds)
        self._only, self._drain, self._duties = list(queues), drain, duties
        self._finisher = Finisher(self._jobs, on_written=self._settled, after_finish=after_finish)
        self._keeper = Keeper(prompt, self._jobs, after_finish)
        self._limits = Limits(self._jobs, kinds.names())
        self._lanes: dict[str, Lane] = {}
        self._stop = anyio.Event()
        self._lease = Lease(
            direct_url,
            lease=timedelta(seconds=pace.lease_seconds),
            beat=timedelta(seconds=pace.heartbeat_seconds),
            stall=timedelta(seconds=pace.stall_seconds),
            vitals=vitals,
        )

    def stop(self) -> None:
        """Begin to end: no new claims, handlers are told, the unfinished is handed back within the grace."""
        self._stop.set()

    def cut_off(self, job: int) -> None:
        """Cancel the handler of one job, because nobody wants it to go on."""
        for lane in self._lanes.values():
            lane.cut_off(Cut.UNWANTED, only=job)

    async def run(self) -> None:
        """Work until told to stop, or until nothing is left when draining."""
        try:
            if await self._got_lease():
                await self._serve()
        finally:
            self._lease.abandon()  # Unless it was stopped in order: let it run out at once.
        observe.say("worker_stopped", worker=str(self._lease.worker_id))

    async def _serve(self) -> None:
        async with anyio.create_task_group() as housekeeping:
            housekeeping.start_soon(self._lease.watch, partial(self._cut_off, Cut.LAPSED))
            housekeeping.start_soon(self._finisher.run)
            async with anyio.create_task_group() as lanes:
                await self._open_first_lanes(lanes)
                self._start_housekeeping(housekeeping, lanes)
                self._vitals.claiming = self._vitals.ready = True
                observe.say("worker_started", worker=str(self._lease.worker_id), queues=sorted(self._lanes))
                await self._stop.wait()
                lanes.start_soon(self._wind_down)
            housekeeping.cancel_scope.cancel()
        await self._lease.stop()

    async def _got_lease(self) -> bool:
        """Register; False when told to stop first, as when the database never answered."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._give_up_when_stopped, group.cancel_scope)
            await self._lease.start()
            group.cancel_scope.cancel()
        return not self._stop.is_set()

    async def _give_up_when_stopped(self, scope: anyio.CancelScope) -> None:
        await self._stop.wait()
        scope.cancel()

    def _start_housekeeping(self, group: anyio.abc.TaskGroup, lanes: anyio.abc.TaskGroup) -> None:
        pace = self._pace
        group.start_soon(listen, self._direct_url, self._db, self._ears)
        group.start_soon(self._keeper.mind_schedule, pace.poll_seconds)
        duties = [
            Duty("rescue", pace.rescue_seconds, self._keeper.rescue_the_dead),
            Duty("keys", pace.rescue_seconds, self._keeper.free_forgotten_keys),
            Duty("limits", pace.poll_seconds, self._limits.refresh),
            Duty("marks", pace.rescue_seconds, self._limits.mark),
            Duty("queues", pace.poll_seconds, lambda: self._open_lanes(lanes)),
            *self._duties,
        ]
        for duty in duties:
            group.start_soon(every, duty)
        if self._drain:
            group.start_soon(self._stop_when_drained)

    async def _open_first_lanes(self, group: anyio.abc.TaskGroup) -> None:
        """A database that goes away just now is no reason to end: the duty looks again."""
        try:
            await self._open_lanes(group)
        except Exception as error:
            if not is_outage(error):
                raise

    async def _open_lanes(self, group: anyio.abc.TaskGroup) -> None:
        """A queue that appears gets its lane; a worker that was given queues serves those alone."""
        for queue in self._only or await self._jobs.queues():
            if queue not in self._lanes and not self._stop.is_set():
                self._lanes[queue] = lane = self._lane(queue)
                group.start_soon(lane.run)

    def _lane(self, queue: str) -> Lane:
        patience = timedelta(seconds=self._pace.patience_seconds)
        picking = Picking(queue, self._jobs, self._kinds.names(), limits=self._limits, patience=patience)
        return Lane(
            queue,
            hand=Hand(
                slots=self._pace.concurrency,
                kinds=self._kinds,
                finisher=self._finisher,
                lease=self._lease,
                on_worn_out=self._recycle,
            ),
            picking=picking,
            poll_seconds=self._pace.poll_seconds,
            jobs=self._jobs,
            limits=self._limits,
            lease=self._lease,
            vitals=self._vitals,
        )

    def _recycle(self) -> None:
        if not self.worn_out:
            self.worn_out = True
            observe.say("worker_worn_out", level="error", worker=str(self._lease.worker_id))
            self.stop()

    def _on_news(self, queue: str) -> None:
        for lane in [self._lanes[queue]] if queue in self._lanes else list(self._lanes.values()):
            lane.wake()

    def _cut_off(self, why: Cut) -> None:
        for lane in self._lanes.values():
            lane.cut_off(why)

    def _settled(self, attempts: Sequence[Attempt], ours: set[int]) -> None:
        by_queue: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            by_queue.setdefault(attempt.job.queue, []).append(attempt)
        for queue, some in by_queue.items():
            self._lanes[queue].settled(some, ours)

    async def _wind_down(self) -> None:
        """Handlers get most of the grace to reach a safe point; then they are cancelled, then the process."""
        self._vitals.stopping, self._vitals.claiming = True, False
        observe.say("worker_stopping", grace_seconds=self._pace.grace_seconds)
        self._lease.must_exit_within(self._pace.grace_seconds + 0.5)
        for lane in self._lanes.values():
            lane.stop()
        with anyio.move_on_after(self._pace.grace_seconds * 0.8):
            for lane in self._lanes.values():
                await lane.ended.wait()
        self._cut_off(Cut.STOPPING)

    async def _stop_when_drained(self) -> None:
        while True:
            try:
                queues = self._only or sorted(self._lanes)
                if not await self._jobs.work_left(queues, self._kinds.names(), DRAIN_HORIZON):
                    return self.stop()
            except Exception as error:
                if not is_outage(error):
                    raise
            await anyio.sleep(DRAIN_LOOK_SECONDS)
