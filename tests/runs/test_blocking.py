"""Work that blocks: in threads and processes, beside an event loop that never notices."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest
import structlog

from tests.queue.processes import Start, WorkerProcess
from tests.queue.scene import Asked, enqueue, job, new_daemon, serving, until
from tests.runs import busy
from tests.runs.scene import claim, run_row, start, work
from worker import observe
from worker.app import kinds_of
from worker.db import Database
from worker.queue.contract import Cancel, Done, Fail, Job, Retry
from worker.queue.executor import execute
from worker.queue.jobs import Jobs
from worker.runs.binding import bind
from worker.runs.blocking import Blocking
from worker.runs.handler import AnyHandler
from worker.runs.outcome import ProcessDied, RaisedElsewhere, Unsendable

NOBODY = Job(1, 1, "errand", "default", "{}", 1, 5, 0, None, None, None, 0.0)


@pytest.fixture(autouse=True)
def _little_is_said() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def blocking() -> AsyncIterator[Blocking]:
    async with Blocking(threads=2, processes=2) as places:
        yield places


@pytest.fixture
def start_worker(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start worker processes that know the handlers of ``busy``; none outlives the test."""
    with ExitStack() as stack:

        def started(**options: Any) -> WorkerProcess:
            program = (str(Path(busy.__file__).with_name("busy_worker.py")),)
            worker = WorkerProcess(database_url, tmp_path, program=program, **options)
            stack.callback(worker.end)
            return worker

        yield started


async def published(db: Database, *handlers: AnyHandler) -> None:
    await Jobs(db).publish(kinds_of(handlers, db))


async def is_in(db: Asked, id_: int, state: str) -> bool:
    return bool((await job(db, id_))["state"] == state)


async def process_of(note: Path) -> int:
    """Wait until a job has begun in a process or a thread, and answer the number of that process."""

    async def noted() -> int:
        return busy.noted(note)

    return await until(noted)


async def ends(number: int) -> None:
    async def has_ended() -> bool:
        return not busy.is_at_work(number)

    await until(has_ended, seconds=5)


def abandoned() -> float:
    return observe.REGISTRY.get_sample_value("mintmark_threads_abandoned") or 0


async def test_a_call_comes_back_with_its_answer_from_a_thread_and_from_a_process(blocking: Blocking) -> None:
    assert await blocking.in_thread(NOBODY, int, "11", base=2) == 3
    assert await blocking.in_process(int, "11", base=2) == 3
    assert await blocking.in_thread(NOBODY, busy.pid) == os.getpid()
    assert await blocking.in_process(busy.pid) == await blocking.in_process(busy.pid) != os.getpid()


async def test_an_error_comes_back_as_itself_and_shows_where_in_the_process_it_was_raised(
    blocking: Blocking,
) -> None:
    with pytest.raises(ValueError, match="no good"):
        await blocking.in_thread(NOBODY, busy.raise_value_error, "no good")
    with pytest.raises(ValueError, match="no good") as caught:
        await blocking.in_process(busy.raise_value_error, "no good")

    assert str(caught.value) == "no good"
    assert "in raise_value_error" in caught.value.__notes__[0]


async def test_an_error_that_cannot_travel_comes_back_with_its_type_and_its_text(blocking: Blocking) -> None:
    with pytest.raises(RaisedElsewhere, match="Odd") as caught:
        await blocking.in_process(busy.raise_odd)

    assert str(caught.value) == "Odd: this and that"
    assert "in raise_odd" in caught.value.__notes__[0]
    with pytest.raises(busy.Odd):
        await blocking.in_thread(NOBODY, busy.raise_odd)


async def test_what_would_end_the_program_does_not_end_the_worker(blocking: Blocking) -> None:
    with pytest.raises(RaisedElsewhere, match="SystemExit: 3"):
        await blocking.in_thread(NOBODY, busy.leave)
    with pytest.raises(RaisedElsewhere, match="SystemExit: 3"):
        await blocking.in_process(busy.leave)


async def test_what_cannot_be_sent_is_refused_in_a_sentence_both_ways(blocking: Blocking) -> None:
    with pytest.raises(Unsendable, match="<lambda> or what it is given cannot be sent"):
        await blocking.in_process(lambda: 1)
    with pytest.raises(Unsendable, match="the answer cannot be sent"):
        await blocking.in_process(busy.give_a_lock)

    assert await blocking.in_process(int, "7") == 7


async def test_what_a_process_prints_does_not_get_among_its_answers(blocking: Blocking) -> None:
    assert await blocking.in_process(busy.chatter) == "heard"
    assert await blocking.in_process(int, "7") == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_that_is_meant_for_the_worker_does_not_end_its_processes(
    blocking: Blocking, number: int
) -> None:
    assert await blocking.in_process(busy.shrug_off, number) == "alive"


async def test_a_process_that_dies_says_how_and_the_next_call_gets_a_new_one(blocking: Blocking) -> None:
    with pytest.raises(ProcessDied, match="exit code 3"):
        await blocking.in_process(busy.die, 3)
    with pytest.raises(ProcessDied, match="signal SIGSEGV"):
        await blocking.in_process(busy.segfault)

    assert await blocking.in_process(int, "7") == 7


async def test_a_process_that_died_while_it_was_idle_costs_nobody_an_attempt(blocking: Blocking) -> None:
    idle = await blocking.in_process(busy.pid)
    os.kill(idle, signal.SIGKILL)

    async def is_buried() -> bool:
        return not blocking._idle[0].lives()

    await until(is_buried)

    assert await blocking.in_process(busy.pid) != idle


@pytest.mark.parametrize("call", [busy.InProcess().handle, busy.Hog().handle, busy.start_another])
async def test_a_call_that_is_cancelled_kills_at_once_what_is_at_work_for_it(
    blocking: Blocking, tmp_path: Path, call: Callable[[busy.Task], object]
) -> None:
    payload = busy.Task(seconds=600, note=str(tmp_path / "note"))
    async with anyio.create_task_group() as group:
        group.start_soon(blocking.in_process, call, payload)
        number = await process_of(tmp_path / "note")
        began = time.monotonic()
        group.cancel_scope.cancel()

    assert time.monotonic() - began < 2
    await ends(number)
    assert blocking._processes.borrowed_tokens == 0


async def test_the_processes_end_with_the_places_for_them() -> None:
    async with Blocking() as places:
        number = await places.in_process(busy.pid)
        assert busy.is_at_work(number)

    assert not busy.is_at_work(number)


async def test_there_are_never_more_threads_at_work_than_places(blocking: Blocking) -> None:
    gate = busy.Gate()

    async def others_wait() -> bool:
        return gate.inside == 2 and blocking._threads.statistics().tasks_waiting == 3

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(blocking.in_thread, NOBODY, gate.pass_through)
        await until(others_wait)
        gate.open.set()

    assert gate.most == 2
    assert blocking._threads.borrowed_tokens == 0


async def test_there_are_never_more_processes_at_work_than_places() -> None:
    seen: set[int] = set()

    async def note(places: Blocking) -> None:
        seen.add(await places.in_process(busy.pid))

    async with Blocking(processes=1) as places, anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(note, places)

    assert len(seen) == 1


async def test_an_abandoned_thread_keeps_its_place_until_it_ends(blocking: Blocking) -> None:
    gate, before = busy.Gate(), abandoned()

    async def is_inside() -> bool:
        return gate.inside == 1

    async with anyio.create_task_group() as group:
        group.start_soon(blocking.in_thread, NOBODY, gate.pass_through)
        await until(is_inside)
        group.cancel_scope.cancel()

    assert blocking._threads.borrowed_tokens == 1
    assert abandoned() == before + 1
    gate.open.set()

    async def is_free_again() -> bool:
        return blocking._threads.borrowed_tokens == 0

    await until(is_free_again)
    assert abandoned() == before


async def test_a_loop_that_is_closed_before_its_thread_ends_troubles_nobody() -> None:
    gate, before = busy.Gate(), abandoned()

    def leave_a_thread_behind() -> None:
        async def ask() -> None:
            with anyio.move_on_after(0.01):
                await Blocking().in_thread(NOBODY, gate.pass_through)

        asyncio.run(ask())

    await asyncio.to_thread(leave_a_thread_behind)
    gate.open.set()

    async def has_left() -> bool:
        return gate.inside == 0

    await until(has_left)
    assert abandoned() == before + 1
    observe.THREADS_ABANDONED.dec()


async def test_an_async_handler_may_call_what_blocks_by_its_work(db: Database) -> None:
    await published(db, busy.InThread())
    await enqueue(db, "in_thread")
    own = work(db, await claim(db, "in_thread"))

    assert await own.in_thread(busy.pid) == os.getpid()


async def test_a_blocking_kind_reads_its_payload_and_starts_its_run_like_any_other(
    db: Database, blocking: Blocking
) -> None:
    await published(db, busy.InProcess())
    kind = bind(busy.InProcess(), db, stopping=lambda: False, blocking=blocking)
    run = await start(db, "in_process", {"seconds": 0})
    mine = await claim(db, "in_process")

    ending = await kind.perform(mine)

    assert isinstance(ending, Done)
    assert ending.result
    assert ending.result["pid"] != os.getpid()
    assert (await run_row(db, run))["state"] == "running"
    bad = await kind.perform(mine._replace(payload='{"seconds": "many"}'))
    assert isinstance(bad, Fail)
    assert bad.code == "bad_payload"
    await db.execute("select worker.cancel_run($1)", run)
    assert await kind.perform(mine) == Cancel("run cancelled")


async def test_a_blocking_kind_whose_run_is_gone_is_not_begun(db: Database, blocking: Blocking) -> None:
    kind = bind(busy.Dying(), db, stopping=lambda: False, blocking=blocking)

    ending = await kind.perform(NOBODY._replace(kind="dying", run_id=UUID(int=1)))

    assert ending == Cancel("run gone")


async def test_what_a_blocking_kind_answers_must_be_an_ending(db: Database) -> None:
    kinds = kinds_of([busy.Careless()], db)

    ending = await execute(NOBODY._replace(kind="careless"), kinds)

    assert isinstance(ending, Fail)
    assert ending.code == "bad_ending"


async def test_a_death_of_the_process_is_tried_again_and_fails_when_no_try_is_left(
    db: Database, blocking: Blocking
) -> None:
    kinds = kinds_of([busy.Dying()], db, blocking=blocking)
    mine = NOBODY._replace(kind="dying", max_attempts=2)

    first = await execute(mine, kinds)
    last = await execute(mine._replace(attempt=2), kinds)

    assert isinstance(first, Retry)
    assert first.code == "process_died"
    assert last == Fail("process_died", "the process ended before it answered: signal SIGSEGV")


async def test_a_time_limit_ends_the_process_and_the_attempt(
    db: Database, database_url: str, blocking: Blocking, tmp_path: Path
) -> None:
    kinds = kinds_of([busy.Short()], db, blocking=blocking)
    await Jobs(db).publish(kinds)
    async with serving(new_daemon(db, database_url, kinds)):
        id_ = await enqueue(db, "short", {"seconds": 600, "note": str(tmp_path / "note")}, max_attempts=1)
        number = await process_of(tmp_path / "note")
        await until(lambda: is_in(db, id_, "failed"))

    assert (await job(db, id_))["error_code"] == "timeout"
    assert not busy.is_at_work(number)


async def test_a_time_limit_abandons_the_thread_and_its_late_answer_is_dropped(
    db: Database, database_url: str, blocking: Blocking
) -> None:
    gate, before = busy.Gate(), abandoned()
    kinds = kinds_of([busy.Waiting(gate)], db, blocking=blocking)
    await Jobs(db).publish(kinds)
    async with serving(new_daemon(db, database_url, kinds)):
        id_ = await enqueue(db, "waiting", max_attempts=1)
        await until(lambda: is_in(db, id_, "failed"))
        assert abandoned() == before + 1
        gate.open.set()

        async def is_over() -> bool:
            return abandoned() == before

        await until(is_over)

    assert (await job(db, id_))["error_code"] == "timeout"
    assert await db.fetchval("select result is null from worker.job_history where id = $1", id_)


async def test_the_event_loop_keeps_ticking_while_a_thread_computes(
    db: Database, start_worker: Start
) -> None:
    await published(db, *busy.SHIPPED)
    worker = await start_worker(stall_seconds=1).ready()
    long = await enqueue(db, "in_thread", {"seconds": 2.5})
    await until(lambda: is_in(db, long, "running"))

    beside = await enqueue(db, "in_thread")
    await until(lambda: is_in(db, beside, "completed"))

    assert await is_in(db, long, "running")
    assert await worker.problems() == []
    await until(lambda: is_in(db, long, "completed"))
    assert worker.process.poll() is None


@pytest.mark.parametrize("kind", ["in_thread", "in_process"])
async def test_sigterm_in_the_middle_of_blocking_work_exits_in_time_and_refunds_the_try(
    db: Database, start_worker: Start, tmp_path: Path, kind: str
) -> None:
    await published(db, *busy.SHIPPED)
    grace = 1
    worker = await start_worker(grace_seconds=grace).ready()
    id_ = await enqueue(db, kind, {"seconds": 600, "note": str(tmp_path / "note")})
    number = await process_of(tmp_path / "note")
    began = time.monotonic()

    worker.signal(signal.SIGTERM)

    assert await worker.exit_code() == 0
    assert time.monotonic() - began < grace + 2
    await ends(number)
    row = await job(db, id_)
    assert (row["state"], row["attempt"], row["crashes"]) == ("pending", 0, 0)
    said = [one["function"] for one in worker.said("thread_abandoned")]
    assert said == (["InThread.handle"] if kind == "in_thread" else [])


@pytest.mark.parametrize("kind", ["in_process", "hog"])
async def test_a_worker_that_is_killed_leaves_no_process_behind(
    db: Database, start_worker: Start, tmp_path: Path, kind: str
) -> None:
    await published(db, *busy.SHIPPED)
    worker = await start_worker().ready()
    await enqueue(db, kind, {"seconds": 600, "note": str(tmp_path / "note")})
    number = await process_of(tmp_path / "note")
    assert busy.is_at_work(number)

    worker.signal(signal.SIGKILL)

    await ends(number)


async def test_a_process_holds_no_socket_of_its_worker(db: Database, start_worker: Start) -> None:
    await published(db, *busy.SHIPPED)
    worker = await start_worker().ready()
    id_ = await enqueue(db, "in_process")
    await until(lambda: is_in(db, id_, "completed"))
    held = await db.fetchval("select result ->> 'sockets' from worker.job_history where id = $1", id_)

    assert len(busy.sockets(worker.process.pid)) > 2
    assert not [one for one in busy.sockets(worker.process.pid) if one in held]


async def test_a_process_that_dies_takes_nothing_with_it(db: Database, start_worker: Start) -> None:
    await published(db, *busy.SHIPPED)
    worker = await start_worker().ready()
    beside = await enqueue(db, "in_thread", {"seconds": 1})

    id_ = await enqueue(db, "dying", max_attempts=2)
    await until(lambda: is_in(db, id_, "failed"))

    row = await job(db, id_)
    assert (row["error_code"], row["attempt"], row["crashes"]) == ("process_died", 2, 0)
    await until(lambda: is_in(db, beside, "completed"))
    assert worker.process.poll() is None
