"""A migration that has to wait for a table, and one that is killed meanwhile: the workers hardly notice."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from tests.conftest import Connect
from tests.queue.scene import alive, claimed, enqueue, errand, kinds, until
from worker.db import Connection, Database
from worker.migrate import migrate
from worker.migrate_drift import drift
from worker.migrate_files import migration_files, migrations_directory
from worker.queue.jobs import Jobs

pytestmark = pytest.mark.scorecard(16)

ALTER = "alter table worker.jobs add column note text;"
COLUMN = "select count(*) from information_schema.columns where table_name = 'jobs' and column_name = 'note'"
ALTERS = """
select exists (select from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'
                  and query like '%add column note%')
"""
LONGEST_STALL = 3.0
ROOT = Path(__file__).parents[2]


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations, and one more that alters the table of jobs."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations_directory(), folder)
    (folder / "9999-note.sql").write_text(f"-- depends: {migration_files()[-1].id}\n{ALTER}\n")
    return folder


def start_migrating(url: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Migrate in a process of its own."""
    call = f"migrate({url!r}, directory=Path({str(folder)!r}))"
    code = f"from pathlib import Path; from worker.migrate import migrate; {call}"
    return subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)})


async def hold_the_table(connection: Connection) -> None:
    """Be the session that somebody left open."""
    await connection.execute("begin")
    await connection.execute("select count(*) from worker.jobs")


async def claim_on(db: Database, over: asyncio.Event) -> float:
    """Enqueue, claim and finish until told to end; answers the longest that one round took, in seconds."""
    worker, longest = await alive(db), 0.0
    while not over.is_set():
        began = time.monotonic()
        id_ = await enqueue(db)
        held = await claimed(db, worker, limit=5)
        assert {job.id for job in held} == {id_} == await Jobs(db).complete(held)
        longest = max(longest, time.monotonic() - began)
    return longest


async def test_claims_go_on_while_a_migration_waits_behind_an_idle_transaction(
    db: Database,
    connect: Connect,
    database_url: str,
    newer: Path,
    record_property: Callable[[str, object], None],
) -> None:
    await Jobs(db).publish(kinds(errand()))
    idle, over = await connect(), asyncio.Event()
    gave_up, go_on = threading.Event(), threading.Event()
    await hold_the_table(idle)

    def pause(_: float) -> None:
        gave_up.set()
        go_on.wait(10)

    def migrated() -> list[str]:
        return migrate(database_url, directory=newer, sleep=pause)

    claiming = asyncio.create_task(claim_on(db, over))
    migrating = asyncio.create_task(anyio.to_thread.run_sync(migrated))
    assert await anyio.to_thread.run_sync(lambda: gave_up.wait(20)), "it gives up for a while"
    await idle.execute("commit")
    go_on.set()
    with anyio.fail_after(20):
        assert await migrating == ["9999-note"]
    over.set()
    stalled = await claiming

    assert await db.fetchval(COLUMN) == 1
    assert stalled <= LONGEST_STALL
    record_property("figures", f"behind an idle transaction: longest stall of a claim {stalled:.2f} s")


async def test_after_a_kill_in_the_middle_claims_go_on_and_the_next_start_needs_no_hand(
    db: Database,
    connect: Connect,
    database_url: str,
    newer: Path,
    record_property: Callable[[str, object], None],
) -> None:
    await Jobs(db).publish(kinds(errand()))
    idle, over = await connect(), asyncio.Event()
    await hold_the_table(idle)
    with start_migrating(database_url, newer) as one:
        await until(lambda: db.fetchval(ALTERS), seconds=30)
        claiming = asyncio.create_task(claim_on(db, over))
        os.kill(one.pid, signal.SIGKILL)
    await until(lambda: nobody_alters(db))
    await idle.execute("commit")

    began = time.monotonic()
    applied = await anyio.to_thread.run_sync(lambda: migrate(database_url, directory=newer))
    took = time.monotonic() - began
    over.set()
    stalled = await claiming

    assert applied == ["9999-note"]
    assert drift(database_url, directory=newer) == []
    assert took <= 10
    assert stalled <= LONGEST_STALL
    record_property("figures", f"killed: stall {stalled:.2f} s; the next start took {took:.2f} s, by itself")


async def nobody_alters(db: Database) -> bool:
    return not await db.fetchval(ALTERS)
