"""One Postgres for the whole session (``rig.py``), one fresh database for every test that asks for it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from worker.db import Database, open_database

pytest_plugins = ("tests.rig",)

SHARED = Path(__file__).parents[2] / "shared"

NewDatabase = Callable[[str], AbstractContextManager[str]]
Connect = Callable[..., Awaitable["asyncpg.Connection[asyncpg.Record]"]]


@pytest.fixture
def database_url(new_database: NewDatabase) -> Iterator[str]:
    """A migrated database of the test's own."""
    with new_database("migrated") as url:
        yield url


@pytest.fixture
def empty_database_url(new_database: NewDatabase) -> Iterator[str]:
    """A database of the test's own in which nothing has been made."""
    with new_database("empty") as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, size=10) as database:
        yield database


@pytest.fixture
async def connect(database_url: str) -> AsyncIterator[Connect]:
    """Open raw connections to the test's database (or another ``url``); closed at the test's end."""
    async with AsyncExitStack() as stack:

        async def open_one(url: str = database_url, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
            connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url, **options)
            stack.callback(connection.terminate)
            return connection

        yield open_one


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real cards and listings, which are not part of the project; skips the test where they are absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared/data is not here")
    return SHARED / "data"
