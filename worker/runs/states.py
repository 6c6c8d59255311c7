"""Where a run goes by an event: one pure, total function.

``worker.move_run`` in the database holds the same table; a test compares the two, pair by pair, and another
compares the chart in ``docs/run-states.md``.
"""

from enum import StrEnum

from worker.errors import UnlawfulMove


class RunState(StrEnum):
    """Where a run can be; the last three are terminal."""

    PENDING = "pending"
    """No job of it has begun, or it waits for a place among its org's runs."""
    RUNNING = "running"
    PAUSED = "paused"
    """Held by an operator or by its budget; its reason says which."""
    COMPLETED = "completed"
    FAILED = "failed"
    """A job of it failed for good."""
    CANCELLED = "cancelled"


class RunEvent(StrEnum):
    """What can happen to a run."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"
    """By an operator, after it had ended."""
    WAIT = "wait"
    """It shall go on, and there is no place for it yet."""


_S, _E = RunState, RunEvent
LAWFUL = {
    (_S.PENDING, _E.START): _S.RUNNING,
    (_S.PENDING, _E.PAUSE): _S.PAUSED,
    (_S.RUNNING, _E.PAUSE): _S.PAUSED,
    (_S.PAUSED, _E.RESUME): _S.RUNNING,
    (_S.PENDING, _E.COMPLETE): _S.COMPLETED,
    (_S.RUNNING, _E.COMPLETE): _S.COMPLETED,
    (_S.PENDING, _E.FAIL): _S.FAILED,
    (_S.RUNNING, _E.FAIL): _S.FAILED,
    (_S.PENDING, _E.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _E.CANCEL): _S.CANCELLED,
    (_S.PAUSED, _E.CANCEL): _S.CANCELLED,
    (_S.COMPLETED, _E.RETRY): _S.RUNNING,
    (_S.FAILED, _E.RETRY): _S.RUNNING,
    (_S.CANCELLED, _E.RETRY): _S.RUNNING,
    (_S.PAUSED, _E.WAIT): _S.PENDING,
    (_S.COMPLETED, _E.WAIT): _S.PENDING,
    (_S.FAILED, _E.WAIT): _S.PENDING,
    (_S.CANCELLED, _E.WAIT): _S.PENDING,
}
TERMINAL = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED})


def move(state: RunState, event: RunEvent) -> RunState:
    """Say where a run goes; an unlawful pair raises ``UnlawfulMove`` and names both."""
    try:
        return LAWFUL[state, event]
    except KeyError:
        raise UnlawfulMove("run", state, event) from None


def chart() -> str:
    """Draw the table as a Mermaid state diagram, as it stands in the documentation."""
    arrows = [f"    {state} --> {target}: {event}" for (state, event), target in LAWFUL.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> pending", *arrows])
