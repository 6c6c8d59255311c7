"""How runs begin, and what may be put into them."""

import json
from uuid import uuid4

import pytest

from tests.conftest import Connect
from tests.runs.scene import claim, end, enqueue, events, job_states, run_row, start
from worker.db import Database
from worker.errors import Refused
from worker.queue.states import JobState

NORMALIZE = {"source": "pokemonapi"}


async def test_a_run_and_its_job_come_with_the_callers_transaction_or_not_at_all(
    db: Database, connect: Connect
) -> None:
    producer = await connect()
    async with producer.transaction():
        kept = await start(producer, "demo", {"items": 1})
        assert await db.fetchval("select count(*) from worker.runs") == 0
    undone = producer.transaction()
    await undone.start()
    await start(producer, "demo", {"items": 1})
    await undone.rollback()

    assert [row["id"] for row in await db.fetch("select id from worker.runs")] == [kept]
    assert await db.fetchval("select array_agg(run_id) from worker.jobs") == [kept]


async def test_a_run_starts_pending_with_a_name_its_orgs_budget_and_an_event_that_says_by_whom(
    db: Database,
) -> None:
    row = await run_row(db, await start(db, "demo", {"items": 3}))
    event = await db.fetchrow("select * from worker.run_events")

    assert (row["state"], row["budget_cap_cents"], row["name"][:5]) == ("pending", 2500, "demo ")
    assert event is not None
    assert (event["event"], event["actor"]) == ("created", "postgres")
    assert json.loads(event["data"]) == {"kind": "demo", "params": {"items": 3}}


async def test_a_plain_enqueue_of_a_kind_that_starts_runs_gets_a_run_around_it(db: Database) -> None:
    job = await enqueue(db, "normalize_batch", NORMALIZE)
    row = await db.fetchrow(
        "select r.id, r.kind, r.params from worker.runs r join worker.jobs j on j.run_id = r.id"
    )

    assert row is not None
    assert (row["kind"], json.loads(row["params"])) == ("normalize_batch", NORMALIZE)
    assert await job_states(db, row["id"]) == {"pending": 1}
    assert job


async def test_a_plain_enqueue_of_another_kind_gets_none(db: Database) -> None:
    await enqueue(db, "demo", {})

    assert await db.fetchval("select count(*) from worker.runs") == 0


async def test_a_live_job_with_the_same_dedupe_key_answers_without_a_second_run(db: Database) -> None:
    asked = "select worker.enqueue('normalize_batch', '{\"source\": \"tcgdex\"}', dedupe_key => 'nightly')"

    assert await db.fetchval(asked) == await db.fetchval(asked)
    assert await db.fetchval("select count(*) from worker.runs") == 1


async def test_many_jobs_of_a_kind_that_starts_runs_get_a_run_each(db: Database) -> None:
    text = json.dumps(NORMALIZE)
    ids = await db.fetch(
        "select worker.enqueue_many('normalize_batch', array[$1, $1, $1]::jsonb[]) as id", text
    )

    assert len({row["id"] for row in ids}) == 3
    assert await db.fetchval("select count(*) from worker.runs") == 3


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
async def test_a_run_that_has_ended_takes_no_more_jobs(db: Database, state: str) -> None:
    run = await start(db, "demo", {})
    await db.execute("update worker.runs set state = $2::worker.run_state where id = $1", run, state)

    with pytest.raises(Refused, match=f"is {state}: it takes no more jobs") as one:
        await enqueue(db, "demo", {}, run)
    with pytest.raises(Refused, match="it takes no more jobs"):
        await db.execute("select worker.enqueue_many('demo', array['{}']::jsonb[], run_id => $1)", run)

    assert one.value.code == "MM003"
    assert await job_states(db, run) == {"pending": 1}


async def test_what_is_enqueued_into_a_paused_run_is_held_until_it_is_resumed(db: Database) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.pause_run($1)", run)
    await enqueue(db, "demo", {}, run)
    await db.execute("select worker.enqueue_many('demo', array['{}', '{}']::jsonb[], run_id => $1)", run)
    held = await job_states(db, run)

    await db.execute("select worker.resume_run($1)", run)

    assert held == {"paused": 4}
    assert await job_states(db, run) == {"pending": 4}


async def test_a_run_nobody_knows_is_refused_by_every_door(db: Database) -> None:
    for call in ("enqueue('demo', run_id => $1)", "pause_run($1)", "resume_run($1)", "cancel_run($1)",
                 "retry_failed($1)"):  # fmt: skip
        with pytest.raises(Refused, match="there is no run") as refused:
            await db.execute(f"select worker.{call}", uuid4())
        assert refused.value.code == "MM004"


@pytest.mark.parametrize("cap", ["-1", "-0.0001", "NaN", "1e10", "1e300"])
async def test_a_budget_that_is_no_amount_is_refused_when_a_run_starts_and_when_it_is_resumed(
    db: Database, cap: str
) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.pause_run($1)", run)

    for call in ("start_run('demo', budget_cap_cents => $1::text::numeric)",
                 f"resume_run('{run}', $1::text::numeric)"):  # fmt: skip
        with pytest.raises(Refused, match="a budget cap is an amount") as refused:
            await db.execute(f"select worker.{call}", cap)
        assert refused.value.code == "MM005"

    assert await db.fetchval("select count(*) from worker.runs") == 1


async def test_an_org_nobody_knows_gets_no_run(db: Database) -> None:
    with pytest.raises(Refused, match="there is no org"):
        await db.execute("select worker.start_run('demo', org_id => $1)", uuid4())

    assert await db.fetchval("select count(*) from worker.jobs") == 0


async def test_a_payload_that_does_not_fit_starts_nothing(db: Database) -> None:
    with pytest.raises(Refused, match='the key "items" must be integer') as refused:
        await start(db, "demo", {"items": "many"})

    assert refused.value.code == "MM002"
    assert await db.fetchval("select count(*) from worker.runs") == 0


async def test_a_retry_brings_a_failed_run_back_and_only_its_failed_jobs(db: Database) -> None:
    run = await start(db, "demo", {})
    await enqueue(db, "demo", {"items": 1}, run)
    first, second = await claim(db), await claim(db)
    await end(db, first, JobState.FAILED)
    await end(db, second)
    assert (await run_row(db, run))["state"] == "failed"

    retried = await db.fetchval("select worker.retry_failed($1)", run)

    row = await run_row(db, run)
    assert (retried, row["state"], row["completed_at"]) == (1, "running", None)
    assert await job_states(db, run) == {"pending": 1, "completed": 1}
    assert await db.fetchval("select id from worker.jobs") == first.id
    assert (await events(db, run))[-1] == "retried"


async def test_a_retry_of_a_run_in_which_nothing_failed_changes_nothing(db: Database) -> None:
    run = await start(db, "demo", {})
    await end(db, await claim(db))

    assert await db.fetchval("select worker.retry_failed($1)", run) == 0
    assert (await run_row(db, run))["state"] == "completed"
