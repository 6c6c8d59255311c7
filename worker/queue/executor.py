"""Work one claimed job under its kind's limits, and say how it ended, whatever happens."""

import random
from datetime import timedelta

import anyio

from worker import observe
from worker.db import is_outage
from worker.errors import LeaseLost, SourceDown, SourceError, StopWork, UserError
from worker.queue.contract import Cancel, Done, Ending, Fail, HandBack, Job, Kind, Kinds, Retry, Snooze

OUTAGE_DELAY = timedelta(seconds=1)


async def execute(job: Job, kinds: Kinds) -> Ending | None:
    """Run the job's handler to an ending; None when the job is no longer ours and nothing may be written."""
    kind = kinds.by_name[job.kind]
    try:
        with anyio.move_on_after(kind.timeout.total_seconds()) as limit:
            return settle(await kind.perform(job), job, kind)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises must become an ending.
        ending = verdict(error, job)
        return settle(ending, job, kind) if ending is not None else None
    assert limit.cancelled_caught
    seconds = kind.timeout.total_seconds()
    return settle(Retry("timeout", f"the handler was cut off after {seconds:g} s"), job, kind)


def verdict(error: Exception, job: Job) -> Ending | None:
    """Read the error tree: what an exception means for the job. None: the lease is lost."""
    match error:
        case LeaseLost():
            return None
        case StopWork(why=why):
            return HandBack(why)
        case SourceDown(retry_after=after):
            return Retry(error.code, str(error), after)
        case UserError() | SourceError():
            return Fail(error.code, str(error))
        case _ if is_outage(error):
            return HandBack(f"database: {type(error).__name__}", OUTAGE_DELAY)
        case _:
            observe.handler_crashed(kind=job.kind, job=job.id, error=error)
            return Retry("unexpected", f"{type(error).__name__}: {error}")


def settle(ending: Ending, job: Job, kind: Kind) -> Ending:
    """Turn a retry that has no tries left into a failure, and give one that names no delay its backoff."""
    if not isinstance(ending, Retry):
        return ending
    if job.attempt >= job.max_attempts:
        return Fail(ending.code, ending.message)
    return (
        ending if ending.delay is not None else Retry(ending.code, ending.message, backoff(job.attempt, kind))
    )


def backoff(attempt: int, kind: Kind) -> timedelta:
    """Wait anything up to first * 2^(attempt-1), capped: exponential with full jitter.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling = min(kind.longest_backoff, kind.first_backoff * 2 ** min(attempt - 1, 30))
    return timedelta(seconds=random.uniform(0, ceiling.total_seconds()))


def name_of(ending: Ending) -> str:
    """The ending's name in logs and metrics, from a closed set."""
    match ending:
        case Done():
            return "done"
        case Snooze():
            return "snooze"
        case Retry():
            return "retry"
        case Cancel():
            return "cancel"
        case Fail():
            return "fail"
        case HandBack():
            return "hand_back"
