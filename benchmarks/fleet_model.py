"""A fleet of workers on one Postgres, simulated: each call's costs are given, what many do is found.

The server has cores, a log that is flushed for one group of commits at a time, and rows that are locked from
the claim until its commit, past which every other claim walks. A worker has slots, one thread, and at most
one claim and one batch of endings under way, of the sizes that production's own rule of claiming gives. The
same seed gives the same answer.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random

from worker.queue.finisher import LARGEST_BATCH
from worker.queue.hand import SHORT_SECONDS
from worker.queue.picking import room

NOTIFY_EVERY_SECONDS = 5.0
"""How often a worker that listens calls itself (``PROBE_SECONDS`` of ``worker.queue.wakeup``)."""
WARM_SHARE = 0.3
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured; seconds of processor time, but where it says otherwise."""

    claim: float
    """One claim, before its jobs."""
    claim_job: float
    finish: float
    finish_job: float
    skip: float
    """For each row that somebody else has locked, and a claim walks past."""
    empty: float
    """A claim that finds nothing."""
    beat: float
    wake: float
    """For each connection that listens, and each notification of any channel."""
    idle: float
    """Of the server, in a second, for a worker that waits: its beats, looks, duties and calls to itself."""
    worker_idle: float
    """The same of the worker itself."""
    worker_call: float
    """Of the worker, for a claim and an ending, before their jobs."""
    worker_job: float
    flush: float
    """Seconds until the log is on disk; nothing is computed meanwhile."""
    trip: float
    """Seconds on the way there and back, beside the call itself."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is simulated. ``shared``: the workers compute on the server's cores too.

    ``runs``: each job ends with a commit to the row of one of so many runs; 0: no job has a run.
    """

    workers: int
    slots: int
    job_seconds: float
    cores: int
    shared: bool = False
    runs: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A second of the fleet, on average; ``busy`` is the share of the server's cores that is in use."""

    jobs: float
    claim_ms: float
    batch: float
    busy: float


def background(costs: Costs, fleet: Fleet) -> float:
    """Cores taken by workers for being there: each by itself, and each call of one to itself wakes all."""
    each = costs.idle + (costs.worker_idle if fleet.shared else 0.0)
    return fleet.workers * (each + fleet.workers * costs.wake / NOTIFY_EVERY_SECONDS)


def simulate(costs: Costs, fleet: Fleet, *, seconds: float = 4.0, seed: int = 1) -> Outcome:
    """Let a fleet work a queue that never gets empty."""
    if background(costs, fleet) >= fleet.cores:
        return Outcome(0.0, 0.0, 0.0, 1.0)  # It is all spent on those that wait.
    return _Run(costs, fleet, Random(seed)).run(seconds)


@dataclass(slots=True)
class _Worker:
    taken: int = 0
    claiming: bool = False
    computing: bool = False
    writing: bool = False
    ready: int = 0
    running: int = 0
    unread: int = 0
    """Claims whose answer the worker has not yet computed with."""
    ended: int = 0


@dataclass
class _Run:
    costs: Costs
    fleet: Fleet
    chance: Random
    now: float = 0.0
    done: int = 0
    used: float = 0.0
    locked: int = 0
    claims: list[float] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._queue: deque[tuple[float, Callable[[], None]]] = deque()
        self._free_cores = self.fleet.cores
        self._slower = 1 / (1 - background(self.costs, self.fleet) / self.fleet.cores)
        self._flushing: list[Callable[[], None]] = []
        self._to_flush: list[Callable[[], None]] = []
        self._waits = bool(self.fleet.job_seconds or self.fleet.runs)
        self._rows: list[deque[Callable[[], None]]] = [deque() for _ in range(self.fleet.runs)]

    def run(self, seconds: float) -> Outcome:
        for _ in range(self.fleet.workers):
            self._after(self.chance.random() * 0.01, self._round_of(_Worker()))
        warm, before, used = seconds * WARM_SHARE, 0, 0.0
        while self._events and self._events[0][0] <= seconds:
            at, _, then = heapq.heappop(self._events)
            if self.now < warm <= at:
                before, used = self.done, self.used
                self.claims.clear()
                self.batches.clear()
            self.now = at
            then()
        length = seconds - warm
        busy = (self.used - used) / length / self.fleet.cores
        return Outcome(
            (self.done - before) / length, _mean(self.claims) * 1e3, _mean(self.batches), min(1.0, busy)
        )

    def _after(self, delay: float, then: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._order), then))

    def _around(self, seconds: float) -> float:
        return seconds * self.chance.uniform(1 - JITTER, 1 + JITTER)

    def _compute(self, seconds: float, then: Callable[[], None]) -> None:
        """Wait for a core of the server, and keep it for so long."""
        self._queue.append((self._around(seconds) * self._slower, then))
        self._give_cores()

    def _give_cores(self) -> None:
        while self._free_cores and self._queue:
            seconds, then = self._queue.popleft()
            self._free_cores -= 1
            self.used += seconds
            self._after(seconds, lambda then=then: self._core_back(then))  # type: ignore[misc]

    def _core_back(self, then: Callable[[], None]) -> None:
        self._free_cores += 1
        then()
        self._give_cores()

    def _commit(self, then: Callable[[], None]) -> None:
        """Return when the log is on disk; who comes meanwhile goes together, with the next flush."""
        self._to_flush.append(then)
        if not self._flushing:
            self._flush()

    def _flush(self) -> None:
        self._flushing, self._to_flush = self._to_flush, []
        if self._flushing:
            self._after(self.costs.flush, self._flushed)

    def _flushed(self) -> None:
        for then in self._flushing:
            then()
        self._flush()

    def _write_to_run(self, then: Callable[[], None]) -> None:
        """Commit to a run's row; whoever wants the same one waits until that is on disk."""
        waiting = self.chance.choice(self._rows)

        def write() -> None:
            self._compute(self.costs.beat, lambda: self._commit(written))

        def written() -> None:
            waiting.popleft()
            then()
            if waiting:
                waiting[0]()

        waiting.append(write)
        if len(waiting) == 1:
            write()

    def _round_of(self, worker: _Worker) -> Callable[[], None]:
        return lambda: self._round(worker)

    def _round(self, worker: _Worker) -> None:
        """Whatever this worker can begin now."""
        if not worker.claiming:
            wanted = room(
                slots=self.fleet.slots, taken=worker.taken, short=self.fleet.job_seconds < SHORT_SECONDS
            )
            if wanted:
                self._claim(worker, wanted)
        if not worker.writing and worker.ended:
            self._finish(worker)
        free = self.fleet.slots - worker.running if self._waits else worker.ready
        if not worker.computing and min(worker.ready, free):
            self._work(worker, min(worker.ready, free))

    def _claim(self, worker: _Worker, wanted: int) -> None:
        worker.claiming, began = True, self.now

        def ask() -> None:
            self.locked += wanted
            others = self.locked - wanted
            self._compute(self.costs.claim + wanted * self.costs.claim_job + others * self.costs.skip, commit)

        def commit() -> None:
            self._commit(answer)

        def answer() -> None:
            self.locked -= wanted
            self._after(self.costs.trip / 2, take)

        def take() -> None:
            self.claims.append(self.now - began)
            self.batches.append(wanted)
            worker.claiming = False
            worker.taken += wanted
            worker.ready += wanted
            worker.unread += 1
            self._round(worker)

        self._after(self.costs.trip / 2, ask)

    def _work(self, worker: _Worker, jobs: int) -> None:
        """The worker's thread begins so many jobs; each then takes its time in a slot, beside the others."""
        seconds = worker.unread * self.costs.worker_call + jobs * self.costs.worker_job
        worker.ready -= jobs
        worker.running += jobs
        worker.unread, worker.computing = 0, True

        def begun() -> None:
            worker.computing = False
            if self._waits:
                for _ in range(jobs):
                    self._after(self._around(self.fleet.job_seconds), worked)
            else:
                ended(jobs)
            self._round(worker)

        def worked() -> None:
            if self.fleet.runs:
                self._write_to_run(ended_one)
            else:
                ended_one()

        def ended_one() -> None:
            ended(1)
            self._round(worker)

        def ended(jobs: int) -> None:
            worker.running -= jobs
            worker.ended += jobs

        if self.fleet.shared:
            self._compute(seconds, begun)
        else:
            self._after(self._around(seconds), begun)

    def _finish(self, worker: _Worker) -> None:
        jobs = min(worker.ended, LARGEST_BATCH)
        worker.ended -= jobs
        worker.writing = True

        def ask() -> None:
            self._compute(self.costs.finish + jobs * self.costs.finish_job, commit)

        def commit() -> None:
            self._commit(lambda: self._after(self.costs.trip / 2, written))

        def written() -> None:
            worker.writing = False
            worker.taken -= jobs
            self.done += jobs
            self._round(worker)

        self._after(self.costs.trip / 2, ask)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
