"""Schedules with real worker processes, which read them from their worker.toml."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.queue.processes import Start, WorkerProcess
from tests.queue.scene import until
from worker.db import Database

TOML = """
[schedules.each-minute]
cron = "* * * * *"
kind = "demo"
missed = "all"

[schedules.yearly]
cron = "0 0 1 1 *"
kind = "demo"
queue = "yearly"
"""
MISSED = 30


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start workers that have the schedules; none outlives the test."""
    (tmp_path / "worker.toml").write_text(TOML)
    with ExitStack() as stack:

        def started(**options: Any) -> WorkerProcess:
            worker = WorkerProcess(database_url, tmp_path, **options)
            stack.callback(worker.end)
            return worker

        yield started


async def put_back(db: Database, name: str, interval: str) -> None:
    """Let a schedule be late by so much, as if nobody had been there."""
    await db.execute(
        "update worker.schedules set next_at = date_trunc('minute', now()) - $2::text::interval"
        " where name = $1",
        name,
        interval,
    )


async def known(db: Database) -> bool:
    return bool(await db.fetchval("select count(*) = 2 from worker.schedules where next_at is not null"))


async def caught_up(db: Database) -> bool:
    return bool(await db.fetchval("select bool_and(next_at > now()) from worker.schedules"))


async def test_two_workers_fire_each_time_once_and_one_goes_on_when_the_other_is_killed(
    db: Database, start: Start
) -> None:
    workers = [start(), start()]
    for worker in workers:
        await worker.ready()
    await until(lambda: known(db))

    await put_back(db, "each-minute", f"{MISSED - 1} min")
    await until(lambda: caught_up(db))
    await until(lambda: db.fetchval("select count(*) >= $1 from worker.job_history", MISSED))
    workers[0].signal(signal.SIGKILL)
    await put_back(db, "yearly", "3 years")
    await until(lambda: db.fetchval("select exists (select from worker.job_history where queue = 'yearly')"))

    times = [
        row["run_at"]
        for row in await db.fetch("select run_at from worker.job_status where queue = 'default'")
    ]
    assert len(set(times)) == len(times) >= MISSED
    assert await db.fetchval("select count(*) from worker.job_status where queue = 'yearly'") == 1
    said = [one["schedule"] for worker in workers for one in worker.said("schedule_fired")]
    assert said.count("yearly") == 1
    workers[1].signal(signal.SIGTERM)
    assert await workers[1].exit_code() == 0


async def test_what_was_missed_while_no_worker_was_there_is_made_up_for_by_the_next(
    db: Database, start: Start
) -> None:
    first = await start().ready()
    await until(lambda: known(db))
    first.signal(signal.SIGTERM)
    assert await first.exit_code() == 0
    await put_back(db, "yearly", "3 years")

    await start().ready()

    await until(lambda: db.fetchval("select exists (select from worker.job_history where queue = 'yearly')"))
    assert await db.fetchval("select count(*) from worker.job_status where queue = 'yearly'") == 1
