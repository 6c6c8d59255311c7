"""What a look at an installation finds, and how one is taken."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import psycopg

from worker.errors import MintmarkError

ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``advice`` says what to do when it is not well."""

    what: str
    well: bool
    found: str
    advice: str = ""


COULD_NOT_LOOK = (
    OSError,
    TimeoutError,
    ValueError,  # A URL that the driver cannot read; its words would show parts of it.
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    psycopg.Error,
    MintmarkError,
)


def not_looked_at(what: str, error: BaseException) -> Finding:
    """Say that something could not be looked at, in words that show nothing secret."""
    known = error.sqlstate if isinstance(error, asyncpg.PostgresError | psycopg.Error) else None
    reason = known or type(error).__name__
    return Finding(what, False, f"could not be looked at: {reason}", "see the first line that is wrong")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect for a look: nothing is waited for longer than ``ANSWER_SECONDS``, not even the end."""
    connection = await asyncpg.connect(
        url, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS, statement_cache_size=0
    )
    try:
        yield connection
    finally:
        connection.terminate()
