"""Telling the culprit from the innocent, when both were there each time that their worker died."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.queue.processes import Start, WorkerProcess
from tests.queue.scene import (
    alive,
    claimed,
    enqueue,
    errand,
    job,
    kinds,
    let_die,
    new_daemon,
    serving,
    states,
    until,
)
from worker.db import Database, Record
from worker.queue.contract import Done, Ending, Job
from worker.queue.jobs import Jobs
from worker.queue.rescue import CRASH_LIMIT, Rescued, rescue
from worker.queue.suspects import BESIDE_ANOTHER, SUSPECTED

CRASHED = "update worker.jobs set crashes = $2, crashes_in_a_row = $3 where id = $1"


async def suspect(db: Database, **named: Any) -> int:
    id_ = await enqueue(db, **named)
    await db.execute(CRASHED, id_, SUSPECTED, SUSPECTED)
    return id_


async def died_with(db: Database, *, jobs: int) -> Rescued:
    """Let a worker die that has claimed so many jobs at once."""
    worker = await alive(db)
    assert len(await claimed(db, worker, limit=jobs)) == jobs
    await let_die(db, worker)
    return await rescue(db)


async def in_a_row(db: Database, id_: int) -> int:
    count: int = await db.fetchval("select crashes_in_a_row from worker.jobs where id = $1", id_)
    return count


@pytest.mark.usefixtures("jobs")
async def test_suspects_that_died_together_are_not_struck_and_come_back_one_after_the_other(
    db: Database,
) -> None:
    ids = [await suspect(db) for _ in range(3)]
    fresh = await enqueue(db)

    rescued = await died_with(db, jobs=4)

    assert rescued.quarantined == []
    assert [(await job(db, id_))["state"] for id_ in ids] == ["pending", "scheduled", "scheduled"]
    waits = [
        await db.fetchval(
            "select round(extract(epoch from run_at - now())) from worker.jobs where id = $1", id_
        )
        for id_ in ids[1:]
    ]
    assert waits == [5, 10]
    assert [(await job(db, id_))["crashes"] for id_ in ids] == [CRASH_LIMIT] * 3
    assert [await in_a_row(db, id_) for id_ in (*ids, fresh)] == [SUSPECTED, SUSPECTED, SUSPECTED, 1]


@pytest.mark.usefixtures("jobs")
async def test_the_only_suspect_of_a_dead_worker_is_set_aside_whoever_was_beside_it(db: Database) -> None:
    id_ = await suspect(db)
    beside = [await enqueue(db), await enqueue(db)]

    rescued = await died_with(db, jobs=3)

    assert [one.id for one in rescued.quarantined] == [id_]
    assert [await in_a_row(db, one) for one in beside] == [1, 1]


@pytest.mark.usefixtures("jobs")
async def test_suspects_that_died_apart_are_both_set_aside(db: Database) -> None:
    ids = [await suspect(db), await suspect(db)]
    for _ in ids:
        worker = await alive(db)
        assert await claimed(db, worker)
        await let_die(db, worker)

    rescued = await rescue(db)

    assert sorted(one.id for one in rescued.quarantined) == ids


@pytest.mark.usefixtures("jobs")
async def test_a_suspect_that_nobody_wants_any_more_is_cancelled_and_not_put_off(db: Database) -> None:
    ids = [await suspect(db), await suspect(db)]
    worker = await alive(db)
    await claimed(db, worker, limit=2)
    await db.execute("select worker.cancel_job($1)", ids[1])
    await let_die(db, worker)

    rescued = await rescue(db)

    assert [one.id for one in rescued.cancelled] == [ids[1]]
    assert (await job(db, ids[1]))["state"] == "cancelled"


class Bench:
    """Where jobs are worked until they are let go, and who has been there."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.go = anyio.Event()

    async def perform(self, job: Job) -> Ending:
        self.begun.append(job.id)
        await self.go.wait()
        return Done()


async def test_a_worker_hands_a_suspect_back_while_another_is_at_work_and_takes_ordinary_jobs(
    db: Database, database_url: str
) -> None:
    bench = Bench()
    known = kinds(errand(bench.perform))
    await Jobs(db).publish(known)
    suspects = {await suspect(db), await suspect(db)}
    ordinary = await enqueue(db)

    async def one_is_handed_back() -> list[Record]:
        rows = [await job(db, id_) for id_ in suspects]
        return [row for row in rows if row["reason"] == BESIDE_ANOTHER and len(bench.begun) == 2]

    async with serving(new_daemon(db, database_url, known)):
        (row,) = await until(one_is_handed_back)

        assert (row["state"], row["attempt"]) == ("scheduled", 0)
        assert set(bench.begun) == suspects - {row["id"]} | {ordinary}
        bench.go.set()
        await db.execute("update worker.jobs set run_at = now() where id = $1", row["id"])

        async def all_are_done() -> bool:
            return await states(db) == {"completed": 3}

        await until(all_are_done)


async def test_a_job_that_has_got_on_since_its_crashes_is_no_suspect(db: Database, database_url: str) -> None:
    bench = Bench()
    known = kinds(errand(bench.perform))
    await Jobs(db).publish(known)
    first, second = await suspect(db), await enqueue(db)
    await db.execute(CRASHED, second, 7, 0)

    async def both_are_at_work() -> bool:
        return sorted(bench.begun) == [first, second]

    async with serving(new_daemon(db, database_url, known)):
        await until(both_are_at_work)
        bench.go.set()


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start worker processes on the test's database; none outlives the test."""
    with ExitStack() as stack:

        def started(**options: Any) -> WorkerProcess:
            worker = WorkerProcess(database_url, tmp_path, **options)
            stack.callback(worker.end)
            return worker

        yield started


CULPRIT, INNOCENT = {"crash": True}, {"seconds": 1.5}


@pytest.mark.parametrize("payloads", [(CULPRIT, INNOCENT), (INNOCENT, CULPRIT)], ids=["culprit", "innocent"])
async def test_a_culprit_is_set_aside_and_the_innocent_beside_it_is_worked_whoever_is_first(
    db: Database, start: Start, payloads: tuple[dict[str, Any], ...]
) -> None:
    ids = [await enqueue(db, "demo", payload) for payload in payloads]
    innocent, culprit = ids[payloads.index(INNOCENT)], ids[payloads.index(CULPRIT)]
    workers = [start()]

    async def both_have_ended() -> bool:
        """Be the supervisor that starts a worker again, and a database that waits for no lease."""
        if workers[-1].process.poll() is not None:
            pids = [worker.process.pid for worker in workers]
            await db.execute(
                "update worker.workers set lease_until = now() - interval '1 s' where pid = any($1)", pids
            )
            workers.append(start())
        # Nobody is at work: what waits need not wait.
        await db.execute(
            "update worker.jobs set run_at = now() where state = 'scheduled'"
            " and not exists (select from worker.jobs where state in ('running', 'pending'))"
        )
        return {(await job(db, id_))["state"] for id_ in ids} <= {"completed", "failed"}

    await until(both_have_ended, seconds=50)

    assert (await job(db, innocent))["state"] == "completed"
    row = await job(db, culprit)
    assert (row["state"], row["error_code"]) == ("failed", "crashed")
    workers[-1].signal(signal.SIGTERM)
    assert await workers[-1].exit_code() == 0
