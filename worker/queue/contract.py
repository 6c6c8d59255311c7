"""The words the queue shares with the rest: a job, how an attempt may end, and what a kind promises.

A leaf: imports nothing of ours.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID


class Job(NamedTuple):
    """One claimed row, as it was when it was claimed.

    ``fence`` proves that it is ours; ``payload`` and ``checkpoint`` are JSON text, read by whoever knows
    their shape; ``attempt`` counts this try.
    """

    id: int
    fence: int
    kind: str
    queue: str
    payload: str
    attempt: int
    max_attempts: int
    crashes: int
    run_id: UUID | None
    checkpoint: str | None
    concurrency_key: str | None
    waited: float
    """Seconds from when it could first have been claimed to when it was, by the database's clock."""
    priority: int = 0
    traceparent: str | None = None
    """The trace in which it was enqueued, as W3C's trace context has it; None where there was none."""


STOPPING = "worker stopping"
"""Why work is handed back by a worker that was told to stop."""


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done. ``result`` is kept with the job's history, as JSON."""

    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Snooze:
    """Not now: again after ``delay``, and this try does not count."""

    delay: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """It went wrong: again after ``delay``, or after the kind's own backoff; this try counts."""

    code: str
    message: str
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """There is nothing to do, or nobody wants it any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Fail:
    """It will not work by trying again."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class HandBack:
    """Not the job's fault: to whoever claims it next, and this try does not count."""

    reason: str
    delay: timedelta = timedelta(0)


Ending: TypeAlias = Done | Snooze | Retry | Cancel | Fail | HandBack


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a kind waits before it is tried again where nobody says: any time up to a bound.

    The bound is ``first`` after the first try, doubles with each, and is never more than ``longest``.
    """

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is promised of a kind of job: its lane, its limits, how it is tried again.

    ``schema`` is the JSON Schema of its payload. ``perform`` works one job and answers how it ended; it may
    raise, and may be cancelled.
    """

    name: str
    perform: Callable[[Job], Awaitable[Ending]]
    schema: Mapping[str, Any]
    queue: str = "default"
    timeout: timedelta = timedelta(minutes=10)
    max_attempts: int = 5
    backoff: Backoff = Backoff()
    starts_run: bool = False


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds one worker knows, by name."""

    by_name: Mapping[str, Kind] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Their names, sorted."""
        return sorted(self.by_name)

    def queues(self) -> list[str]:
        """The queues they run in when nobody says otherwise, sorted."""
        return sorted({kind.queue for kind in self.by_name.values()})
