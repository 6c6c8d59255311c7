"""How long jobs wait while a fleet grows after its load: the autoscaler in its own time, workers simulated.

No process runs: a worker is so many slots that are there some seconds after it was asked for. So an hour is
simulated in seconds, and what differs is the target of the trigger ``wake`` alone.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from benchmarks.autoscaling import SYNC_SECONDS, Autoscaler, Rules, production
from benchmarks.figures import Figure, Scale, percentile

TARGETS = (20, 10, 5)
SLOTS = 10
JOB_SECONDS = 0.8
LOADS = (10, 20, 40, 80, 40, 20, 10)
"""Jobs a second, five minutes each."""
PHASE_SECONDS = 300.0
START_SECONDS = 10.0
"""From the decision until a new worker claims."""
WINDOW_SECONDS = 30.0


def measure(_: str, __: Scale) -> Sequence[Figure]:
    """Of each target, how long jobs wait in the worst half minute, and how many workers that takes."""
    return list(_figures())


def _figures() -> Iterator[Figure]:
    for target in TARGETS:
        worst, workers = waits(with_target(production(), target))
        name = f"pick-up p99 of the worst {WINDOW_SECONDS:.0f} s, a worker for each {target} jobs"
        yield Figure(name, worst, "s", note=f"at work or waiting; {workers:.1f} workers on average")


def with_target(rules: Rules, target: float) -> Rules:
    """The same rules with another target of ``wake``."""
    triggers = [replace(one, target=target) if one.name == "wake" else one for one in rules.triggers]
    return replace(rules, triggers=triggers)


def waits(rules: Rules) -> tuple[float, float]:
    """Let the loads come and go; answers the worst window's p99 of waits in seconds, and the mean fleet."""
    fleet = _Fleet(Autoscaler(rules), rules.least)
    now = 0.0
    for load in LOADS:
        for _ in range(round(load * PHASE_SECONDS)):
            now += 1 / load
            fleet.enqueue(now)
    windows: dict[int, list[float]] = {}
    for at, wait in fleet.waits:
        windows.setdefault(int(at // WINDOW_SECONDS), []).append(wait)
    return max(percentile(one, 0.99) for one in windows.values()), fmean(fleet.sizes)


@dataclass(slots=True)
class _Fleet:
    scaler: Autoscaler
    wanted: int
    waits: list[tuple[float, float]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    _next: float = 0.0
    _there: list[float] = field(default_factory=list)
    """When each free slot is, or was, first there."""
    _ending: list[float] = field(default_factory=list)
    _waiting: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._there = [0.0] * (self.wanted * SLOTS)

    def enqueue(self, now: float) -> None:
        """A job comes; whatever was due before happens first."""
        while self._next <= now:
            self._work(self._next)
            self._decide(self._next)
            self._next += SYNC_SECONDS
        self._work(now)
        self._waiting.append(now)
        self._work(now)

    def _work(self, now: float) -> None:
        """Free slots take what waits, at the moment at which both are there."""
        while self._waiting and (slot := self._first_free()) <= now:
            heapq.heappop(self._ending if self._ending and self._ending[0] == slot else self._there)
            came = self._waiting.pop(0)
            began = max(slot, came)
            self.waits.append((came, began - came))
            heapq.heappush(self._ending, began + JOB_SECONDS)

    def _first_free(self) -> float:
        return min(heap[0] for heap in (self._there, self._ending) if heap)

    def _decide(self, now: float) -> None:
        while self._ending and self._ending[0] <= now:
            heapq.heappush(self._there, heapq.heappop(self._ending))
        waiting, running = len(self._waiting), len(self._ending)
        oldest = now - self._waiting[0] if waiting else 0.0
        answers = {"depth": waiting, "oldest": oldest, "wake": waiting + running}
        before, self.wanted = self.wanted, self.scaler.decide(now, self.wanted, answers)
        self.sizes.append(self.wanted)
        for _ in range((self.wanted - before) * SLOTS):
            heapq.heappush(self._there, now + START_SECONDS)
        for _ in range((before - self.wanted) * SLOTS):
            # Those that stop are the first to be free: a worker that leaves ends what it has.
            heapq.heappop(self._there or self._ending)
