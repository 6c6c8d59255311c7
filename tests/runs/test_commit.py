"""A handler's commit: rows, items, checkpoint, counters, children and log, all of it or nothing."""

import json
from typing import Any

import pytest

from tests.runs.scene import claim, drain, enqueue, events, items, run_row, start, work
from worker.db import Database
from worker.errors import LeaseLost, StopWork
from worker.queue.contract import Job
from worker.runs.items import Item
from worker.runs.work import Batch, Work

WRITE = "insert into public.orgs (name) values ('written by a handler')"


async def at_work(db: Database, **params: Any) -> Job:
    """A job of a started run, claimed."""
    await start(db, "demo", params)
    job = await claim(db)
    await work(db, job).enter()
    return job


async def fill(batch: Batch) -> None:
    """Put one of everything into a batch."""
    await batch.connection.execute(WRITE)
    batch.items += [
        Item("card", "a", "completed"),
        Item("card", "b", "failed", "odd", "half a \ud800 pair and \0"),
        Item("card", "c", "skipped"),
    ]
    batch.checkpoint = {"version": 1, "done": 3}
    batch.expected = 5
    await batch.enqueue("demo", {"items": 1})
    await batch.log("warning", "odd_thing", count=1)


async def trace(db: Database, job: Job) -> dict[str, Any]:
    """Whatever a commit may leave behind."""
    assert job.run_id is not None
    row = await run_row(db, job.run_id)
    return {
        "rows": await db.fetchval("select count(*) from public.orgs where name = 'written by a handler'"),
        "items": await items(db, job.run_id),
        "counts": [row[f"{name}_items"] for name in ("total", "processed", "failed", "skipped")],
        "checkpoint": await db.fetchval("select checkpoint::text from worker.jobs where id = $1", job.id),
        "children": await db.fetchval("select count(*) from worker.jobs where id <> $1", job.id),
        "told": (await events(db, job.run_id)).count("odd_thing"),
    }


NOTHING = {"rows": 0, "items": [], "counts": [0, 0, 0, 0], "checkpoint": None, "children": 0, "told": 0}


async def test_a_commit_writes_rows_items_checkpoint_counters_children_and_log_together(db: Database) -> None:
    job = await at_work(db)
    own = work(db, job)
    async with own.commit() as batch:
        await fill(batch)
        assert await trace(db, job) == NOTHING

    left = await trace(db, job)
    assert json.loads(left.pop("checkpoint")) == {"version": 1, "done": 3}
    assert left == {"rows": 1, "items": ["a", "b", "c"], "counts": [5, 3, 1, 1], "children": 1, "told": 1}
    odd = await db.fetchrow("select error_code, error_message from worker.items where external_id = 'b'")
    assert odd is not None
    assert tuple(odd) == ("odd", "half a \\ud800 pair and \\x00")


async def test_an_error_inside_a_commit_leaves_nothing_behind(db: Database) -> None:
    job = await at_work(db)
    own = work(db, job)

    async def fail_at_the_last_moment() -> None:
        async with own.commit() as batch:
            await fill(batch)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_at_the_last_moment()

    assert await trace(db, job) == NOTHING


@pytest.mark.parametrize(
    "lost",
    [
        "update worker.jobs set fence = fence + 1 where id = $1",
        "update worker.jobs set state = 'pending' where id = $1",
        "update worker.jobs set state = 'paused' where id = $1",
        "delete from worker.jobs where id = $1",
    ],
    ids=["claimed by another", "put back", "held", "gone"],
)
async def test_a_commit_for_a_job_that_is_somebody_elses_is_rolled_back_whole(
    db: Database, lost: str
) -> None:
    job = await at_work(db)
    await db.execute(lost, job.id)
    own = work(db, job)

    with pytest.raises(LeaseLost, match=f"job {job.id} is no longer held with fence {job.fence}"):
        async with own.commit() as batch:
            await fill(batch)

    assert await trace(db, job) == NOTHING


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("select worker.pause_run(run_id) from worker.jobs where id = $1", "run paused"),
        ("select worker.cancel_run(run_id) from worker.jobs where id = $1", "run cancelled"),
        ("select worker.cancel_job($1)", "job cancelled"),
    ],
)
async def test_a_commit_is_a_safe_point_at_which_work_stops_and_what_was_committed_stays(
    db: Database, told: str, why: str
) -> None:
    job = await at_work(db)
    own = work(db, job)
    await db.execute(told, job.id)

    async def get_on() -> None:
        async with own.commit() as batch:
            batch.items.append(Item("card", "a", "completed"))
            batch.checkpoint = {"done": 1}

    with pytest.raises(StopWork, match=f"told to stop: {why}"):
        await get_on()

    left = await trace(db, job)
    assert (left["items"], left["counts"]) == (["a"], [0, 1, 0, 0])
    assert json.loads(left["checkpoint"]) == {"version": 1, "done": 1}


async def test_a_stopping_worker_stops_at_the_next_commit(db: Database) -> None:
    job = await at_work(db)
    own = Work(db, job, stopping=lambda: True)

    with pytest.raises(StopWork, match="worker stopping"):
        async with own.commit() as batch:
            batch.items.append(Item("card", "a", "completed"))

    assert (await trace(db, job))["items"] == ["a"]


async def test_a_job_without_a_run_keeps_its_checkpoint_and_has_nowhere_to_count_items(db: Database) -> None:
    await enqueue(db, "demo", {})
    job = await claim(db)
    own = work(db, job)
    assert await own.enter() is None
    async with own.commit() as batch:
        batch.items.append(Item("demo", "0", "completed"))
        batch.checkpoint = {"done": 1}
        await batch.log("info", "nobody_reads_this")

    assert await db.fetchval("select checkpoint::text from worker.jobs") == '{"done": 1, "version": 1}'
    assert (
        await db.fetchval(
            "select (select count(*) from worker.items) + (select count(*) from worker.run_events)"
        )
        == 0
    )


async def test_a_commit_that_names_no_checkpoint_leaves_the_old_one(db: Database) -> None:
    job = await at_work(db)
    for checkpoint in ({"done": 1}, None):
        async with work(db, job).commit() as batch:
            batch.checkpoint = checkpoint

    assert (await trace(db, job))["checkpoint"] == '{"done": 1, "version": 1}'


@pytest.mark.parametrize(
    "written", ['{"version": 99}', '{"version": 1, "done": "1"}', '{"version": 1, "after": []}', "[1]", "7"]
)
@pytest.mark.parametrize(
    ("kind", "params"), [("demo", {"items": 3}), ("normalize_batch", {"source": "pokemonapi"})]
)
async def test_a_checkpoint_that_cannot_be_read_pauses_the_run_with_the_reason_and_is_kept(
    db: Database, database_url: str, written: str, kind: str, params: dict[str, Any]
) -> None:
    run = await start(db, kind, params)
    await db.execute("update worker.jobs set checkpoint = $1::jsonb", written)

    await drain(database_url)

    row = await run_row(db, run)
    assert (row["state"], row["reason"]) == ("paused", "checkpoint_version")
    job = await db.fetchrow("select state::text, attempt, checkpoint::text from worker.jobs")
    assert job is not None
    assert (job["state"], job["attempt"], json.loads(job["checkpoint"])) == ("paused", 0, json.loads(written))
    said = await db.fetchval(
        "select data ->> 'message' from worker.run_events where event = 'checkpoint_version'"
    )
    assert said == "this worker cannot read the job's checkpoint: run the version that wrote it"
