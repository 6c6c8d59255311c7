"""The queue and the runs through a pooler of three backends: the same work, with nothing of a session."""

import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Connect
from tests.pooler.bouncer import Bouncer, pgbouncer
from tests.queue.processes import WorkerProcess
from tests.queue.scene import drained, enqueue, errand, job, kinds, new_daemon, serving, states, until
from worker.app import kinds_of, shipped_handlers
from worker.db import Database, is_outage
from worker.queue.contract import Done, Ending, Job, Retry
from worker.queue.jobs import Jobs
from worker.settings import Settings


async def test_claims_endings_and_keys_of_many_jobs_at_once_go_through(
    db: Database, pooled: Database, database_url: str
) -> None:
    async def perform(one: Job) -> Ending:
        if "again" in one.payload and one.attempt == 1:
            return Retry("again", "again")
        return Done({"n": one.id} if one.id % 2 else None)

    known = kinds(errand(perform))
    await Jobs(pooled).publish(known)
    await pooled.fetch("select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[150]))")
    for n in range(20):
        await enqueue(pooled, payload={"again": True}, concurrency_key=f"k{n % 3}")
    await drained(new_daemon(pooled, database_url, known, concurrency=8, drain=True))

    assert await states(db) == {"completed": 170}


async def test_a_run_with_items_checkpoints_and_spending_goes_through(
    db: Database, pooled: Database, database_url: str
) -> None:
    known = kinds_of(shipped_handlers(Settings(), pooled), pooled)
    run = await pooled.fetchval(
        "select worker.start_run('demo', $1::jsonb, budget_cap_cents => 100)",
        '{"items": 12, "cost_cents": 2}',
    )
    await drained(new_daemon(pooled, database_url, known, drain=True))

    row = await db.fetchrow(
        "select processed_items, spent_cents, reserved_cents from worker.run_status where id = $1", run
    )
    assert row is not None
    assert tuple(row) == (12, 24, 0)


async def test_backends_that_die_behind_the_pooler_are_an_outage_and_no_worker_ends_by_it(
    db: Database, pooled: Database, bouncer: Bouncer, connect: Connect
) -> None:
    """PgBouncer says 08P01 of it, as of a wrong setting."""
    known = kinds(errand())
    await Jobs(db).publish(known)
    chaos = await connect()
    async with serving(new_daemon(pooled, bouncer.url, known, lease_seconds=30)) as daemon:
        for round_ in range(1, 4):
            await chaos.fetch("select worker.enqueue_many('errand', array_fill('{}'::jsonb, array[100]))")
            await chaos.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid()"
            )
            await until(
                lambda n=round_ * 100: chaos.fetchval(  # type: ignore[misc]
                    "select count(*) = $1 from worker.job_history", n
                ),
                seconds=40,  # PgBouncer itself may wait for 15 s before it tries the server again.
            )
        assert not daemon._stop.is_set()

    assert await states(chaos) == {"completed": 300}


async def test_a_pooler_that_cannot_just_now_is_an_outage(database_url: str, connect: Connect) -> None:
    with pgbouncer(database_url, clients=1) as narrow:
        await connect(narrow.url)
        with pytest.raises(asyncpg.ProtocolViolationError) as full:
            await connect(narrow.url)

    assert is_outage(full.value)


async def test_a_setting_or_a_database_that_the_pooler_refuses_is_no_outage(
    bouncer: Bouncer, connect: Connect
) -> None:
    with pytest.raises(asyncpg.ProtocolViolationError) as setting:
        await connect(bouncer.url, server_settings={"statement_timeout": "5s"})
    with pytest.raises(asyncpg.ProtocolViolationError) as missing:
        await connect(f"{bouncer.url}_nowhere")

    assert not is_outage(setting.value)
    assert not is_outage(missing.value)


@pytest.fixture
def worker(bouncer: Bouncer, tmp_path: Path) -> Iterator[WorkerProcess]:
    """A worker process with both URLs through the pooler."""
    started = WorkerProcess(bouncer.url, tmp_path)
    yield started
    started.end()


async def test_a_worker_process_with_both_urls_pooled_starts_works_says_what_is_and_stops_in_order(
    db: Database, pooled: Database, worker: WorkerProcess
) -> None:
    await worker.ready()
    id_ = await enqueue(pooled, "demo", {"items": 3})

    async def completed() -> bool:
        return bool((await job(db, id_))["state"] == "completed")

    await until(completed)

    async def said() -> bool:
        return bool(worker.said("wakeup_mode"))

    await until(said)
    worker.signal(signal.SIGTERM)
    assert await worker.exit_code() == 0
    assert [line["mode"] for line in worker.said("wakeup_mode")] == ["poll"]
    assert len(worker.said("pooler_found")) == 1
    assert not worker.said("outage_began")
