"""Logins of a test's own, each a member of some of the four roles and of nothing else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from secrets import token_hex
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.conftest import Connect

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Login = Callable[..., Awaitable[Connection]]


@pytest.fixture
async def owner(connect: Connect) -> Connection:
    """A connection with the rights of who migrated."""
    return await connect()


@pytest.fixture
async def login(owner: Connection, connect: Connect, database_url: str) -> AsyncIterator[Login]:
    """Make a login that is a member of these roles, and connect with it; gone at the test's end."""
    async with AsyncExitStack() as stack:

        async def made(*roles: str, more: str = "") -> Connection:
            name = f"mintmark_test_{token_hex(6)}"
            member = f"in role {', '.join(roles)}" if roles else ""
            await owner.execute(f"create role {name} login password '{name}' {more} {member}")
            stack.push_async_callback(owner.execute, f"drop owned by {name}; drop role {name}")
            return await connect(with_login(database_url, name))

        yield made


def with_login(url: str, name: str) -> str:
    """The same database with another login, whose password is its name."""
    parts = urlsplit(url)
    at = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{name}:{name}@{at}"))


async def name_of(connection: Connection) -> str:
    """Who logged in."""
    name: str = await connection.fetchval("select session_user::text")
    return name
