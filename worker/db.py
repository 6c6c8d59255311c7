"""The way to Postgres: a bounded pool, named statements, and what counts as an outage.

Holds no queries: those stand in ``.sql`` files beside their callers.
"""

import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import asyncpg
import asyncpg.pool
from asyncpg.transaction import Transaction

from worker.errors import BadSettings, Refused, Unavailable
from worker.pooler import is_pooled

PoolConnection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnection"
Record: TypeAlias = asyncpg.Record

OUR_SQLSTATES = "MM"
OUTAGE_CLASSES = ("08", "53", "57P0", "25006", "25P03", "40001", "40P01", "55P03", "57014")
PLAN_SECONDS = 10
"""How long a statement's plan is kept: one made while a table was empty must not outlive its growth."""
logging.getLogger("asyncpg").addHandler(logging.NullHandler())  # Its pool tells each outage in tracebacks.
POOLER_ERROR = "08P01"
"""What PgBouncer says of everything (its ``send_pooler_error``): of an outage as of a wrong setting."""
NO_OUTAGE = re.compile(r"startup parameter|no such (database|user)|does not exist|authentication failed")
CONNECT_SECONDS = 4.0
LET_GO_SECONDS = 2.0
"""How long a connection may take to undo what was begun on it; past that there is nobody at its other end."""


def statements(path: Path) -> Mapping[str, str]:
    """Read a ``.sql`` file into its statements by name; each begins with a line ``-- name: x``."""
    parts = re.split(r"^-- name: (\w+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means "the database is not there just now" and not "this is wrong"."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        refused = state == POOLER_ERROR and NO_OUTAGE.search(error.message or "") is not None
        return state.startswith(OUTAGE_CLASSES) and not refused
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # Those say that what was asked is wrong.
    # The internal one is what the driver stumbles over when a connection breaks at an awkward moment.
    return isinstance(error, (OSError, TimeoutError, asyncpg.InternalClientError, Unavailable))


def refusal(error: asyncpg.PostgresError) -> Refused | None:
    """Turn an error raised by one of our SQL functions into its own kind; None for any other."""
    if (error.sqlstate or "").startswith(OUR_SQLSTATES):
        return Refused(error.message or "refused", code=error.sqlstate or OUR_SQLSTATES)
    return None


class Database:
    """A pool in which nothing waits for ever: every acquire and every statement has a limit in seconds.

    ``pooled`` tells whether it goes through a pooler; then no statement is prepared.
    """

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        *,
        acquire_seconds: float,
        pooled: bool,
        statement_seconds: float | None = None,
    ) -> None:
        self._pool = pool
        self._acquire_seconds = acquire_seconds
        self._statement_seconds = statement_seconds
        self.pooled = pooled

    def hurried(self, seconds: float) -> "Database":
        """The same pool, for whoever runs single statements that are short or not answered at all."""
        return Database(
            self._pool,
            acquire_seconds=self._acquire_seconds,
            pooled=self.pooled,
            statement_seconds=seconds,
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; ``Unavailable`` when none is free in time, ``Refused`` for SQLSTATEs of ours."""
        try:
            connection = await self._pool.acquire(timeout=self._acquire_seconds)
        except TimeoutError as error:
            raise Unavailable(
                f"no database connection was free within {self._acquire_seconds:g} s"
            ) from error
        except OSError as error:
            raise Unavailable(f"the database cannot be reached ({type(error).__name__})") from error
        try:
            yield connection
        except asyncpg.PostgresError as error:
            if (refused := refusal(error)) is not None:
                raise refused from None
            raise
        except TimeoutError as error:
            raise Unavailable("the database did not answer in time") from error
        except asyncpg.InternalClientError:
            _drop(connection)
            raise
        finally:
            await self._take_back(connection)

    async def _take_back(self, connection: PoolConnection) -> None:
        """Put a connection back; one that cannot let go is dead, and so may be the others: make all anew."""
        with anyio.CancelScope(shield=True):
            try:
                await self._pool.release(connection, timeout=LET_GO_SECONDS)
            except Exception as error:
                if not is_outage(error):
                    raise
                await self._pool.expire_connections()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction: committed at the end, rolled back on any error."""
        async with self.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                yield connection
            except BaseException:
                await _roll_back(connection, transaction)
                raise
            else:
                await transaction.commit()

    async def fetch(self, statement: str, *args: Any) -> list[Record]:
        """Run one statement on its own and return its rows."""
        async with self.connection() as connection:
            return await connection.fetch(statement, *args, timeout=self._statement_seconds)

    async def fetchrow(self, statement: str, *args: Any) -> Record | None:
        """Run one statement on its own and return its first row, or None."""
        async with self.connection() as connection:
            return await connection.fetchrow(statement, *args, timeout=self._statement_seconds)

    async def fetchval(self, statement: str, *args: Any) -> Any:
        """Run one statement on its own and return the first value of its first row."""
        async with self.connection() as connection:
            return await connection.fetchval(statement, *args, timeout=self._statement_seconds)

    async def execute(self, statement: str, *args: Any) -> str:
        """Run one statement on its own and return its command tag."""
        async with self.connection() as connection:
            return await connection.execute(statement, *args, timeout=self._statement_seconds)

    async def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows, in one transaction."""
        async with self.connection() as connection:
            await connection.executemany(statement, rows, timeout=self._statement_seconds)


async def _leave_clean(connection: Connection) -> None:
    """Reset only what was left open: nobody here changes a session, and a full reset is a round trip."""
    if connection.is_in_transaction():
        await connection.execute("rollback")


def _drop(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError):  # The driver may have been quicker, and taken it from us.
        connection.terminate()


async def _roll_back(connection: Connection, transaction: Transaction) -> None:
    """Undo what was begun; on a connection that answers no more there is nothing left to undo."""
    with anyio.move_on_after(LET_GO_SECONDS, shield=True) as limit:
        try:
            await transaction.rollback()
        except Exception as error:
            if not is_outage(error):
                raise
            limit.cancel()
    if limit.cancel_called:
        _drop(connection)


@contextmanager
def _no_way_in() -> Iterator[None]:
    try:
        yield
    except ValueError:  # Its words may show the half of a password that was taken for a port.
        raise BadSettings(
            "DATABASE_URL is not like postgresql://user:password@host:port/database; "
            "write special characters of the password as %40 for @, %2F for / and so on"
        ) from None
    except Exception as error:
        if is_outage(error):
            raise Unavailable(
                f"the database of DATABASE_URL does not answer ({type(error).__name__})"
            ) from None
        if isinstance(error, asyncpg.PostgresError):
            raise BadSettings(f"the database of DATABASE_URL refuses us: {error.message}") from None
        raise


@asynccontextmanager
async def open_database(
    url: str,
    *,
    size: int,
    name: str = "mintmark",
    acquire_seconds: float = 10,
    statement_seconds: float = 30,
) -> AsyncIterator[Database]:
    """Open a pool of at most ``size`` connections and close it at the end, whatever happens.

    Statements are prepared and kept, unless the URL turns out to go through a pooler.
    Raises ``Unavailable`` when no first connection could be had, ``BadSettings`` when the URL cannot be read
    or what it names refuses us; neither shows the password.
    """
    options: dict[str, Any] = {
        "min_size": 1,
        "max_size": size,
        "timeout": min(CONNECT_SECONDS, acquire_seconds),
        "command_timeout": statement_seconds,
        "server_settings": {"application_name": name},  # The one that every pooler lets through.
        "reset": _leave_clean,
    }
    with _no_way_in():
        pool = await asyncpg.create_pool(url, **options, max_cached_statement_lifetime=PLAN_SECONDS)
        try:
            async with pool.acquire(timeout=acquire_seconds) as first:
                pooled = await is_pooled(first)
            if pooled:
                pool.terminate()
                pool = await asyncpg.create_pool(url, **options, statement_cache_size=0)
        except BaseException:
            pool.terminate()
            raise
    try:
        yield Database(pool, acquire_seconds=acquire_seconds, pooled=pooled)
    finally:
        pool.terminate()
