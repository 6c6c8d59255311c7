"""How a handler is bound to the queue: one attempt at a job, from its payload to its ending."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias, assert_never

from pydantic import ValidationError

from worker.db import Database, statements
from worker.errors import CredentialRevoked, Refused
from worker.queue.contract import Backoff, Cancel, Done, Ending, Fail, HandBack, Job, Kind, Retry
from worker.queue.executor import weightiest
from worker.runs.blocking import Blocking
from worker.runs.handler import AnyHandler, BlockingHandler, Estimating, JobPayload
from worker.runs.outcome import ProcessDied
from worker.runs.prices import Prices
from worker.runs.steering import Steering
from worker.runs.work import UnknownCheckpoint, Work

SQL = statements(Path(__file__).with_name("binding.sql"))
UNLAWFUL = "MM003"
FOR_GOOD = (Done, Fail, Cancel)

Handle: TypeAlias = Callable[[Work, JobPayload], Awaitable[Ending]]


def bind(
    handler: AnyHandler,
    db: Database,
    *,
    stopping: Callable[[], bool],
    blocking: Blocking | None = None,
    prices: Prices | None = None,
    steering: Steering | None = None,
) -> Kind:
    """Make a kind of the queue from a handler.

    ``blocking`` are the worker's places for what blocks, ``prices`` what calls cost at most, ``steering`` how
    handlers at work are told of a pause; without them, as in a test, the kind has its own.
    """
    desk = _Desk(
        handler,
        _handling(handler),
        getattr(handler, "checkpoint_version", 1),
        db,
        stopping,
        blocking or Blocking(),
        prices or Prices(),
        steering or Steering(db, poll_seconds=1),
    )
    return Kind(
        name=handler.kind,
        perform=desk.perform,
        schema=handler.takes.model_json_schema(),
        queue=handler.queue,
        timeout=handler.timeout,
        max_attempts=handler.max_attempts,
        starts_run=handler.starts_run,
        backoff=getattr(handler, "backoff", Backoff()),
    )


async def estimate(handler: AnyHandler, payload: JobPayload) -> Decimal | None:
    """What a run of a handler is going to cost, in cents; None where the handler cannot say."""
    return await handler.estimate(payload) if isinstance(handler, Estimating) else None


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the jobs of one handler are worked, one attempt after the other."""

    handler: AnyHandler
    handle: Handle
    """How it handles, looked up once: whether it blocks takes longer to tell than a short job takes."""
    version: int
    db: Database
    stopping: Callable[[], bool]
    blocking: Blocking
    prices: Prices
    steering: Steering

    async def perform(self, job: Job) -> Ending:
        try:
            payload = self.handler.takes.model_validate_json(job.payload)
        except ValidationError as error:
            return Fail("bad_payload", _sentence(self.handler.kind, error))
        work = Work(
            self.db,
            job,
            stopping=self.stopping,
            blocking=self.blocking,
            prices=self.prices,
            version=self.version,
        )
        self.steering.enrol(job.id, work)
        try:
            if job.run_id is not None and (nothing_to_do := await self._enter(work, payload)) is not None:
                return nothing_to_do
            ending = await self.handle(work, payload)
            await work.settle_rest(for_good=isinstance(ending, FOR_GOOD))
        except Exception as error:
            match weightiest(error):
                case ProcessDied() as died:
                    return Retry("process_died", str(died))
                case UnknownCheckpoint() as unknown:
                    return await self._hold(work, unknown, "pause")
                case CredentialRevoked() as revoked:
                    return await self._hold(work, revoked, "pause_for_credential")
                case _:
                    raise
        else:
            return ending
        finally:
            self.steering.let_go(job.id, work)

    async def _enter(self, work: Work, payload: JobPayload) -> Ending | None:
        """Begin in the run; answers the ending where there is nothing to do."""
        if (why := await work.enter()) is not None:
            return Cancel(why)
        if work.is_first and (cents := await estimate(self.handler, payload)) is not None:
            await self.db.execute(SQL["note_estimate"], work.job.run_id, cents, work.job.id, work.job.fence)
        return None

    async def _hold(self, work: Work, error: UnknownCheckpoint | CredentialRevoked, statement: str) -> Ending:
        """What an operator must see to pauses the run; a job without one fails."""
        job = work.job
        if job.run_id is None:
            return Fail(error.code, str(error))
        try:
            await self.db.execute(SQL[statement], job.run_id, error.code, job.id, str(error), job.fence)
        except Refused as refused:
            if refused.code != UNLAWFUL:
                raise  # Else it is paused already, or has ended.
        return HandBack(error.code)


def _handling(handler: AnyHandler) -> Handle:
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
