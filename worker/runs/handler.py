"""What a handler is, and how it is bound to the queue."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from worker.db import Database
from worker.queue.contract import Cancel, Ending, Fail, Job, Kind
from worker.runs.work import Work


class JobPayload(BaseModel):
    """The typed input of a kind of job: frozen, and unknown keys are refused at the door."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


P_contra = TypeVar("P_contra", bound=JobPayload, contravariant=True)


class Handler(Protocol[P_contra]):
    """The code for one kind. Its fields are what it may touch; its class variables what it promises.

    ``takes`` is the model of its payload. ``handle`` answers how the work ended, and raises only when
    surprised; it may be begun again at any time from its last checkpoint.
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


def bind(handler: Handler[Any], db: Database, *, stopping: Callable[[], bool]) -> Kind:
    """Make a kind of the queue from a handler: read the payload, enter the run, hand over the work."""
    return Kind(
        name=handler.kind,
        perform=_performer(handler, db, stopping),
        schema=handler.takes.model_json_schema(),
        queue=handler.queue,
        timeout=handler.timeout,
        max_attempts=handler.max_attempts,
        starts_run=handler.starts_run,
    )


def _performer(
    handler: Handler[Any], db: Database, stopping: Callable[[], bool]
) -> Callable[[Job], Awaitable[Ending]]:
    async def perform(job: Job) -> Ending:
        try:
            payload = handler.takes.model_validate_json(job.payload)
        except ValidationError as error:
            return Fail("bad_payload", _sentence(handler.kind, error))
        work = Work(db, job, stopping=stopping)
        if (nothing_to_do := await work.enter()) is not None:
            return Cancel(nothing_to_do)
        return await handler.handle(work, payload)

    return perform


def _sentence(kind: str, error: ValidationError) -> str:
    problems = (f"{'.'.join(map(str, e['loc'])) or 'payload'}: {e['msg']}" for e in error.errors())
    return f"{kind} does not take this payload: {'; '.join(problems)}"
