"""Up to when each resource of an account was read in whole; it moves with the page that was stored last."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from worker.accounts.accounts import Account
from worker.db import Connection, Database, statements
from worker.syncing.resource import Resource

SQL = statements(Path(__file__).with_name("cursors.sql"))
SKEW = timedelta(seconds=3)
"""What is asked for ends so long ago: eBay refuses a moment that its own clock has not reached."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How far back an account is read at first, and how much is read again each time."""

    first: timedelta = timedelta(days=90)
    overlap: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be read now, and whether nothing is left out between it and what was read before."""

    since: datetime
    until: datetime
    joins: bool


async def next_span(
    db: Database, account: Account, resource: Resource, habits: Habits, since: datetime | None
) -> Span:
    """What of a resource is to be read: from its cursor, less the overlap, or from ``since``."""
    row = await db.fetchrow(SQL["begin"], account.id, resource.name)
    assert row is not None
    now: datetime = row["now"] - SKEW
    overlap, first = max(habits.overlap, resource.again), max(habits.first, resource.again)
    usual = row["reached"] - overlap if row["reached"] else now - first
    oldest = usual if resource.reach is None else now - resource.reach
    chosen = max(since or usual, oldest) if resource.reach is not None else since or usual
    joins = chosen <= max(row["reached"] or usual, oldest)
    return Span(min(chosen, now - SKEW), now, joins=joins)


async def reach(connection: Connection, account: Account, resource: str, until: datetime) -> None:
    """Move a cursor; it never goes back."""
    await connection.execute(SQL["reach"], account.id, account.org_id, resource, until)


async def note_synced(connection: Connection, account: UUID) -> None:
    """Note that an account was synced: it is now the last in turn."""
    await connection.execute(SQL["synced"], account)
