"""Whether a URL leads to a session of Postgres, or through a pooler; found out, not told.

A transaction pooler (PgBouncer, Supavisor) lends a connection whatever backend is free, for one transaction.
So what belongs to a session breaks behind it: prepared statements are missing or somebody else's, LISTEN is
accepted and nothing ever comes, a session's lock is never let go of.
"""

from typing import TypeAlias

import anyio
import asyncpg
import asyncpg.pool

LOOK_SECONDS = 2.0
ORDER = (0, 1, 1, 0) * 5
"""Which of two connections looks next: no round robin of a pooler can keep in step with it."""

Session: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


async def is_pooled(connection: Session) -> bool:
    """Tell, in one round trip, whether a pooler is between: whatever its mode, name, size and load.

    It makes up the process id that a client is told when it connects, for it has no one backend to name. A
    pooler of sessions is not told from one of transactions: a wrong guess under load would break jobs.
    """
    return await _backend(connection) != connection.get_server_pid()


async def is_shared(url: str, connection: Session) -> bool:
    """Tell whether the backend behind an open connection to ``url`` is seen to serve another one as well.

    Sure where it says yes. A busy transaction pooler may, rarely, look like one of sessions. When no second
    connection can be had in time, the answer is yes.
    """
    if not await is_pooled(connection):
        return False
    try:
        with anyio.fail_after(LOOK_SECONDS):
            return await _two_share(url, connection)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return True


async def _two_share(url: str, first: Session) -> bool:
    """A pooler of sessions gives each open connection a backend of its own, which stays the same."""
    second: Session = await asyncpg.connect(url, timeout=LOOK_SECONDS, statement_cache_size=0)
    try:
        seen: tuple[set[int], set[int]] = (set(), set())
        for turn in ORDER:
            seen[turn].add(await _backend((first, second)[turn]))
            if len(seen[turn]) > 1 or seen[0] & seen[1]:
                return True
    finally:
        second.terminate()
    return False


async def _backend(connection: Session) -> int:
    """Ask in a simple query: a prepared one would stay behind in whatever backend it met."""
    said: list[bytes] = []

    async def hear(data: bytes) -> None:
        said.append(data)

    await connection.copy_from_query("select pg_backend_pid()", output=hear)
    return int(b"".join(said))
