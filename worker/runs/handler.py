"""What a handler is, also one that blocks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict

from worker.queue.contract import Ending
from worker.runs.work import Work


class JobPayload(BaseModel):
    """The typed input of a kind of job: frozen, and unknown keys are refused at the door."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


P_contra = TypeVar("P_contra", bound=JobPayload, contravariant=True)


class Handler(Protocol[P_contra]):
    """The code for one kind. Its fields are what it may touch; its class variables what it promises.

    ``takes`` is the model of its payload. ``handle`` answers how the work ended, and raises only when
    surprised; it may be begun again at any time from its last checkpoint. It may also promise a ``backoff``
    (``Backoff``): how long it waits before it is tried again; a ``checkpoint_version`` (1 without it), to be
    counted up when what it writes into checkpoints changes; and an ``estimate`` (see ``Estimating``).
    """

    kind: ClassVar[str]
    queue: ClassVar[str]
    timeout: ClassVar[timedelta]
    max_attempts: ClassVar[int]
    starts_run: ClassVar[bool]
    takes: ClassVar[type[JobPayload]]

    async def handle(self, work: Work, payload: P_contra) -> Ending:
        """Work one job to an ending."""
        ...


@runtime_checkable
class BlockingHandler(Protocol[P_contra]):
    """The code for one kind that blocks by its nature: it computes, or uses a library that knows no await.

    ``handle`` is a plain function and has no ``Work``: it answers once, without a checkpoint. It is called in
    a thread or a process of the worker. There, the handler itself is pickled, with its payload and its
    answer; it is killed at its time limit, while a thread then goes on unheard.
    """

    kind: ClassVar[str]
    queue: ClassVar[str]
    timeout: ClassVar[timedelta]
    max_attempts: ClassVar[int]
    starts_run: ClassVar[bool]
    takes: ClassVar[type[JobPayload]]
    runs_in: ClassVar[Literal["thread", "process"]]

    def handle(self, payload: P_contra) -> Ending:
        """Work one job to an ending."""
        ...


@runtime_checkable
class Estimating(Protocol[P_contra]):
    """A handler that can say what a run of it is going to cost."""

    async def estimate(self, payload: P_contra) -> Decimal:
        """Cents, at the highest prices; made before the run begins, and shown."""
        ...


AnyHandler: TypeAlias = Handler[Any] | BlockingHandler[Any]
