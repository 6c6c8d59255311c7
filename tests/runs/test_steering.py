"""Pause, resume, cancel: obeyed at the next safe point, and nothing is lost or done twice."""

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
    items,
    job_states,
    put_back,
    run_row,
    start,
    until,
    waits_for_a_lock,
    work,
    working,
)
from worker.db import Database
from worker.errors import LeaseLost, Refused, StopWork
from worker.queue.jobs import Jobs

LONG = {"items": 300, "seconds": 0.6}
ALL = [str(number) for number in range(300)]


async def begun(db: Database, run: object, count: int = 20) -> bool:
    found: int = await db.fetchval("select processed_items from worker.runs where id = $1", run)
    return found >= count


async def at_rest(db: Database, run: object) -> bool:
    return not await db.fetchval(
        "select count(*) from worker.jobs where run_id = $1 and state = 'running'", run
    )


async def test_a_paused_run_stops_at_its_next_commit_and_goes_on_from_there_with_nothing_repeated(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", LONG)
    async with working(db, database_url):
        await until(lambda: begun(db, run))
        at_work = await db.fetchval("select worker.pause_run($1, 'lunch')", run)
        await until(lambda: at_rest(db, run))
        paused, done = await run_row(db, run), await items(db, run)
        await db.execute("select worker.resume_run($1)", run)
        await until(lambda: ended(db, run))

    assert (at_work, paused["state"], paused["reason"], paused["processed_items"]) == (
        1,
        "paused",
        "lunch",
        len(done),
    )
    assert 20 <= len(done) < 300
    assert await items(db, run) == ALL
    assert (await run_row(db, run))["state"] == "completed"
    assert await events(db, run) == ["created", "started", "paused", "resumed", "completed"]
    assert await db.fetchval("select attempt from worker.job_history") == 1


async def test_pausing_holds_the_jobs_that_wait_and_nobody_can_claim_them(db: Database) -> None:
    run = await start(db, "demo", {})
    later = "select worker.enqueue('demo', run_at => now() + interval '1 h', run_id => $1)"
    await db.execute(later, run)

    at_work = await db.fetchval("select worker.pause_run($1)", run)

    assert at_work == 0
    assert await job_states(db, run) == {"paused": 2}
    assert await Jobs(db).claim("default", ["demo"], 10, run) == []
    assert (await run_row(db, run))["reason"] == "operator"

    await db.execute("select worker.resume_run($1)", run)

    assert await job_states(db, run) == {"pending": 1, "scheduled": 1}


async def test_a_cancelled_run_is_final_at_once_and_keeps_what_it_had_done(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", LONG)
    waiting = await enqueue(db, "demo", {"items": 5}, run)
    async with working(db, database_url, concurrency=1):
        await until(lambda: begun(db, run))
        at_work = await db.fetchval("select worker.cancel_run($1, 'wrong source')", run)
        final = await run_row(db, run)
        await until(lambda: at_rest(db, run))
    done = await items(db, run)

    row = await run_row(db, run)
    assert at_work == 1
    assert (final["state"], final["reason"]) == ("cancelled", "wrong source")
    assert final["completed_at"] is not None
    assert (row["state"], row["processed_items"]) == ("cancelled", len(done))
    assert done == ALL[: len(done)]
    assert 20 <= len(done) < 300
    assert await job_states(db, run) == {"cancelled": 2}
    assert (
        await db.fetchval("select reason from worker.job_history where id = $1", waiting) == "run cancelled"
    )
    assert await events(db, run) == ["created", "started", "cancelled"]


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
async def test_a_cancelled_run_cannot_be_steered_any_more(db: Database, verb: str) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.cancel_run($1)", run)

    with pytest.raises(Refused, match=f"^a cancelled run cannot {verb}$") as refused:
        await db.execute(f"select worker.{verb}_run($1)", run)

    assert refused.value.code == "MM003"
    assert await events(db, run) == ["created", "cancelled"]


async def test_every_move_leaves_an_event_with_its_actor(db: Database) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.pause_run($1, 'checking')", run)
    await db.execute("select worker.resume_run($1, 9)", run)
    job = await claim(db)
    await work(db, job).enter()
    await end(db, job)
    rows = await db.fetch("select event, actor, data from worker.run_events order by id")

    assert [(row["event"], row["actor"]) for row in rows] == [
        ("created", "postgres"),
        ("paused", "postgres"),
        ("resumed", "postgres"),
        ("completed", "mintmark"),
    ]
    assert [json.loads(row["data"]) for row in rows[1:3]] == [
        {"reason": "checking", "in_flight": 0},
        {"budget_cap_cents": 9},
    ]


async def test_the_first_job_to_begin_starts_the_run_and_says_which_it_was(db: Database) -> None:
    run = await start(db, "demo", {})
    job = await claim(db)

    assert await work(db, job).enter() is None

    row = await run_row(db, run)
    assert (row["state"], row["started_at"] is not None) == ("running", True)
    assert await db.fetchval("select actor from worker.run_events where event = 'started'") == f"job {job.id}"


async def test_two_jobs_that_begin_at_once_both_go_on(db: Database, connect: Connect) -> None:
    run = await start(db, "demo", {})
    other = await connect()
    starting = other.transaction()
    await starting.start()
    await other.execute("update worker.runs set state = 'running' where id = $1", run)
    begun_too: list[str | None] = []

    async def enter() -> None:
        begun_too.append(await work(db, await claim(db)).enter())

    async with anyio.create_task_group() as group:
        group.start_soon(enter)
        await until(lambda: waits_for_a_lock(db, "%begin_run%"))
        await starting.commit()

    assert begun_too == [None]


async def test_a_worker_that_has_lost_its_job_does_not_start_the_run(db: Database) -> None:
    run = await start(db, "demo", {})
    job = await claim(db)
    await db.execute("update worker.jobs set fence = fence + 1")

    with pytest.raises(LeaseLost):
        await work(db, job).enter()

    assert (await run_row(db, run))["state"] == "pending"


async def test_a_job_does_not_begin_in_a_paused_run(db: Database) -> None:
    run = await start(db, "demo", {})
    job = await claim(db)
    await db.execute("select worker.pause_run($1)", run)

    with pytest.raises(StopWork, match="run paused"):
        await work(db, job).enter()


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
async def test_a_job_left_in_a_run_that_has_ended_is_cancelled_and_not_tried_for_ever(
    db: Database, database_url: str, state: str
) -> None:
    run = await start(db, "demo", {"items": 3})
    await db.execute("update worker.runs set state = $2::worker.run_state where id = $1", run, state)

    await drain(database_url)

    row = await db.fetchrow("select state::text, reason from worker.job_history")
    assert row is not None
    assert tuple(row) == ("cancelled", f"run {state}")
    assert (await run_row(db, run))["state"] == state
    assert await items(db, run) == []


async def test_a_job_on_its_way_to_rest_while_its_run_is_resumed_is_woken_by_the_sweep(
    db: Database, connect: Connect, database_url: str
) -> None:
    run = await start(db, "demo", {"items": 2})
    job = await claim(db)
    await work(db, job).enter()
    await db.execute("select worker.pause_run($1)", run)
    operator = await connect()
    async with operator.transaction():
        await operator.execute("select worker.resume_run($1)", run)
        await put_back(db, job)  # It cannot see the resume yet.
    assert await job_states(db, run) == {"paused": 1}

    await closer(db).sweep()

    assert await job_states(db, run) == {"pending": 1}
    await drain(database_url)
    assert (await run_row(db, run))["state"] == "completed"


async def test_the_sweep_leaves_the_jobs_of_a_paused_run_at_rest(db: Database) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.pause_run($1)", run)

    await closer(db).sweep()

    assert await job_states(db, run) == {"paused": 1}
