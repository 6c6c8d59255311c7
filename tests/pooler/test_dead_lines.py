"""Lines that swallow everything: no wait on one is for ever, and what is behind them is made anew."""

import asyncio
import time

import anyio
import anyio.to_thread
import psycopg
import pytest

from tests.queue.proxy import Proxy, proxy
from tests.queue.scene import enqueue, errand, kinds, new_daemon, serving, until
from worker import db as database
from worker import migrate_connection
from worker.db import Database, open_database
from worker.errors import Unavailable
from worker.queue import lane
from worker.queue.jobs import Jobs


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LET_GO_SECONDS", 0.3)


async def with_idle_lines(db: Database, count: int) -> None:
    """Let the pool open some connections."""
    together = asyncio.Barrier(count)

    async def open_one() -> None:
        async with db.connection() as connection:
            await connection.fetchval("select 1")
            await together.wait()

    await asyncio.gather(*(open_one() for _ in range(count)))


def go_dead(stand: Proxy) -> None:
    """What is open swallows everything from now on and for ever; what is opened later goes through."""
    stand.down = asyncio.Event()
    stand.up = asyncio.Event()
    stand.up.set()
    stand.down.set()


async def test_one_dead_connection_costs_one_limit_and_all_its_neighbours_are_made_anew(
    database_url: str,
) -> None:
    async with proxy(database_url) as stand, open_database(stand.url, size=5) as db:
        await with_idle_lines(db, 4)
        stand.down.clear()
        go_dead(stand)
        with anyio.fail_after(5), pytest.raises(TimeoutError), anyio.fail_after(0.3):
            await db.fetch("select 1")

        with anyio.fail_after(5):
            assert await asyncio.gather(*(db.fetchval("select 2") for _ in range(8))) == [2] * 8


async def test_a_worker_whose_lines_have_all_gone_dead_claims_again_long_before_a_statement_s_limit(
    database_url: str, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "CLAIM_SECONDS", 0.5)
    known = kinds(errand())
    await Jobs(db).publish(known)
    async with proxy(database_url) as stand, open_database(stand.url, size=5) as shaky:
        await with_idle_lines(shaky, 4)
        daemon = new_daemon(shaky, database_url, known, poll_seconds=0.1, rescue_seconds=60)
        async with serving(daemon):
            await enqueue(db)
            await until(lambda: db.fetchval("select exists (select from worker.job_history)"))
            stand.down.clear()
            go_dead(stand)
            await enqueue(db)

            await until(lambda: db.fetchval("select count(*) = 2 from worker.job_history"), seconds=10)


async def test_a_transaction_on_a_dead_connection_is_given_up_in_time(database_url: str) -> None:
    async with (
        proxy(database_url) as stand,
        open_database(stand.url, size=2, statement_seconds=0.3) as db,
    ):

        async def meet_death() -> None:
            async with db.transaction() as connection:
                stand.down.clear()
                go_dead(stand)
                await connection.fetchval("select 1")

        began = time.monotonic()
        with pytest.raises(Unavailable):
            await meet_death()

        assert time.monotonic() - began < 5
        assert await db.fetchval("select 3") == 3


async def test_a_transaction_that_took_too_long_is_rolled_back_on_a_connection_that_lives(
    database_url: str, db: Database
) -> None:
    async with open_database(database_url, size=1, statement_seconds=0.3) as impatient:

        async def take_too_long() -> None:
            async with impatient.transaction() as connection:
                await connection.execute("create table made (id int)")
                await connection.execute("select pg_sleep(20)")

        pid = await impatient.fetchval("select pg_backend_pid()")
        with pytest.raises(Unavailable):
            await take_too_long()

        assert await impatient.fetchval("select pg_backend_pid()") == pid
    assert await db.fetchval("select to_regclass('made') is null")


async def test_looking_at_the_schema_over_a_dead_line_ends_in_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_connection, "READ_SECONDS", 0.5)
    async with proxy(database_url) as stand:

        def look() -> None:
            with migrate_connection.reading(stand.url) as connection:
                stand.up.clear()
                connection.execute("select 1")

        with anyio.fail_after(15), pytest.raises(psycopg.OperationalError):
            await anyio.to_thread.run_sync(look)
