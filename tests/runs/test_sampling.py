"""What is measured for the metrics, and what is thrown away in the end."""

from uuid import UUID

import pytest

from tests.queue.scene import alive, let_die
from tests.runs.scene import claim, end, enqueue, events, start
from worker.db import Database
from worker.observe import REGISTRY
from worker.queue.jobs import Jobs
from worker.queue.rescue import rescue
from worker.runs.retention import Keep, retain
from worker.runs.sampling import sample


def measured(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"mintmark_{name}", labels)


async def test_queues_and_runs_are_measured_as_they_stand(db: Database) -> None:
    await start(db, "demo", {})
    await start(db, "demo", {})
    paused = await start(db, "normalize_batch", {"source": "x"})
    await db.execute("select worker.pause_run($1)", paused)
    await claim(db)
    await db.execute("select worker.enqueue('demo', run_at => now() + interval '1 h')")

    await sample(db, ["demo", "normalize_batch"])

    depth = {
        state: measured("queue_depth", queue="default", state=state)
        for state in ("scheduled", "pending", "running")
    }
    assert depth == {"scheduled": 1, "pending": 1, "running": 1}
    assert [measured("runs", state=state) for state in ("pending", "running", "paused")] == [2, 0, 1]
    oldest = measured("queue_oldest_seconds", queue="default")
    assert oldest is not None
    assert 0 < oldest < 60
    assert measured("jobs_unknown_kind") == 0


async def test_jobs_of_kinds_this_worker_does_not_know_are_counted(db: Database) -> None:
    await enqueue(db, "demo", {})

    await sample(db, ["normalize_batch"])

    assert measured("jobs_unknown_kind") == 1


async def test_a_queue_that_has_emptied_is_measured_empty(db: Database) -> None:
    await enqueue(db, "demo", {})
    await sample(db, ["demo"])
    await end(db, await claim(db))

    await sample(db, ["demo"])

    assert measured("queue_depth", queue="default", state="pending") == 0
    assert measured("queue_oldest_seconds", queue="default") == 0


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("budget", "budget"),
        ("credential_revoked", "credential_revoked"),
        (None, "operator"),
        ("lunch", "other"),
    ],
)
async def test_a_paused_run_is_counted_under_what_paused_it_and_under_no_words_of_an_operators(
    db: Database, why: str | None, told: str
) -> None:
    run = await start(db, "demo", {})
    await db.execute("select worker.pause_run($1, $2)", run, why)
    await sample(db, ["demo"])
    assert measured("runs_paused", reason=told) == 1

    await db.execute("select worker.resume_run($1)", run)
    await sample(db, ["demo"])

    assert measured("runs_paused", reason=told) == 0
    assert measured("runs_paused", reason="lunch") is None


async def test_a_queue_that_an_operator_holds_is_measured_so_until_it_goes_on(db: Database) -> None:
    seen = []
    for steer in ("pause_queue", "resume_queue"):
        await db.execute(f"select worker.{steer}('default')")
        await sample(db, ["demo"])
        seen.append(measured("queue_paused", queue="default"))

    assert seen == [1, 0]


async def test_a_quota_is_measured_with_what_it_is_a_part_of(db: Database) -> None:
    await db.execute("select worker.set_quota('ebay', 5000, 4200)")

    await sample(db, ["demo"])

    assert measured("api_quota_calls", api="ebay") == 5000
    assert measured("api_quota_remaining", api="ebay") == 4200


async def test_a_revoked_account_counts_until_it_is_connected_again_and_a_disabled_one_never(
    db: Database,
) -> None:
    gone, disabled = [await account(db, user) for user in ("ann", "ben")]
    await db.execute("select worker.deactivate_account($1, 'invalid_grant')", gone)
    await db.execute("select worker.disable_account($1)", disabled)
    await sample(db, ["demo"])
    assert measured("accounts_revoked") == 1

    await db.execute(
        "update public.ebay_accounts set is_active = true, inactive_reason = null where id = $1", gone
    )
    await sample(db, ["demo"])

    assert measured("accounts_revoked") == 0


async def account(db: Database, user: str) -> UUID:
    made: UUID = await db.fetchval(
        "insert into public.ebay_accounts (user_id, ebay_user_id) values ('somebody', $1) returning id", user
    )
    return made


async def test_a_job_that_is_set_aside_counts_until_somebody_retries_it_or_a_day_has_gone(
    db: Database,
) -> None:
    first, second = await enqueue(db, "demo", {}), await enqueue(db, "demo", {})
    for id_ in (first, second):
        await set_aside(db, id_)
    seen = [await quarantined(db)]
    await db.execute("select worker.retry_job($1)", first)
    seen.append(await quarantined(db))
    await db.execute("update worker.alerts set raised_at = now() - interval '25 hours'")
    seen.append(await quarantined(db))

    assert seen == [2, 1, 0]


async def set_aside(db: Database, id_: int) -> None:
    """Let a worker die that holds the job, which has two crashes in a row already."""
    await db.execute("update worker.jobs set crashes_in_a_row = 2 where id = $1", id_)
    worker = await alive(db)
    assert [job.id for job in await Jobs(db).claim("default", ["demo"], 1, worker)] == [id_]
    await let_die(db, worker)
    assert [job.id for job in (await rescue(db)).quarantined] == [id_]


async def quarantined(db: Database) -> float | None:
    await sample(db, ["demo"])
    return measured("jobs_quarantined")


async def test_old_events_go_once_their_run_has_ended_and_not_before(db: Database) -> None:
    over, live = await start(db, "demo", {}), await start(db, "demo", {})
    await end(db, await claim(db))
    await db.execute("update worker.run_events set at = now() - interval '31 days' where event = 'created'")

    await retain(db, Keep())

    assert await events(db, over) == ["completed"]
    assert await events(db, live) == ["created"]


async def test_what_a_source_brings_is_counted_from_zero(db: Database) -> None:
    await sample(db, ["demo"])

    enabled = await db.fetch("select name, basis from public.sources where enabled")
    assert enabled
    assert [
        one["name"]
        for one in enabled
        if measured("observations_total", source=one["name"], basis=one["basis"]) is None
    ] == []
