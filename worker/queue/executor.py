"""Work one claimed job under its kind's limits, and say how it ended, whatever happens."""

import asyncio
import math
import random
from datetime import timedelta

import anyio

from worker import observe
from worker.db import is_outage
from worker.errors import (
    CredentialRevoked,
    LeaseLost,
    NotYet,
    OutcomeUnknown,
    SourceDown,
    SourceError,
    StopWork,
    ToldToStop,
    UserError,
)
from worker.queue.contract import (
    STOPPING,
    Cancel,
    Done,
    Ending,
    Fail,
    HandBack,
    Job,
    Kind,
    Kinds,
    Retry,
    Snooze,
)

WEIGHTS = (LeaseLost, CredentialRevoked, ToldToStop, StopWork, NotYet)
"""What all tasks of a handler may hear at once: the first of these counts. Beside anything else none does."""
OUTAGE_DELAY = timedelta(seconds=1)
AGAIN_DELAY = timedelta(seconds=1)
"""A handler that stops though nothing made it stop shall not be begun again and again at once."""


async def execute(job: Job, kinds: Kinds) -> Ending | None:
    """Run the job's handler to an ending; None when the job is no longer ours and nothing may be written."""
    kind = kinds.by_name[job.kind]
    try:
        ending = await kind.perform(job)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises must become an ending.
        found = verdict(error, job)
        return None if found is None else settle(found, job, kind)
    except asyncio.CancelledError as error:
        if anyio.current_effective_deadline() == -math.inf:
            raise  # We cut it off. Else it awaited something of its own that was cancelled.
        return settle(surprise(error, job), job, kind)
    except BaseException as error:
        # A handler's sys.exit() is not to end the work of the others.
        if isinstance(error, KeyboardInterrupt | GeneratorExit):
            raise  # Not the handler's: somebody ends the process, or this coroutine.
        return settle(surprise(error, job), job, kind)
    return ending if type(ending) is Done else settle(answered(ending), job, kind)


def answered(ending: object) -> Ending:
    """Take a handler's answer for an ending, or fail the job: it is the code that is wrong."""
    match ending:
        case (
            Done()
            | Cancel(reason=str())
            | Fail(code=str(), message=str())
            | Retry(code=str(), message=str(), delay=None | timedelta())
            | Snooze(delay=timedelta(), reason=str())
            | HandBack(reason=str(), delay=timedelta())
        ):
            return ending
        case _ if isinstance(ending, Ending):
            return Fail("bad_ending", f"the handler answered a {type(ending).__name__} of wrong types")
        case _:
            return Fail("bad_ending", f"the handler answered {type(ending).__name__}, which is not an ending")


def timed_out(job: Job, kinds: Kinds) -> Ending:
    """The ending of a handler that was cut off at its kind's limit."""
    kind = kinds.by_name[job.kind]
    seconds = kind.timeout.total_seconds()
    return settle(Retry("timeout", f"the handler was cut off after {seconds:g} s"), job, kind)


def verdict(error: Exception, job: Job) -> Ending | None:
    """Read the error tree: what an exception means for the job. None: the lease is lost."""
    error = weightiest(error)
    found: Ending | None
    match error:
        case LeaseLost():
            found = None
        case ToldToStop(why=why):
            found = HandBack(why)
        case StopWork(why=why):
            found = HandBack(why, timedelta(0) if why == STOPPING else AGAIN_DELAY)
        case NotYet(wait=wait):
            found = Snooze(wait, str(error))
        case SourceDown(retry_after=after):
            found = Retry(error.code, observe.words(error), after)
        case UserError() | SourceError() | OutcomeUnknown():
            found = Fail(error.code, observe.words(error))
        case _ if is_outage(error) and not _is_its_own(error):
            found = HandBack(f"database: {type(error).__name__}", OUTAGE_DELAY)
        case _:
            found = surprise(error, job)
    return found


def weightiest(error: Exception) -> Exception:
    """Of all that the tasks of a handler's group raised, what counts: they were often told the same."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [weightiest(one) for one in error.exceptions]
    if len(leaves) == 1:
        return leaves[0]
    if not all(isinstance(leaf, WEIGHTS) for leaf in leaves):
        return error
    return min(leaves, key=lambda leaf: next(at for at, kind in enumerate(WEIGHTS) if isinstance(leaf, kind)))


def _is_its_own(error: Exception) -> bool:
    """Tell a handler's own time limit or missing file from the database's, which comes as ``Unavailable``."""
    return isinstance(error, OSError) and not isinstance(error, ConnectionError)


def surprise(error: BaseException, job: Job) -> Retry:
    """Report what nobody expected; trying again may help."""
    observe.handler_crashed(kind=job.kind, job=job.id, error=error)
    return Retry("unexpected", f"{type(error).__name__}: {observe.words(error)}")


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
    """Wait anything up to first * 2^(attempt-1), at most the longest: exponential with full jitter.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    doubled = kind.backoff.first.total_seconds() * 2.0 ** min(attempt - 1, 30)
    return timedelta(seconds=random.uniform(0, min(kind.backoff.longest.total_seconds(), doubled)))


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


def code_and_reason(ending: Ending) -> tuple[str | None, str | None]:
    """What an ending says for itself: a stable code where it has one, and a sentence."""
    match ending:
        case Retry(code=code, message=message) | Fail(code=code, message=message):
            return code, message
        case Snooze(reason=reason) | Cancel(reason=reason) | HandBack(reason=reason):
            return None, reason
        case Done():
            return None, None
