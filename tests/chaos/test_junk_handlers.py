"""Handlers that raise or answer junk: each job ends, what is stored stays small, and the worker goes on."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.queue.scene import enqueue, errand, kinds, new_daemon, serving, states, until
from worker import observe
from worker.db import Database
from worker.errors import SourceDown, UserError
from worker.queue.contract import Cancel, Done, Ending, Fail, HandBack, Job, Retry, Snooze
from worker.queue.jobs import LONGEST_TEXT, Jobs

pytestmark = pytest.mark.scorecard(22)

MEGABYTES = 1 << 20
HUGE = "x" * 50 * MEGABYTES
MOST_STORED = LONGEST_TEXT + len("failed")
LARGEST = """
select max(length(coalesce(reason, '') || coalesce(error_message, '') || coalesce(result::text, '')))
  from worker.job_history
"""
SOUND = """
select count(*) from worker.job_history where payload = '{}' and state = 'completed' and attempt = 1
"""
Record = Callable[[str, object], None]


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words for it")


class MuteUser(UserError):
    __str__ = Mute.__str__


class Bare(BaseException):
    pass


def chained(length: int) -> Exception:
    error = ValueError("the first")
    for place in range(length):
        after = ValueError(f"number {place}")
        after.__cause__ = error
        error = after
    return error


def circular() -> Exception:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    return one


def grouped(depth: int) -> Exception:
    error: Exception = ValueError("at the bottom")
    for _ in range(depth):
        error = ExceptionGroup("group", [error, ValueError("beside it")])
    return error


def endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


RAISED: dict[str, Callable[[], BaseException]] = {
    "NUL": lambda: ValueError("a\0b"),
    "half a pair": lambda: ValueError("\ud800"),
    "bytes": lambda: ValueError(b"\xff" * 100),
    "50 MB": lambda: ValueError(HUGE),
    "50 MB of ours": lambda: UserError(HUGE),
    "50 MB of advice": lambda: SourceDown(HUGE, retry_after=timedelta.max),
    "no text": Mute,
    "no text of ours": MuteUser,
    "exit": lambda: SystemExit(3),
    "bare": Bare,
    "bare ones": lambda: BaseExceptionGroup("all", [Bare(), SystemExit()]),
    "a long chain": lambda: chained(5000),
    "a circle": circular,
    "a deep group": lambda: grouped(200),
    "memory": lambda: MemoryError("all of it"),
}
ANSWERED: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "a class": lambda: Done,
    "a circle": lambda: Done(endless()),
    "a set": lambda: Done({"v": {1}}),
    "NaN": lambda: Done({"v": float("nan")}),
    "NUL": lambda: Done({"v": "\0"}),
    "20 MB": lambda: Done({"v": HUGE[: 20 * MEGABYTES]}),
    "a failure of 50 MB": lambda: Fail(HUGE, HUGE),
    "a cancel with NUL": lambda: Cancel("\0" * 10_000),
    "a failure without words": lambda: Fail(None, Mute()),  # type: ignore[arg-type]
    "a snooze for a text": lambda: Snooze("later", "why"),  # type: ignore[arg-type]
    "a snooze beyond time": lambda: Snooze(timedelta.max, "why"),
    "a retry beyond time": lambda: Retry("code", "why", timedelta.max),
    "handed back for a number": lambda: HandBack(7),  # type: ignore[arg-type]
}


def endless_fall(depth: int = 0) -> int:
    return endless_fall(depth + 1) + 1


async def perform(job: Job) -> Ending:
    asked = json.loads(job.payload)
    if asked.get("fall"):
        endless_fall()
    if "raise" in asked:
        error = RAISED[asked["raise"]]()
        raise error
    answer: Ending = ANSWERED[asked["answer"]]() if "answer" in asked else Done()
    return answer


def peak_bytes() -> int:
    """The most memory that this process had in use since the last ``forget_peak``."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) * 1024


def forget_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged meanwhile, a line of JSON each."""
    lines = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(lines),
    )
    monkeypatch.setattr(observe, "_log", structlog.get_logger())  # The old one may know another place by now.
    yield lines
    structlog.reset_defaults()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
async def test_whatever_a_handler_raises_or_answers_its_job_ends_small_and_the_others_go_on(
    db: Database, database_url: str, said: io.StringIO, record_property: Record
) -> None:
    await Jobs(db).publish(kinds(errand()))
    junk: list[dict[str, Any]] = [{"raise": name} for name in RAISED] + [
        {"answer": name} for name in ANSWERED
    ]
    for payload in [*junk, {"fall": True}]:
        await enqueue(db, payload=payload, max_attempts=1)
        await enqueue(db)
    before = forget_peak()

    async with serving(new_daemon(db, database_url, kinds(errand(perform)))):
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))

    grown = (peak_bytes() - before) // MEGABYTES
    stored = await db.fetchval(LARGEST)
    ended = await states(db)
    assert await db.fetchval(SOUND) == len(junk) + 1
    assert ended["completed"] == len(junk) + 1, "no junk counts as done"
    assert sum(ended.values()) == 2 * (len(junk) + 1)
    assert stored <= MOST_STORED
    assert max(map(len, said.getvalue().splitlines())) < 200_000
    assert grown <= 100
    figures = f"{len(junk) + 1} sorts of junk; at most {stored} characters stored; memory +{grown} MB"
    record_property("figures", figures)
