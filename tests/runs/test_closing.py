"""The end of a run: by the rules, with its totals, exactly once."""

import json

import anyio
import pytest

from tests.conftest import Connect
from tests.runs.scene import (
    claim,
    closer,
    drain,
    end,
    ended,
    enqueue,
    events,
    run_row,
    start,
    summary_of,
    until,
    waits_for_a_lock,
    work,
    working,
)
from worker.db import Database
from worker.errors import Refused
from worker.queue.jobs import Finished, Jobs
from worker.queue.states import JobState
from worker.runs.closing import ItemCount, RunTotals, plain_summary

DONE, FAILED, CANCELLED = JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED
ROUNDS = 15


@pytest.mark.parametrize(
    ("jobs", "state"),
    [
        ([DONE], "completed"),
        ([DONE, DONE], "completed"),
        ([DONE, FAILED], "failed"),
        ([FAILED, CANCELLED], "failed"),
        ([DONE, CANCELLED], "completed"),
        ([CANCELLED, CANCELLED], "cancelled"),
    ],
)
async def test_a_run_ends_by_how_its_jobs_ended_and_not_before_the_last(
    db: Database, jobs: list[JobState], state: str
) -> None:
    run = await start(db, "demo", {})
    for _ in jobs[1:]:
        await enqueue(db, "demo", {}, run)
    claimed = [await claim(db) for _ in jobs]
    await work(db, claimed[0]).enter()
    for job, how in zip(claimed, jobs, strict=True):
        assert (await run_row(db, run))["state"] == "running"
        await end(db, job, how)

    row = await run_row(db, run)
    assert (row["state"], row["completed_at"] is not None) == (state, True)
    assert await events(db, run) == ["created", "started", state]


async def test_the_summary_says_what_became_of_the_items_and_how_long_it_took(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", {"items": 7})
    await drain(database_url)

    summary = await summary_of(db, run)
    told = await db.fetchrow("select level, actor, data from worker.run_events where event = 'completed'")
    assert summary.pop("seconds") > 0
    assert summary == {"demo": {"completed": 7}}
    assert told is not None
    assert (told["level"], told["actor"], json.loads(told["data"])["demo"]) == (
        "info",
        "mintmark",
        {"completed": 7},
    )


def test_a_plain_summary_counts_by_type_and_state_whatever_the_code() -> None:
    counts = [
        ItemCount("card", "failed", "a", 2),
        ItemCount("card", "failed", "b", 1),
        ItemCount("set", "completed", None, 4),
    ]

    assert plain_summary(RunTotals(counts, {}, 0)) == {"card": {"failed": 3}, "set": {"completed": 4}}


async def test_a_failed_run_says_so_as_an_error(db: Database, database_url: str) -> None:
    run = await start(db, "demo", {"cost_cents": 1, "items": 1, "fail": 0})
    await db.execute("update worker.jobs set payload = '{\"seconds\": -1}'")
    await drain(database_url)

    level = await db.fetchval(
        "select level from worker.run_events where run_id = $1 and event = 'failed'", run
    )
    assert level == "error"


async def test_closing_again_changes_nothing(db: Database) -> None:
    run = await start(db, "demo", {})
    await end(db, await claim(db))
    before, log = await run_row(db, run), await events(db, run)

    await closer(db).close([run])
    await closer(db).sweep()

    assert await run_row(db, run) == before
    assert await events(db, run) == log


async def test_two_workers_that_finish_the_last_two_jobs_at_once_close_the_run_once(db: Database) -> None:
    runs = [await start(db, "demo", {}) for _ in range(ROUNDS)]
    for run in runs:
        await enqueue(db, "demo", {}, run)
    claimed = [await claim(db) for _ in range(2 * ROUNDS)]
    pairs = [[job for job in claimed if job.run_id == run] for run in runs]

    for pair in pairs:
        async with anyio.create_task_group() as group:
            for job in pair:
                group.start_soon(end, db, job)
    await closer(db).sweep()  # Both may have seen the other's job at work: then nobody closed yet.

    for run in runs:
        assert await events(db, run) == ["created", "completed"]


async def test_closers_that_meet_write_the_end_once(db: Database) -> None:
    runs = [await start(db, "demo", {}) for _ in range(ROUNDS)]
    await Jobs(db).finish([Finished(await claim(db), DONE) for _ in runs])

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(closer(db).sweep)

    told = await db.fetch(
        "select run_id, count(*) from worker.run_events where event = 'completed' group by 1"
    )
    assert sorted(row["run_id"] for row in told) == sorted(runs)
    assert {row["count"] for row in told} == {1}


async def test_the_sweep_closes_what_a_worker_that_died_after_its_last_finish_left_open(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", {})
    await Jobs(db).finish([Finished(await claim(db), DONE)])
    assert (await run_row(db, run))["state"] == "pending"

    async with working(db, database_url):
        await until(lambda: ended(db, run))

    assert (await run_row(db, run))["state"] == "completed"


async def test_a_paused_run_is_not_closed_by_its_last_job_but_when_it_is_resumed(db: Database) -> None:
    run = await start(db, "demo", {})
    job = await claim(db)
    await db.execute("select worker.pause_run($1)", run)
    await end(db, job)
    await closer(db).sweep()
    assert (await run_row(db, run))["state"] == "paused"

    await db.execute("select worker.resume_run($1)", run)
    await closer(db).sweep()

    assert (await run_row(db, run))["state"] == "completed"


async def test_a_run_is_not_closed_while_a_job_is_being_put_into_it(db: Database, connect: Connect) -> None:
    run = await start(db, "demo", {})
    job = await claim(db)
    producer = await connect()
    async with producer.transaction():
        await enqueue(producer, "demo", {}, run)
        await end(db, job)
        assert (await run_row(db, run))["state"] == "pending"

    await closer(db).sweep()

    assert (await run_row(db, run))["state"] == "pending"
    await end(db, await claim(db))
    assert (await run_row(db, run))["state"] == "completed"


async def test_an_enqueue_that_comes_while_the_run_is_being_closed_waits_and_is_refused(
    db: Database, connect: Connect
) -> None:
    run = await start(db, "demo", {})
    await Jobs(db).finish([Finished(await claim(db), DONE)])
    closing = await connect()
    refused: list[str] = []

    async def put_in() -> None:
        try:
            await enqueue(db, "demo", {}, run)
        except Refused as error:
            refused.append(error.code)

    async with anyio.create_task_group() as group, closing.transaction():
        await closing.execute("select from worker.runs where id = $1 for update", run)
        group.start_soon(put_in)
        await until(lambda: waits_for_a_lock(db, "%enqueue%"))
        await closing.execute("update worker.runs set state = 'completed' where id = $1", run)

    assert refused == ["MM003"]
    assert await db.fetchval("select count(*) from worker.jobs") == 0
