"""How the spans of attempts begin and end, in a daemon of this process."""

import threading
from contextlib import AbstractContextManager
from datetime import timedelta

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.queue.scene import drained, enqueue, errand, kinds, new_daemon, serving, until
from worker import tracing
from worker.db import Database
from worker.errors import LeaseLost
from worker.queue.contract import Cancel, Done, Ending, Fail, HandBack, Job, Kind, Snooze
from worker.queue.jobs import Jobs
from worker.runs.blocking import Blocking


async def traced(
    db: Database, url: str, kind: Kind, ended: InMemorySpanExporter, jobs: int = 1
) -> list[ReadableSpan]:
    """Work jobs of a kind, and answer the spans that were begun."""
    await Jobs(db).publish(kinds(kind))
    for _ in range(jobs):
        await enqueue(db)
    await drained(new_daemon(db, url, kinds(kind), drain=True))
    return list(ended.get_finished_spans())


def facts(span: ReadableSpan) -> tuple[object, str, str | None]:
    """How an attempt ended, as its span says."""
    return (
        (span.attributes or {})["mintmark.job.ending"],
        span.status.status_code.name,
        span.status.description,
    )


def id_of(span: ReadableSpan) -> int:
    id_ = (span.attributes or {})["mintmark.job.id"]
    assert isinstance(id_, int)
    return id_


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Done(), ("done", "OK", None)),
        (Cancel("nobody wants it"), ("cancel", "UNSET", None)),
        (Fail("no_such_card", "there is no such card"), ("fail", "ERROR", "no_such_card")),
    ],
)
async def test_the_status_of_a_span_is_that_of_the_ending(
    db: Database, database_url: str, ended: InMemorySpanExporter, ending: Ending, said: tuple[object, ...]
) -> None:
    async def perform(_: Job) -> Ending:
        return ending

    [span] = await traced(db, database_url, errand(perform), ended)

    assert facts(span) == said


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Snooze(timedelta(0), "eBay says later"), ("snooze", "UNSET", None)),
        (HandBack("not our fault"), ("hand_back", "UNSET", None)),
    ],
)
async def test_an_attempt_that_only_waits_is_no_error(
    db: Database, database_url: str, ended: InMemorySpanExporter, ending: Ending, said: tuple[object, ...]
) -> None:
    attempts: list[int] = []

    async def perform(job: Job) -> Ending:
        attempts.append(job.id)
        return ending if len(attempts) == 1 else Done()

    first, second = await traced(db, database_url, errand(perform), ended)

    assert (facts(first), facts(second)) == (said, ("done", "OK", None))


async def test_a_handler_that_is_cut_off_has_a_span_as_long_as_its_limit(
    db: Database, database_url: str, ended: InMemorySpanExporter
) -> None:
    async def perform(_: Job) -> Ending:
        await anyio.sleep_forever()
        return Done()

    kind = errand(perform, timeout=timedelta(seconds=0.2), max_attempts=1)
    [span] = await traced(db, database_url, kind, ended)

    assert facts(span) == ("fail", "ERROR", "timeout")
    assert (span.end_time or 0) - (span.start_time or 0) >= 0.2e9


async def test_an_attempt_whose_job_is_somebody_elses_ends_as_lost(
    db: Database, database_url: str, ended: InMemorySpanExporter
) -> None:
    async def perform(job: Job) -> Ending:
        await db.execute("update worker.jobs set fence = fence + 1, state = 'pending' where id = $1", job.id)
        if not ended.get_finished_spans():
            raise LeaseLost(job.id, job.fence)
        await db.execute("update worker.jobs set fence = fence - 1, state = 'running' where id = $1", job.id)
        return Done()

    first, second = await traced(db, database_url, errand(perform), ended)

    assert facts(first) == ("lease_lost", "ERROR", "lease_lost")
    assert facts(second) == ("done", "OK", None)


async def test_jobs_that_are_worked_at_once_keep_their_spans_apart(
    db: Database, database_url: str, ended: InMemorySpanExporter
) -> None:
    at_work, together = 0, anyio.Event()

    async def perform(job: Job) -> Ending:
        nonlocal at_work
        at_work += 1
        if at_work == 4:
            together.set()
        await together.wait()
        with tracing.api_call(api="stand_in", operation=str(job.id)) as asked:
            await anyio.lowlevel.checkpoint()
            asked.status = "2xx"
        return Done()

    spans = await traced(db, database_url, errand(perform), ended, jobs=4)

    of_jobs = {span.context.span_id: span for span in spans if span.name == "job errand"}
    calls = [span for span in spans if span.name.startswith("stand_in")]
    assert (len(of_jobs), len(calls)) == (4, 4)
    for call in calls:
        assert call.parent is not None
        job = of_jobs[call.parent.span_id]
        assert call.name == f"stand_in {id_of(job)}"


async def test_a_job_that_follows_another_in_its_slot_is_not_of_its_trace(
    db: Database, database_url: str, ended: InMemorySpanExporter
) -> None:
    await Jobs(db).publish(kinds(errand()))
    for _ in range(3):
        await enqueue(db)
    await drained(new_daemon(db, database_url, kinds(errand()), drain=True, concurrency=1))

    spans = ended.get_finished_spans()
    assert [span.parent for span in spans] == [None] * 3
    assert len({span.context.trace_id for span in spans}) == 3


async def test_what_a_handler_does_in_a_thread_is_below_its_job(
    db: Database, database_url: str, ended: InMemorySpanExporter
) -> None:
    def look() -> tuple[int, str]:
        return trace.get_current_span().get_span_context().span_id, threading.current_thread().name

    seen: list[tuple[int, str]] = []

    async def perform(job: Job) -> Ending:
        seen.append(await Blocking(threads=1).in_thread(job, look))
        return Done()

    [span] = await traced(db, database_url, errand(perform), ended)

    [(id_, thread)] = seen
    assert thread.startswith("mintmark ")
    assert id_ == span.context.span_id


async def test_a_call_that_is_cancelled_ends_its_span_and_says_so(ended: InMemorySpanExporter) -> None:
    with anyio.move_on_after(0), tracing.api_call(api="stand_in", operation="look"):
        await anyio.sleep_forever()

    [span] = ended.get_finished_spans()
    assert (span.attributes or {})["mintmark.api.status"] == "unheard"
    assert (span.status.status_code.name, span.status.description) == ("ERROR", "CancelledError")
    assert tracing.ids() == {}


@pytest.mark.parametrize(
    "traced", [tracing.batch(kind="errand", job=1), tracing.api_call(api="a", operation="b")]
)
async def test_of_an_error_a_span_has_the_class_and_never_the_words(
    ended: InMemorySpanExporter, traced: AbstractContextManager[object]
) -> None:
    with pytest.raises(RuntimeError), traced:
        raise RuntimeError("s3cr3t")

    [span] = ended.get_finished_spans()
    assert span.status.description == "RuntimeError"
    assert "s3cr3t" not in span.to_json()


async def test_work_that_was_not_begun_has_no_span(
    db: Database, database_url: str, ended: InMemorySpanExporter
) -> None:
    began, go_on = anyio.Event(), anyio.Event()

    async def perform(_: Job) -> Ending:
        began.set()
        await go_on.wait()
        return Done()

    kind = errand(perform)
    await Jobs(db).publish(kinds(kind))
    for _ in range(3):
        await enqueue(db)
    async with serving(new_daemon(db, database_url, kinds(kind), concurrency=1)) as daemon:
        await began.wait()
        daemon.stop()
        go_on.set()

    async def left() -> bool:
        return bool(await db.fetchval("select count(*) = 2 from worker.jobs where state = 'pending'"))

    await until(left)
    assert [facts(span) for span in ended.get_finished_spans()] == [("done", "OK", None)]
