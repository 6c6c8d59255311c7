"""A small model of the queue: two workers, a run with a budget, a job or two, and the provider they pay.

The moves of states are the product's own tables. What the model adds are fences, leases and money, and what
each worker believes it holds. Two things the product cannot know: ``genuine``, whether that belief is true,
and what the provider charged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple, TypeAlias

from worker.queue.states import TERMINAL, JobState
from worker.runs.prices import Repeat
from worker.runs.states import RunState

MAX_ATTEMPTS = 2
HIGHEST, TRUE = 2, 1
"""What a call is reserved at, and what one costs whose answer arrives; one whose answer is lost costs all."""


class Outcome(StrEnum):
    """How the item of a step went; ``AGAIN``: it failed, and is to be worked again."""

    NONE = ""
    COMPLETED = "completed"
    FAILED = "failed"
    AGAIN = "again"


class Step(NamedTuple):
    """One call of a job: its open reservation, its item, and what the provider knows of it.

    ``held`` is the fence that holds the reservation. ``unknown``: it may not be made again. ``allowed`` is
    how often the operator wants it made.
    """

    held: int | None = None
    unknown: bool = False
    item: Outcome = Outcome.NONE
    calls: int = 0
    charged: int = 0
    allowed: int = 1


class Job(NamedTuple):
    """One row. ``done`` is its checkpoint; ``later``: it has to wait; ``orphan``: its lease ran out."""

    steps: tuple[Step, ...]
    state: JobState = JobState.PENDING
    fence: int = 0
    attempt: int = 0
    crashes: int = 0
    done: int = 0
    unwanted: bool = False
    later: bool = False
    orphan: bool = False

    def step(self, at: int, **changes: object) -> "Job":
        """The same job with one step changed."""
        changed = self.steps[at]._replace(**changes)  # type: ignore[arg-type]
        return self._replace(steps=(*self.steps[:at], changed, *self.steps[at + 1 :]))

    def next_step(self) -> int | None:
        """What its handler works now: what failed before, then what comes after the checkpoint."""
        again = (at for at, step in enumerate(self.steps) if step.item is Outcome.AGAIN)
        return next(again, self.done if self.done < len(self.steps) else None)


class Paying(IntEnum):
    """Where a worker is with the call of its step. ``SKIPS``: nobody knows, and it goes on without."""

    NOTHING = 0
    RESERVED = 1
    ANSWERED = 2
    SKIPS = 3


class Worker(NamedTuple):
    """What one worker believes: the job it holds, and what it would show for it. ``told``: to stop.

    ``adopted``: its reservation was an earlier attempt's, or try's, whose call may have been made.
    """

    held: int | None = None
    fence: int = 0
    attempt: int = 0
    genuine: bool = False
    told: bool = False
    lapsed: bool = False
    saw_room: bool = False
    pays: Paying = Paying.NOTHING
    step: int = 0
    adopted: bool = False


class World(NamedTuple):
    """All of it at one moment.

    ``spent``, ``reserved``, ``processed`` and ``failed`` are the run's counters; ``gone`` is what the closed
    rows of the ledger add up to.
    """

    jobs: tuple[Job, ...]
    workers: tuple[Worker, ...] = (Worker(), Worker())
    run: RunState = RunState.PENDING
    cap: int = HIGHEST
    spent: int = 0
    reserved: int = 0
    gone: int = 0
    processed: int = 0
    failed: int = 0
    retried: bool = False

    def with_job(self, at: int, job: Job) -> "World":
        """The same world with another job in one place."""
        return self._replace(jobs=(*self.jobs[:at], job, *self.jobs[at + 1 :]))

    def job(self, at: int, **changes: object) -> "World":
        """The same world with one job changed."""
        return self.with_job(at, self.jobs[at]._replace(**changes))  # type: ignore[arg-type]

    def step(self, job: int, at: int, **changes: object) -> "World":
        """The same world with one step changed."""
        return self.with_job(job, self.jobs[job].step(at, **changes))

    def worker(self, at: int, worker: Worker) -> "World":
        """The same world with another worker in one place."""
        return self._replace(workers=(*self.workers[:at], worker, *self.workers[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in the product; a mutant breaks one of them.

    ``repeat`` is what making a call twice means; for a world of fewer cases ``without`` leaves moves out,
    and a job may kill as many workers as it likes where nobody ``quarantines``.
    """

    repeat: Repeat = Repeat.SAME_KEY
    without: frozenset[str] = frozenset()
    quarantines: bool = True
    fenced: bool = True
    fence_is_attempt: bool = False
    settle_fenced: bool = True
    budget_in_transaction: bool = True
    looks_at_the_run: bool = True
    taken_step_is_free: bool = True
    loss_is_spent: bool = True
    never_is_never: bool = True
    adopted_is_kept: bool = True


Move: TypeAlias = tuple[str, int]
Act: TypeAlias = Callable[[World, int, Rules], World | None]


class Broken(Exception):
    """A promise that a move broke."""

    move: Move


def start(jobs: int, steps: int = 1) -> World:
    """Jobs that wait, workers with nothing to do, a budget for one call."""
    return World(tuple(Job((Step(),) * steps) for _ in range(jobs)))


def ended(world: World) -> bool:
    """Whether every job has."""
    return all(job.state in TERMINAL for job in world.jobs)
