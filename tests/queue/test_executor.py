"""One try at one job: whatever a handler does, exactly one ending comes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.queue.scene import alive, claimed, enqueue, errand, job, kinds, new_daemon, serving, until
from worker.db import Database
from worker.errors import (
    BadSettings,
    LeaseLost,
    SourceDown,
    SourceGarbled,
    SourceRefused,
    StopWork,
    ToldToStop,
    Unavailable,
)
from worker.handlers.demo import Demo
from worker.queue.contract import Backoff, Cancel, Done, Ending, Fail, HandBack, Job, Kind, Retry, Snooze
from worker.queue.executor import backoff, execute, name_of, settle
from worker.queue.jobs import Jobs
from worker.runs.binding import bind

HOUR = timedelta(hours=1)


def a_job(*, attempt: int = 1, max_attempts: int = 5) -> Job:
    return Job(7, 1, "errand", "default", "{}", attempt, max_attempts, 0, None, None, None, 0.0)


JOB = a_job()


def raising(error: BaseException) -> Kind:
    async def perform(_: Job) -> Ending:
        raise error

    return errand(perform)


def answering(answer: Any) -> Kind:
    async def perform(_: Job) -> Ending:
        return answer  # type: ignore[no-any-return]

    return errand(perform)


@pytest.mark.parametrize(
    "ending",
    [
        Done({"a": 1}),
        Done(),
        Snooze(HOUR, "quota"),
        Cancel("gone"),
        Fail("c", "m"),
        HandBack("h"),
        Retry("c", "m", HOUR),
    ],
)
async def test_an_ending_that_the_handler_answers_stands(ending: Ending) -> None:
    assert await execute(JOB, kinds(answering(ending))) == ending


async def test_tasks_that_are_all_told_to_stop_are_one_that_is() -> None:
    told = ExceptionGroup(
        "unhandled errors in a TaskGroup", [ToldToStop("run paused"), ToldToStop("run paused")]
    )
    lost = ExceptionGroup("unhandled errors in a TaskGroup", [ToldToStop("run paused"), LeaseLost(7, 1)])

    assert await execute(JOB, kinds(raising(told))) == HandBack("run paused")
    assert await execute(JOB, kinds(raising(lost))) is None


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (StopWork("worker stopping"), HandBack("worker stopping")),
        (StopWork("no reason"), HandBack("no reason", timedelta(seconds=1))),
        (ToldToStop("run paused"), HandBack("run paused")),
        (SourceDown("busy", retry_after=HOUR), Retry("source_down", "busy", HOUR)),
        (SourceRefused("no such key"), Fail("source_refused", "no such key")),
        (SourceGarbled("HTML"), Fail("source_garbled", "HTML")),
        (BadSettings("mend it"), Fail("bad_settings", "mend it")),
        (Unavailable("no"), HandBack("database: Unavailable", timedelta(seconds=1))),
        (ConnectionResetError(), HandBack("database: ConnectionResetError", timedelta(seconds=1))),
        (
            asyncpg.DeadlockDetectedError("deadlock"),
            HandBack("database: DeadlockDetectedError", timedelta(seconds=1)),
        ),
        (
            asyncpg.ConnectionDoesNotExistError("gone"),
            HandBack("database: ConnectionDoesNotExistError", timedelta(seconds=1)),
        ),
        (LeaseLost(7, 1), None),
    ],
)
async def test_an_error_means_what_its_place_in_the_tree_says(
    error: Exception, ending: Ending | None
) -> None:
    assert await execute(JOB, kinds(raising(error))) == ending
    wrapped = ExceptionGroup("unhandled errors in a TaskGroup", [ExceptionGroup("inner", [error])])
    assert await execute(JOB, kinds(raising(wrapped))) == ending


@pytest.mark.parametrize(
    "error",
    [
        ValueError("odd"),
        KeyError("card"),
        RecursionError("deep"),
        MemoryError(),
        AssertionError("no"),
        FileNotFoundError("its own file"),
        TimeoutError("its own limit"),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.exceptions._base.DataError("invalid input for query argument $1: '\\ud800'"),
        ExceptionGroup("two", [ValueError("a"), LeaseLost(7, 1)]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_surprise_is_tried_again_and_counted_and_at_last_fails(error: Exception) -> None:
    ending = await execute(JOB, kinds(raising(error)))
    last = await execute(a_job(attempt=5), kinds(raising(error)))

    assert isinstance(ending, Retry)
    assert ending.code == "unexpected"
    assert type(error).__name__ in ending.message
    assert ending.delay is not None
    assert last == Fail("unexpected", ending.message)


@pytest.mark.parametrize("answer", [None, {"done": True}, "done", True, Done, ValueError("returned")])
async def test_an_answer_that_is_no_ending_fails_the_job_and_not_the_worker(answer: object) -> None:
    ending = await execute(JOB, kinds(answering(answer)))

    assert isinstance(ending, Fail)
    assert ending.code == "bad_ending"


async def test_awaiting_something_that_was_cancelled_is_a_surprise_and_not_a_stop() -> None:
    async def perform(_: Job) -> Ending:
        theirs = asyncio.create_task(anyio.sleep(60))
        theirs.cancel()
        await theirs
        return Done()

    ending = await execute(JOB, kinds(errand(perform)))

    assert isinstance(ending, Retry)
    assert ending.code == "unexpected"


async def test_a_handler_that_is_cut_off_is_not_held() -> None:
    with anyio.move_on_after(0.01) as limit:
        await execute(JOB, kinds(errand(lambda _: anyio.sleep(60))))  # type: ignore[arg-type,return-value]

    assert limit.cancelled_caught


@given(
    attempt=st.integers(1, 10**6),
    first=st.timedeltas(timedelta(0), timedelta(days=400)),
    longest=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_a_backoff_is_never_negative_nor_longer_than_first_doubled_nor_than_the_longest(
    attempt: int, first: timedelta, longest: timedelta
) -> None:
    wait = backoff(attempt, errand(backoff=Backoff(first, longest)))

    assert timedelta(0) <= wait <= longest + timedelta(microseconds=1)
    if attempt < 20:
        assert wait <= first * 2 ** (attempt - 1) + timedelta(microseconds=1)


def test_backoffs_are_spread_over_all_of_their_range() -> None:
    kind = errand(backoff=Backoff())

    waits = [backoff(4, kind).total_seconds() for _ in range(400)]

    for eighth in range(8):
        assert any(eighth <= wait < eighth + 1 for wait in waits)


@given(
    attempt=st.integers(1, 50),
    most=st.integers(1, 50),
    delay=st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
)
def test_a_retry_is_a_failure_exactly_when_no_try_is_left_and_keeps_a_delay_that_it_names(
    attempt: int, most: int, delay: timedelta | None
) -> None:
    one = a_job(attempt=attempt, max_attempts=most)

    settled = settle(Retry("c", "m", delay), one, errand())

    if attempt >= most:
        assert settled == Fail("c", "m")
    else:
        assert isinstance(settled, Retry)
        assert settled.delay is not None
        assert delay is None or settled.delay == delay


def test_every_ending_has_a_name_of_its_own() -> None:
    endings: list[Ending] = [
        Done(),
        Snooze(HOUR, "s"),
        Retry("c", "m"),
        Cancel("c"),
        Fail("c", "m"),
        HandBack("h"),
    ]

    assert len({name_of(ending) for ending in endings}) == len(endings)


Perform = Callable[[Job], Awaitable[Ending]]


async def worked(db: Database, url: str, kind: Kind, **named: Any) -> Any:
    """Let a daemon of one slot work one job once, and answer the job as it is afterwards."""
    await Jobs(db).publish(kinds(kind))
    id_ = await enqueue(db, kind.name, **named)
    async with serving(new_daemon(db, url, kinds(kind), concurrency=1)):

        async def has_been_worked() -> bool:
            row = await job(db, id_)
            return row["state"] not in {"pending", "running"}

        await until(has_been_worked)
    return await job(db, id_)


async def test_a_payload_that_the_model_refuses_fails_the_job_at_once_with_a_sentence(
    db: Database, database_url: str
) -> None:
    demo = bind(Demo(), db, stopping=lambda: False)
    lax = replace(demo, schema=errand().schema)  # As of an older version, which took anything.

    row = await worked(db, database_url, lax, payload={"seconds": "long", "itmes": 3})

    assert (row["state"], row["attempt"], row["error_code"]) == ("failed", 1, "bad_payload")
    assert row["error_message"].startswith("demo does not take this payload: seconds: ")
    assert "itmes" in row["error_message"]


async def test_a_handler_that_takes_too_long_is_cut_off_and_tried_again_later(
    db: Database, database_url: str
) -> None:
    async def perform(_: Job) -> Ending:
        await anyio.sleep(600)
        return Done()

    slow = errand(perform, timeout=timedelta(milliseconds=100), backoff=Backoff(HOUR, HOUR))

    row = await worked(db, database_url, slow)

    assert (row["state"], row["attempt"], row["error_code"]) == ("scheduled", 1, "timeout")
    assert row["error_message"] == "the handler was cut off after 0.1 s"


async def test_the_last_try_that_takes_too_long_fails(db: Database, database_url: str) -> None:
    async def perform(_: Job) -> Ending:
        await anyio.sleep(600)
        return Done()

    row = await worked(db, database_url, errand(perform, timeout=timedelta(milliseconds=100)), max_attempts=1)

    assert (row["state"], row["attempt"], row["error_code"]) == ("failed", 1, "timeout")


async def test_a_handler_that_swallows_its_cancellation_and_answers_is_believed(
    db: Database, database_url: str
) -> None:
    async def perform(_: Job) -> Ending:
        try:
            await anyio.sleep(600)
        except asyncio.CancelledError:
            return Done({"late": True})
        return Done()

    row = await worked(db, database_url, errand(perform, timeout=timedelta(milliseconds=100)))

    assert row["state"] == "completed"


async def test_a_lost_lease_writes_nothing_and_leaves_the_job_to_its_holder(
    db: Database, database_url: str
) -> None:
    async def perform(one: Job) -> Ending:
        await db.execute("update worker.jobs set fence = fence + 1 where id = $1", one.id)
        raise LeaseLost(one.id, one.fence)

    await Jobs(db).publish(kinds(errand()))
    id_ = await enqueue(db)
    daemon = new_daemon(db, database_url, kinds(errand(perform)), concurrency=1)
    async with serving(daemon):
        await until(lambda: db.fetchval("select fence = 2 from worker.jobs where id = $1", id_))
        later = await enqueue(db, kind="demo")
        assert (await job(db, later))["state"] == "pending", "the daemon does not know this kind"

    row = await job(db, id_)
    assert (row["state"], row["attempt"], row["error_code"]) == ("running", 1, None)


async def test_after_junk_and_stray_cancellations_the_other_slots_and_the_lane_go_on(
    db: Database, database_url: str
) -> None:
    async def perform(one: Job) -> Ending:
        if one.id % 3 == 0:
            raise asyncio.CancelledError
        if one.id % 3 == 1:
            return None  # type: ignore[return-value]
        await anyio.sleep(0.05)
        return Done()

    await Jobs(db).publish(kinds(errand()))
    ids = [await enqueue(db, max_attempts=1) for _ in range(30)]
    async with serving(new_daemon(db, database_url, kinds(errand(perform)), concurrency=3)):
        await until(lambda: db.fetchval("select not exists (select from worker.jobs)"))

    for id_ in ids:
        row = await job(db, id_)
        wanted = {0: ("failed", "unexpected"), 1: ("failed", "bad_ending"), 2: ("completed", None)}[id_ % 3]
        assert (row["state"], row["error_code"]) == wanted


async def test_a_job_of_an_outage_is_handed_back_uncounted(db: Database, database_url: str) -> None:
    row = await worked(db, database_url, raising(asyncpg.AdminShutdownError("bye")))

    assert (row["state"], row["attempt"], row["reason"]) == (
        "scheduled",
        0,
        "database: AdminShutdownError",
    )


async def test_a_statement_that_the_database_never_answers_is_an_outage_of_the_database(
    database_url: str,
) -> None:
    from worker.db import open_database  # noqa: PLC0415

    async with open_database(database_url, size=1, statement_seconds=0.05) as impatient:

        async def perform(_: Job) -> Ending:
            await impatient.execute("select pg_sleep(600)")
            return Done()

        ending = await execute(JOB, kinds(errand(perform)))

    assert ending == HandBack("database: Unavailable", timedelta(seconds=1))


async def test_a_handler_that_hands_the_database_what_it_cannot_take_is_not_tried_for_ever(
    db: Database,
) -> None:
    async def perform(_: Job) -> Ending:
        await db.fetchval("select $1::text", "\ud800")
        return Done()

    ending = await execute(JOB, kinds(errand(perform)))

    assert isinstance(ending, Retry)


async def test_a_claimed_job_tells_the_handler_what_it_is(db: Database) -> None:
    await Jobs(db).publish(kinds(errand()))
    run = await db.fetchval("select worker.start_run('demo')")
    id_ = await enqueue(db, payload={"a": 1}, run_id=run, concurrency_key="c", max_attempts=9)

    (held,) = await claimed(db, await alive(db))

    assert (held.id, held.kind, held.queue, held.payload) == (id_, "errand", "default", '{"a": 1}')
    assert (held.attempt, held.max_attempts, held.crashes, held.fence) == (1, 9, 0, 1)
    assert (held.run_id, held.concurrency_key, held.checkpoint) == (run, "c", None)
    assert held.waited >= 0


def test_a_handler_may_promise_a_backoff_of_its_own(db: Database) -> None:
    class Patient(Demo):
        backoff = Backoff(HOUR, 2 * HOUR)

    assert bind(Patient(), db, stopping=lambda: False).backoff == Backoff(HOUR, 2 * HOUR)
    assert bind(Demo(), db, stopping=lambda: False).backoff == Backoff()


async def test_a_handler_that_stops_without_a_reason_is_not_begun_again_at_once(
    db: Database, database_url: str
) -> None:
    async def perform(_: Job) -> Ending:
        raise StopWork("no reason")

    row = await worked(db, database_url, errand(perform))

    assert (row["state"], row["attempt"], row["reason"]) == ("scheduled", 0, "no reason")
