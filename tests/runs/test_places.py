"""Places: so many runs of an org at once, the others wait their turn."""

from uuid import UUID

import anyio
import pytest

from tests.runs.scene import (
    claim,
    closer,
    end,
    enqueue,
    events,
    job_states,
    run_row,
    start,
    until,
    work,
    working,
)
from worker.db import Database
from worker.errors import Refused, StopWork
from worker.queue.contract import Job
from worker.queue.states import JobState


async def begin(db: Database) -> Job:
    job = await claim(db)
    await work(db, job).enter()
    return job


async def fill(db: Database, count: int = 3) -> list[Job]:
    """Start so many runs, each with its job at work."""
    for _ in range(count):
        await start(db, "demo", {})
    return [await begin(db) for _ in range(count)]


async def state(db: Database, run: UUID) -> tuple[str, str | None]:
    row = await run_row(db, run)
    return row["state"], row["reason"]


async def has_to_wait(db: Database) -> None:
    """The next job that begins finds no place, and is put back."""
    job = await claim(db)
    with pytest.raises(StopWork, match="run waits for a place"):
        await work(db, job).enter()
    await db.execute("update worker.jobs set state = 'paused', attempt = 0 where id = $1", job.id)


async def test_a_fourth_run_waits_and_is_called_when_the_first_has_ended(db: Database) -> None:
    first, *_ = await fill(db)
    fourth = await start(db, "demo", {})
    await enqueue(db, "demo", {}, fourth)

    await has_to_wait(db)

    assert await state(db, fourth) == ("pending", "max_concurrent_runs")
    assert await job_states(db, fourth) == {"paused": 2}
    await end(db, first)
    assert await job_states(db, fourth) == {"pending": 2}
    await begin(db)
    assert await state(db, fourth) == ("running", None)
    assert await events(db, fourth) == ["created", "waiting", "started"]


async def test_those_that_wait_are_called_in_the_order_in_which_they_came(db: Database) -> None:
    first, second, _ = await fill(db)
    waiting = [await start(db, "demo", {}) for _ in range(3)]
    for _ in waiting:
        await has_to_wait(db)

    await end(db, second)
    states = [await job_states(db, run) for run in waiting]
    await end(db, first)

    assert states == [{"pending": 1}, {"paused": 1}, {"paused": 1}]
    assert [await job_states(db, run) for run in waiting] == [{"pending": 1}, {"pending": 1}, {"paused": 1}]


async def test_a_run_that_comes_later_does_not_overtake_one_that_was_called(db: Database) -> None:
    first, *_ = await fill(db)
    early, late = await start(db, "demo", {}), await start(db, "demo", {})
    await has_to_wait(db)
    await end(db, first)
    await db.execute("update worker.jobs set priority = 1 where run_id = $1", late)

    await has_to_wait(db)

    assert await state(db, late) == ("pending", "max_concurrent_runs")
    await begin(db)
    assert await state(db, early) == ("running", None)


@pytest.mark.parametrize(
    "held",
    [
        "update worker.jobs set state = 'scheduled', run_at = now() + interval '1 hour' where run_id = $1",
        "update worker.jobs set queue = 'elsewhere' where run_id = $1",
        "update worker.jobs set concurrency_key = 'k', blocked = true where run_id = $1",
    ],
)
async def test_a_run_that_was_called_and_cannot_begin_holds_up_nobody(db: Database, held: str) -> None:
    await db.execute("select worker.pause_queue('elsewhere')")
    first, *_ = await fill(db)
    early, late = await start(db, "demo", {}), await start(db, "demo", {})
    await has_to_wait(db)
    await has_to_wait(db)
    await end(db, first)
    await db.execute(held, early)

    await closer(db).sweep()

    assert await job_states(db, late) == {"pending": 1}
    await begin(db)
    assert await state(db, late) == ("running", None)


@pytest.mark.parametrize("steer", ["select worker.pause_run($1)", "select worker.cancel_run($1)"])
async def test_a_run_that_is_paused_or_cancelled_gives_its_place_away(db: Database, steer: str) -> None:
    first, *_ = await fill(db)
    waiting = await start(db, "demo", {})
    await has_to_wait(db)

    await db.execute(steer, first.run_id)

    assert await job_states(db, waiting) == {"pending": 1}


async def test_a_run_that_is_resumed_waits_until_there_is_a_place(db: Database) -> None:
    first, second, _ = await fill(db)
    assert first.run_id is not None
    await db.execute("select worker.pause_run($1)", first.run_id)
    await fill(db, 1)

    await db.execute("select worker.resume_run($1)", first.run_id)

    assert await state(db, first.run_id) == ("pending", "max_concurrent_runs")
    await end(db, second)
    await db.execute("update worker.jobs set state = 'pending' where id = $1", first.id)
    await begin(db)
    assert await state(db, first.run_id) == ("running", None)


async def test_a_run_that_is_retried_waits_until_there_is_a_place(db: Database) -> None:
    run = await start(db, "demo", {})
    job = await begin(db)
    await end(db, job, JobState.FAILED)
    first, *_ = await fill(db)

    await db.execute("select worker.retry_job($1)", job.id)

    assert await state(db, run) == ("pending", "max_concurrent_runs")
    assert await job_states(db, run) == {"paused": 1}
    await end(db, first)
    assert await job_states(db, run) == {"pending": 1}


async def test_more_places_call_those_that_wait(db: Database) -> None:
    await fill(db)
    waiting = [await start(db, "demo", {}) for _ in range(2)]
    for _ in waiting:
        await has_to_wait(db)

    await db.execute("select worker.set_org(max_concurrent_runs => 4)")

    assert [await job_states(db, run) for run in waiting] == [{"pending": 1}, {"paused": 1}]


async def test_a_place_that_nobody_was_called_for_is_found_by_the_sweep(db: Database) -> None:
    first, *_ = await fill(db)
    waiting = await start(db, "demo", {})
    await has_to_wait(db)
    await db.execute("update worker.runs set state = 'completed' where id = $1", first.run_id)

    await closer(db).sweep()

    assert await job_states(db, waiting) == {"pending": 1}


async def test_an_org_has_its_own_places(db: Database) -> None:
    await fill(db)
    org = await db.fetchval("insert into public.orgs (name) values ('another') returning id")
    other = await db.fetchval("select worker.start_run('demo', org_id => $1)", org)

    await begin(db)

    assert await state(db, other) == ("running", None)


async def test_ten_runs_at_once_are_worked_three_at_a_time_and_all_of_them(
    db: Database, database_url: str
) -> None:
    runs = [await start(db, "demo", {"seconds": 0.2, "items": 2}) for _ in range(10)]
    most = 0

    async def all_ended() -> bool:
        nonlocal most
        rows = await db.fetch("select state::text, count(*)::int from worker.run_status group by state")
        states = {row["state"]: row["count"] for row in rows}
        most = max(most, states.get("running", 0))
        return bool(states.get("completed") == len(runs))

    async with working(db, database_url, concurrency=8):
        await until(all_ended)

    assert most == 3
    started = await db.fetch("select id from worker.runs order by started_at, created_at")
    assert {row["id"] for row in started[:3]} == set(runs[:3])


async def test_two_that_ask_at_once_do_not_both_get_the_last_place(db: Database) -> None:
    await fill(db, 2)
    for _ in range(4):
        await start(db, "demo", {})
    jobs = [await claim(db) for _ in range(4)]
    begun = []

    async def enter(job: Job) -> None:
        try:
            await work(db, job).enter()
        except StopWork:
            return
        begun.append(job)

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(enter, job)

    assert len(begun) == 1
    assert await db.fetchval("select count(*) from worker.runs where state = 'running'") == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("max_concurrent_runs => 0", "a number from 1"),
        ("warn_percents => '{0}'", "a percentage from 1 to 100"),
        ("warn_percents => '{50, 101}'", "a percentage from 1 to 100"),
        ("budget_cap_cents => -1", "a budget cap is an amount of 0 or more"),
        ("budget_cap_cents => 'NaN'", "a budget cap is an amount of 0 or more"),
        ("daily_cap_cents => -1", "a budget cap is an amount of 0 or more"),
        ("org_id => gen_random_uuid()", "there is no org"),
    ],
)
async def test_settings_of_an_org_that_cannot_be_are_refused(db: Database, given: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        await db.execute(f"select worker.set_org({given})")


async def test_a_run_keeps_the_cap_and_thresholds_with_which_it_began(db: Database) -> None:
    run = await start(db, "demo", {})

    await db.execute("select worker.set_org(budget_cap_cents => 7, warn_percents => '{10}')")

    row = await run_row(db, run)
    assert (row["budget_cap_cents"], row["warn_percents"]) == (2500, [80])
    later = await run_row(db, await start(db, "demo", {}))
    assert (later["budget_cap_cents"], later["warn_percents"]) == (7, [10])


@pytest.mark.parametrize("words", ["two\nlines", "\x1b[31mred", "x" * 501])
async def test_names_and_reasons_that_would_upset_a_table_or_a_terminal_are_refused(
    db: Database, words: str
) -> None:
    run = await start(db, "demo", {})

    for statement, given in (
        ("select worker.start_run('demo', name => $1)", (words,)),
        ("select worker.pause_run($2, $1)", (words, run)),
        ("select worker.cancel_run($2, $1)", (words, run)),
    ):
        with pytest.raises(Refused, match="no line breaks or control characters") as refused:
            await db.execute(statement, *given)
        assert refused.value.code == "MM005"

    assert await state(db, run) == ("pending", None)
