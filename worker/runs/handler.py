"""What a handler is, also one that blocks, and how it is bound to the queue."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, assert_never, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationError

from worker.db import Database
from worker.queue.contract import Backoff, Cancel, Ending, Fail, Job, Kind, Retry
from worker.runs.blocking import Blocking
from worker.runs.outcome import ProcessDied
from worker.runs.work import Work


class JobPayload(BaseModel):
    """The typed input of a kind of job: frozen, and unknown keys are refused at the door."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


P_contra = TypeVar("P_contra", bound=JobPayload, contravariant=True)


class Handler(Protocol[P_contra]):
    """The code for one kind. Its fields are what it may touch; its class variables what it promises.

    ``takes`` is the model of its payload. ``handle`` answers how the work ended, and raises only when
    surprised; it may be begun again at any time from its last checkpoint. It may also promise a ``backoff``
    (``Backoff``): how long it waits before it is tried again.
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


AnyHandler: TypeAlias = Handler[Any] | BlockingHandler[Any]


def bind(
    handler: AnyHandler, db: Database, *, stopping: Callable[[], bool], blocking: Blocking | None = None
) -> Kind:
    """Make a kind of the queue from a handler: read the payload, enter the run, hand over the work.

    ``blocking`` are the worker's places for what blocks; without it, as in a test, the kind has its own.
    """
    return Kind(
        name=handler.kind,
        perform=_performer(handler, db, stopping, blocking or Blocking()),
        schema=handler.takes.model_json_schema(),
        queue=handler.queue,
        timeout=handler.timeout,
        max_attempts=handler.max_attempts,
        starts_run=handler.starts_run,
        backoff=getattr(handler, "backoff", Backoff()),
    )


def _performer(
    handler: AnyHandler, db: Database, stopping: Callable[[], bool], blocking: Blocking
) -> Callable[[Job], Awaitable[Ending]]:
    handle = _handling(handler)

    async def perform(job: Job) -> Ending:
        try:
            payload = handler.takes.model_validate_json(job.payload)
        except ValidationError as error:
            return Fail("bad_payload", _sentence(handler.kind, error))
        work = Work(db, job, stopping=stopping, blocking=blocking)
        if (nothing_to_do := await work.enter()) is not None:
            return Cancel(nothing_to_do)
        try:
            return await handle(work, payload)
        except ProcessDied as died:
            return Retry("process_died", str(died))

    return perform


def _handling(handler: AnyHandler) -> Callable[[Work, JobPayload], Awaitable[Ending]]:
    if not isinstance(handler, BlockingHandler):
        return handler.handle
    plain = handler.handle
    match handler.runs_in:
        case "thread":
            return lambda work, payload: work.in_thread(plain, payload)
        case "process":
            return lambda work, payload: work.in_process(plain, payload)
        case other:
            assert_never(other)


def _sentence(kind: str, error: ValidationError) -> str:
    problems = (f"{'.'.join(map(str, e['loc'])) or 'payload'}: {e['msg']}" for e in error.errors())
    return f"{kind} does not take this payload: {'; '.join(problems)}"
