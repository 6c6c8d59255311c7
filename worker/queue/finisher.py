"""Endings, written in batches: at once when idle, together with what gathers while a write is under way."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_never

import anyio

from worker import observe
from worker.db import is_outage
from worker.queue.contract import Cancel, Done, Ending, Fail, HandBack, Job, Retry, Snooze
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.states import JobState

LARGEST_BATCH = 500
RETRY_SECONDS = 0.5
UNWRITABLE = "unwritable"


@dataclass(slots=True)
class _Waiting:
    job: Job
    record: Finished | PutBack
    written: "asyncio.Future[bool]"


class Finisher:
    """Takes endings from many slots and writes them in few statements.

    ``after_finish`` is told of the jobs that ended for good, after that is committed. It may fail without
    harm: whatever it does is done again by a sweep.
    """

    def __init__(self, jobs: Jobs, after_finish: Callable[[Sequence[Job]], Awaitable[None]]) -> None:
        self._jobs = jobs
        self._after_finish = after_finish
        self._waiting: list[_Waiting] = []
        self._news = asyncio.Event()

    async def write(self, job: Job, ending: Ending) -> bool:
        """Write an ending and wait until it is committed; False when the job was no longer ours."""
        one = _Waiting(job, record_of(job, ending), asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._news.set()
        return await one.written

    async def run(self) -> None:
        """Write for ever; a database that is away is waited for."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
                await self._write_through(batch)

    async def _write_through(self, batch: Sequence[_Waiting]) -> None:
        outage = False
        while True:
            try:
                await self._flush(batch)
            except Exception as error:  # noqa: BLE001 - sorted out at once: wait, split, or give up on one.
                if not is_outage(error):
                    return await self._write_apart(batch, error)
                if not outage:
                    observe.say("outage_began", level="warning", what="finish", error=type(error).__name__)
                outage = True
                await anyio.sleep(RETRY_SECONDS)
            else:
                if outage:
                    observe.say("outage_ended", what="finish")
                return None

    async def _write_apart(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """One ending that cannot be stored must not take the others with it, nor come back for ever."""
        if len(batch) > 1:
            for one in batch:
                await self._write_through([one])
            return
        one = batch[0]
        if isinstance(one.record, Finished) and one.record.error_code == UNWRITABLE:
            raise error
        observe.handler_crashed(kind=one.job.kind, job=one.job.id, error=error)
        text = f"the job ended, but its ending could not be stored: {type(error).__name__}"
        one.record = Finished(one.job, JobState.FAILED, "failed", UNWRITABLE, text)
        await self._write_through([one])

    async def _flush(self, batch: Sequence[_Waiting]) -> None:
        back = [one.record for one in batch if isinstance(one.record, PutBack)]
        ended = [one.record for one in batch if isinstance(one.record, Finished)]
        kept = await self._jobs.put_back(back) if back else set()
        # Not taken back: the lease is lost, or the job was to be cancelled, which is an ending of its own.
        unwanted = [
            Finished(one.job, JobState.CANCELLED, "cancelled") for one in back if one.job.id not in kept
        ]
        gone = await self._jobs.finish([*ended, *unwanted]) if ended or unwanted else set()
        for one in batch:
            if not one.written.done():
                one.written.set_result(one.job.id in kept or one.job.id in gone)
        await self._tidy([one.job for one in batch if one.job.id in gone or one.job.id in kept], gone)

    async def _tidy(self, jobs: Sequence[Job], gone: set[int]) -> None:
        try:
            await self._jobs.free_keys({job.concurrency_key for job in jobs if job.concurrency_key})
            await self._after_finish([job for job in jobs if job.id in gone])
        except Exception as error:
            if not is_outage(error):
                raise


def record_of(job: Job, ending: Ending) -> Finished | PutBack:
    """Say what an ending means for the job's row."""
    match ending:
        case Done(result=result):
            return completed(job, result)
        case Cancel(reason=reason):
            return Finished(job, JobState.CANCELLED, reason)
        case Fail(code=code, message=message):
            return Finished(job, JobState.FAILED, "failed", code, message)
        case Snooze(delay=delay, reason=reason):
            return PutBack(job, delay, counted=False, reason=reason)
        case Retry(code=code, message=message, delay=delay):
            return PutBack(job, delay or timedelta(0), True, "retry", code, message)
        case HandBack(reason=reason, delay=delay):
            return PutBack(job, delay, counted=False, reason=reason)
        case _:
            assert_never(ending)


def completed(job: Job, result: Mapping[str, Any] | None) -> Finished:
    """Completed with its result as JSON; failed when the result is nothing that JSON can say."""
    try:
        text = None if result is None else json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        why = f"the handler's result is not JSON: {error}"
        return Finished(job, JobState.FAILED, "failed", "bad_result", why)
    return Finished(job, JobState.COMPLETED, result=text)
