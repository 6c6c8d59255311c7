"""Real worker processes: killed, stopped, frozen, blocked. Whatever happens, no job is lost or ends twice."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.queue.processes import Start, WorkerProcess
from tests.queue.proxy import proxy
from tests.queue.scene import enqueue, job, until
from worker.db import Database
from worker.queue.lease import EXIT_STUCK

LEASE = 1.5


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start worker processes on the test's database; none outlives the test."""
    with ExitStack() as stack:

        def started(url: str = database_url, **options: Any) -> WorkerProcess:
            worker = WorkerProcess(url, tmp_path, **options)
            stack.callback(worker.end)
            return worker

        yield started


async def holder(db: Database, id_: int, workers: list[WorkerProcess]) -> WorkerProcess:
    """Wait until one of the workers is at work on the job, and answer which."""

    async def found() -> list[WorkerProcess]:
        pid = await db.fetchval(
            "select w.pid from worker.jobs j join worker.workers w on w.id = j.worker_id"
            " where j.id = $1 and j.state = 'running'",
            id_,
        )
        return [worker for worker in workers if worker.process.pid == pid]

    return (await until(found))[0]


async def is_in(db: Database, id_: int, state: str) -> bool:
    return bool((await job(db, id_))["state"] == state)


async def test_a_worker_that_is_killed_loses_its_job_to_another_within_the_lease(
    db: Database, start: Start
) -> None:
    workers = [start(lease_seconds=LEASE), start(lease_seconds=LEASE)]
    for worker in workers:
        await worker.ready()
    id_ = await enqueue(db, "demo", {"seconds": 1, "items": 10})
    killed = await holder(db, id_, workers)
    await until(lambda: db.fetchval("select checkpoint is not null from worker.jobs where id = $1", id_))

    killed.signal(signal.SIGKILL)
    began = time.monotonic()
    await until(lambda: db.fetchval("select crashes = 1 from worker.job_status where id = $1", id_))

    assert time.monotonic() - began < LEASE + 2
    await until(lambda: is_in(db, id_, "completed"))
    assert (await job(db, id_))["attempt"] == 1, "a crash does not use a try up"
    done = await db.fetchval("select checkpoint ->> 'done' from worker.job_history where id = $1", id_)
    assert done == "10"


async def test_a_job_that_crashes_its_workers_is_set_aside_at_the_third_and_a_retry_brings_it_back(
    db: Database, start: Start
) -> None:
    workers = [start() for _ in range(4)]
    for worker in workers:
        await worker.ready()
    id_ = await enqueue(db, "demo", {"crash": True})

    async def lay_out_the_dead() -> bool:
        dead = [worker.process.pid for worker in workers if worker.process.poll() is not None]
        await db.execute(
            "update worker.workers set lease_until = now() - interval '1 s' where pid = any($1)", dead
        )
        return await is_in(db, id_, "failed")

    await until(lay_out_the_dead, seconds=30)

    assert sorted(worker.process.poll() or 0 for worker in workers) == [0, 70, 70, 70]
    row = await job(db, id_)
    assert (row["reason"], row["crashes"], row["error_code"]) == ("quarantined", 3, "crashed")
    (survivor,) = [worker for worker in workers if worker.process.poll() is None]

    async def it_is_said() -> list[int]:
        return [said["job"] for worker in workers for said in worker.said("job_quarantined")]

    assert await until(it_is_said) == [id_]
    survivor.signal(signal.SIGTERM)
    assert await survivor.exit_code() == 0
    await db.execute("select worker.retry_job($1)", id_)
    row = await job(db, id_)
    assert (row["state"], row["crashes"], row["attempt"]) == ("pending", 0, 0)


async def test_sigterm_in_the_middle_of_long_work_exits_in_time_and_refunds_the_try(
    db: Database, start: Start
) -> None:
    grace = 2
    worker = await start(grace_seconds=grace).ready()
    plain = await enqueue(db, "demo", {"seconds": 600})
    steps = await enqueue(db, "demo", {"seconds": 60, "items": 600})
    for id_ in (plain, steps):
        await holder(db, id_, [worker])
    await until(lambda: db.fetchval("select checkpoint is not null from worker.jobs where id = $1", steps))

    began = time.monotonic()
    worker.signal(signal.SIGTERM)

    assert await worker.exit_code() == 0
    assert time.monotonic() - began < grace + 1
    for id_ in (plain, steps):
        row = await job(db, id_)
        assert (row["state"], row["attempt"], row["crashes"]) == ("pending", 0, 0)
    assert await db.fetchval("select (checkpoint ->> 'done')::int >= 0 from worker.jobs where id = $1", steps)
    assert await db.fetchval("select count(*) from worker.workers") == 0


async def test_sigterm_at_any_moment_of_the_start_ends_it_promptly(db: Database, start: Start) -> None:
    id_ = await enqueue(db, "demo", {"seconds": 600})
    codes: dict[float, int] = {}

    async def stop_after(seconds: float) -> None:
        worker = start(grace_seconds=0.5)

        async def hears() -> bool:
            return worker.can_hear()

        await until(hears, seconds=30)
        await anyio.sleep(seconds)  # The moment is what is tried here.
        worker.signal(signal.SIGTERM)
        began = time.monotonic()
        codes[seconds] = await worker.exit_code()
        assert time.monotonic() - began < 4

    async with anyio.create_task_group() as group:
        for offset in (0.0, 0.05, 0.1, 0.25, 0.5):
            group.start_soon(stop_after, offset)

    assert codes == dict.fromkeys((0.0, 0.05, 0.1, 0.25, 0.5), 0)
    row = await job(db, id_)
    assert (row["state"], row["attempt"], row["crashes"]) == ("pending", 0, 0)


async def test_a_worker_that_was_frozen_past_its_lease_has_its_late_result_refused(
    db: Database, start: Start
) -> None:
    workers = [start(lease_seconds=LEASE), start(lease_seconds=LEASE)]
    for worker in workers:
        await worker.ready()
    id_ = await enqueue(db, "demo", {"seconds": 0.6})
    zombie = await holder(db, id_, workers)
    zombie.signal(signal.SIGSTOP)
    await until(lambda: is_in(db, id_, "completed"))
    ended = await db.fetchrow("select fence, finished_at, crashes from worker.job_history where id = $1", id_)
    assert ended is not None

    zombie.signal(signal.SIGCONT)

    async def is_refused() -> bool:
        return bool(zombie.said("lease_lost"))

    await until(is_refused)
    assert [said["job"] for said in zombie.said("lease_lost")] == [id_]
    assert ended["crashes"] == 1
    assert ended == await db.fetchrow(
        "select fence, finished_at, crashes from worker.job_history where id = $1", id_
    )
    following = await enqueue(db, "demo")
    await until(lambda: is_in(db, following, "completed"))
    assert [worker.process.poll() for worker in workers] == [None, None]


async def test_a_worker_that_does_not_know_that_its_job_was_taken_has_its_result_refused(
    db: Database, start: Start
) -> None:
    first = await start().ready()
    id_ = await enqueue(db, "demo", {"seconds": 1.5})
    await holder(db, id_, [first])
    first.signal(signal.SIGSTOP)
    await db.execute("update worker.workers set lease_until = now() - interval '1 s'")
    second = await start().ready()
    await holder(db, id_, [second])

    first.signal(signal.SIGCONT)

    async def is_refused() -> bool:
        return bool(first.said("lease_lost"))

    await until(is_refused)

    async def is_finished() -> bool:
        return [said["job"] for said in second.said("job_finished")] == [id_]

    await until(is_finished)
    assert (await job(db, id_))["state"] == "completed"
    assert not [said for said in first.said("job_finished") if said["ending"] == "done"]


async def test_a_handler_that_blocks_the_event_loop_keeps_its_job_and_the_health_port_names_the_loop(
    db: Database, start: Start
) -> None:
    workers = [start(lease_seconds=LEASE), start(lease_seconds=LEASE)]
    for worker in workers:
        await worker.ready()
        assert await worker.problems() == []
    id_ = await enqueue(db, "demo", {"seconds": 3 * LEASE, "block": True})
    blocked = await holder(db, id_, workers)

    async def names_the_loop() -> bool:
        return any(problem.startswith("event loop") for problem in await blocked.problems())

    await until(names_the_loop, seconds=2 * LEASE)
    assert (await job(db, id_))["state"] == "running"
    await until(lambda: is_in(db, id_, "completed"))

    row = await db.fetchrow("select fence, attempt, crashes from worker.job_history where id = $1", id_)
    assert row is not None
    assert tuple(row) == (1, 1, 0)

    async def is_well() -> bool:
        return not await blocked.problems()

    await until(is_well)
    assert not any(worker.said("lease_lost") for worker in workers)


async def test_a_worker_whose_event_loop_stands_still_for_too_long_ends_itself(
    db: Database, start: Start
) -> None:
    worker = await start(stall_seconds=1.5).ready()
    id_ = await enqueue(db, "demo", {"seconds": 600, "block": True})
    await holder(db, id_, [worker])
    began = time.monotonic()

    assert await worker.exit_code() == EXIT_STUCK

    assert time.monotonic() - began < 1.5 + 2
    (said,) = worker.said("worker_stuck")
    assert said["loop_stood_still_seconds"] >= 1.5


async def test_sigterm_while_the_database_does_not_answer_ends_within_the_grace(
    db: Database, database_url: str, start: Start
) -> None:
    async with proxy(database_url) as stand:
        worker = await start(stand.url, grace_seconds=1).ready()
        id_ = await enqueue(db, "demo", {"seconds": 600})
        await holder(db, id_, [worker])
        stand.up.clear()
        began = time.monotonic()
        worker.signal(signal.SIGTERM)

        code = await worker.exit_code()

        assert time.monotonic() - began < 1 + 2
        assert code in {0, EXIT_STUCK}
    assert (await job(db, id_))["state"] == "running", "it is rescued when the lease has run out"
