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
from worker.queue.attempt import Attempt
from worker.queue.contract import Cancel, Done, Fail, HandBack, Job, Retry, Snooze
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.outage import Outage
from worker.queue.states import JobState

LARGEST_BATCH = 1000
RETRY_SECONDS = 0.5
UNWRITABLE = "unwritable"
LARGEST_RESULT = 262_144
"""Bytes of JSON that a result may have, as a payload."""


class Finisher:
    """Takes the endings of many slots and writes them in few statements.

    ``on_written`` hears of every attempt once its ending is committed, or refused because the job was no
    longer ours; only then is its slot free. ``after_finish`` hears of the jobs that ended for good, and may
    fail without harm: whatever it does is done again by a sweep.
    """

    def __init__(
        self,
        jobs: Jobs,
        *,
        on_written: Callable[[Sequence[Attempt], set[int]], None],
        after_finish: Callable[[Sequence[Job]], Awaitable[None]],
    ) -> None:
        self._jobs = jobs
        self._on_written = on_written
        self._after_finish = after_finish
        self._waiting: list[Attempt] = []
        self._news = asyncio.Event()
        self._outage = Outage("finish")

    def put(self, attempt: Attempt) -> None:
        """Take an ended attempt; its ending is written soon."""
        self._waiting.append(attempt)
        self._news.set()

    async def run(self) -> None:
        """Write for ever; a database that is away is waited for."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
                if done := [one for one in batch if one.is_plainly_done()]:
                    await self._write_done(done)
                if rest := [one for one in batch if not one.is_plainly_done()]:
                    await self._write([_Record(one, record_of(one)) for one in rest])

    async def _write_done(self, batch: Sequence[Attempt]) -> None:
        """Most jobs just end, and are written in the shortest way; what that refuses takes the other."""
        try:
            gone = await self._jobs.complete([one.job for one in batch])
        except Exception:  # noqa: BLE001 - the other way sorts it out.
            await self._write([_Record(one, record_of(one)) for one in batch])
        else:
            self._on_written(batch, gone)
            await self._tidy([one.job for one in batch], set(), gone)

    async def _write(self, batch: Sequence["_Record"]) -> None:
        while True:
            try:
                await self._flush(batch)
            except Exception as error:  # noqa: BLE001 - sorted out at once: wait, split, or give up on one.
                if not is_outage(error):
                    return await self._write_apart(batch, error)
                self._outage.note(error)
                await anyio.sleep(RETRY_SECONDS)
            else:
                return self._outage.over()

    async def _write_apart(self, batch: Sequence["_Record"], error: Exception) -> None:
        """One ending that cannot be stored must not take the others with it, nor come back for ever."""
        if len(batch) > 1:
            for one in batch:
                await self._write([one])
            return
        one = batch[0]
        if isinstance(one.record, Finished) and one.record.error_code == UNWRITABLE:
            raise error
        job = one.attempt.job
        observe.handler_crashed(kind=job.kind, job=job.id, error=error)
        text = f"the job ended, but its ending could not be stored: {type(error).__name__}"
        one.attempt.end(Fail(UNWRITABLE, text))
        await self._write([_Record(one.attempt, Finished(job, JobState.FAILED, "failed", UNWRITABLE, text))])

    async def _flush(self, batch: Sequence["_Record"]) -> None:
        back = [one.record for one in batch if isinstance(one.record, PutBack)]
        ended = [one.record for one in batch if isinstance(one.record, Finished)]
        kept = await self._jobs.put_back(back) if back else set()
        # Not taken back: the lease is lost, or the job was to be cancelled, which is an ending of its own.
        ended += [
            Finished(one.job, JobState.CANCELLED, "cancelled") for one in back if one.job.id not in kept
        ]
        gone = await self._jobs.finish(ended) if ended else set()
        self._on_written([one.attempt for one in batch], kept | gone)
        await self._tidy([one.attempt.job for one in batch], kept, gone)

    async def _tidy(self, jobs: Sequence[Job], kept: set[int], gone: set[int]) -> None:
        keys = {job.concurrency_key for job in jobs if job.concurrency_key and job.id in kept | gone}
        try:
            await self._jobs.free_keys({key for key in keys if key})
            await self._after_finish([job for job in jobs if job.run_id is not None and job.id in gone])
        except Exception as error:
            if not is_outage(error):
                raise


@dataclass(frozen=True, slots=True)
class _Record:
    attempt: Attempt
    record: Finished | PutBack


def record_of(attempt: Attempt) -> Finished | PutBack:
    """Say what an attempt's ending means for the job's row."""
    job, ending = attempt.job, attempt.ending
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
        case None:
            raise ValueError(f"job {job.id} has not ended")
        case _:
            assert_never(ending)


def completed(job: Job, result: Mapping[str, Any] | None) -> Finished:
    """Completed with its result as JSON; failed when the result is no JSON, or too large."""
    if result is None:
        return Finished(job, JobState.COMPLETED)
    try:
        text = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        why = f"the handler's result is not JSON: {error}"
        return Finished(job, JobState.FAILED, "failed", "bad_result", why)
    if len(text) > LARGEST_RESULT:
        why = f"the handler's result has {len(text)} bytes; at most {LARGEST_RESULT} are kept"
        return Finished(job, JobState.FAILED, "failed", "bad_result", why)
    return Finished(job, JobState.COMPLETED, result=text)
