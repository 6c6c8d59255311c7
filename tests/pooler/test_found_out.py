"""Whether a pooler is between is found out by what it does, whatever its name and however small its pool."""

import asyncio

import asyncpg
import pytest

from tests.conftest import Connect
from tests.pooler.bouncer import Bouncer, pgbouncer
from tests.queue.proxy import proxy
from worker.db import Database, open_database
from worker.pooler import is_shared


async def prepared(db: Database) -> int:
    """How many statements the backend that answers has prepared."""
    await db.fetchval("select $1::int", 1)
    count: int = await db.fetchval("select count(*) from pg_prepared_statements")
    return count


async def test_a_direct_connection_is_not_taken_for_a_pooled_one_and_keeps_its_statements(
    db: Database, database_url: str
) -> None:
    assert not db.pooled
    assert await prepared(db) > 0
    async with proxy(database_url) as stand, open_database(stand.url, size=2) as relayed:
        assert not relayed.pooled


@pytest.mark.parametrize("size", [1, 3])
async def test_a_transaction_pooler_is_found_out_and_nothing_is_prepared_through_it(
    database_url: str, size: int
) -> None:
    with pgbouncer(database_url, size=size) as bouncer:
        async with open_database(bouncer.url, size=5) as db:
            assert db.pooled
            assert await asyncio.gather(*(prepared(db) for _ in range(20))) == [0] * 20


async def test_a_pooler_that_is_busy_with_others_is_found_out_all_the_same(
    bouncer: Bouncer, connect: Connect
) -> None:
    others = [await connect(bouncer.url, statement_cache_size=0) for _ in range(6)]
    busy = True

    async def trouble(other: "asyncpg.Connection[asyncpg.Record]") -> None:
        while busy:
            await other.execute("select pg_sleep(0.001)")

    async with asyncio.TaskGroup() as group:
        for other in others:
            group.create_task(trouble(other))
        for _ in range(5):
            async with open_database(bouncer.url, size=2) as db:
                assert db.pooled
        busy = False


@pytest.mark.parametrize(("mode", "shared"), [("transaction", True), ("session", False)])
async def test_a_pooler_of_sessions_is_told_from_one_of_transactions_when_it_has_backends_to_spare(
    database_url: str, connect: Connect, mode: str, shared: bool
) -> None:
    with pgbouncer(database_url, mode=mode, size=5) as bouncer:
        assert await is_shared(bouncer.url, await connect(bouncer.url)) == shared
        async with open_database(bouncer.url, size=2) as db:
            assert db.pooled, "either way no statement is prepared"


async def test_a_pooler_with_no_backend_to_spare_is_taken_for_shared(
    database_url: str, connect: Connect
) -> None:
    with pgbouncer(database_url, mode="session", size=1) as bouncer:
        assert await is_shared(bouncer.url, await connect(bouncer.url))


async def test_without_finding_out_prepared_statements_break_here(bouncer: Bouncer, connect: Connect) -> None:
    """What all of this is for: else these tests would prove nothing."""
    client, other = await connect(bouncer.url), await connect(bouncer.url)
    await client.fetchval("select $1::int", 1)  # Prepared in the backend that was free,
    await other.execute("begin")  # which is now the other's.

    with pytest.raises(asyncpg.InvalidSQLStatementNameError):
        await client.fetchval("select $1::int", 1)
