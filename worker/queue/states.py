"""Where a job goes by an event: one pure, total function.

The database's functions obey the same table; a test compares the two, pair by pair.
"""

from enum import StrEnum

from worker.errors import UnlawfulMove


class JobState(StrEnum):
    """Where a job can be; the last three are terminal."""

    SCHEDULED = "scheduled"
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobEvent(StrEnum):
    """What can happen to a job."""

    FALL_DUE = "fall due"
    CLAIM = "claim"
    COMPLETE = "complete"
    FAIL = "fail"
    POSTPONE = "postpone"
    """A retry or a snooze."""
    HAND_BACK = "hand back"
    """Also a rescue: it waits again."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    """By an operator, after it had ended."""


_S, _E = JobState, JobEvent
LAWFUL = {
    (_S.SCHEDULED, _E.FALL_DUE): _S.PENDING,
    (_S.SCHEDULED, _E.PAUSE): _S.PAUSED,
    (_S.SCHEDULED, _E.CANCEL): _S.CANCELLED,
    (_S.PENDING, _E.CLAIM): _S.RUNNING,
    (_S.PENDING, _E.PAUSE): _S.PAUSED,
    (_S.PENDING, _E.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _E.COMPLETE): _S.COMPLETED,
    (_S.RUNNING, _E.FAIL): _S.FAILED,
    (_S.RUNNING, _E.POSTPONE): _S.SCHEDULED,
    (_S.RUNNING, _E.HAND_BACK): _S.PENDING,
    (_S.RUNNING, _E.PAUSE): _S.PAUSED,
    (_S.RUNNING, _E.CANCEL): _S.CANCELLED,
    (_S.PAUSED, _E.RESUME): _S.PENDING,
    (_S.PAUSED, _E.CANCEL): _S.CANCELLED,
    (_S.FAILED, _E.RETRY): _S.PENDING,
    (_S.CANCELLED, _E.RETRY): _S.PENDING,
}
TERMINAL = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})


def move(state: JobState, event: JobEvent) -> JobState:
    """Say where a job goes; an unlawful pair raises ``UnlawfulMove`` and names both."""
    try:
        return LAWFUL[state, event]
    except KeyError:
        raise UnlawfulMove("job", state, event) from None
