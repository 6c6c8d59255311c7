"""Snapshots: what each seller had on a day; full for a while, and by the week behind that."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("snapshots.sql"))
WEEK = timedelta(days=7)


class Taken(NamedTuple):
    """What one batch of a day took: of which sellers, how many rows, and the last seller it looked at."""

    sellers: Sequence[int]
    rows: int
    last: int


class Folded(NamedTuple):
    """What one batch of a week put together: how many rows of weeks, and the last seller it looked at."""

    rows: int
    last: int


async def today(db: Database) -> date:
    """The day it is, in UTC, by the database's clock."""
    found: date = await db.fetchval(SQL["today"])
    return found


async def count_sellers(connection: Connection, org_id: UUID) -> int:
    """How many sellers of an org have anything."""
    found: int = await connection.fetchval(SQL["count_sellers"], org_id)
    return found


async def take(connection: Connection, org_id: UUID, day: date, *, after: int, rows: int) -> Taken | None:
    """Take the day of the next sellers, so many that about ``rows`` of inventory are summed up.

    A seller who has a snapshot of that day is passed over: a day, once taken, stands. Of a past day it is
    what they have now and had listed by its end (UTC). Prices that nobody said enter no average. Answers
    None behind the last seller.
    """
    last: int | None = await connection.fetchval(SQL["last_of_batch"], org_id, after, rows)
    if last is None:
        return None
    await connection.execute(SQL["alone"], org_id, day)
    found = await connection.fetch(SQL["sellers"], org_id, day, after, last)
    sellers = [row["id"] for row in found]
    answer = await connection.execute(SQL["take"], org_id, day, sellers, after, last)
    return Taken(sellers, int(answer.split()[-1]), last)


async def first_week(connection: Connection, org_id: UUID, kept_since: date) -> date | None:
    """The Monday of the oldest week that is over before the days that are kept; None: there is none."""
    found: date | None = await connection.fetchval(SQL["first_week"], org_id, kept_since)
    return found


async def fold(
    connection: Connection, org_id: UUID, week: date, *, after: int, sellers: int
) -> Folded | None:
    """Put a week of the next sellers together: its days go as its row comes. None behind the last seller."""
    row = await connection.fetchrow(SQL["fold"], org_id, week, after, sellers)
    return Folded(row["rows"], row["last"]) if row and row["last"] is not None else None


async def is_folded(connection: Connection, org_id: UUID, day: date) -> bool:
    """Tell whether the week of a day is put together already."""
    found: bool = await connection.fetchval(SQL["is_folded"], org_id, day)
    return found


def kept_since(now: date, days: int) -> date:
    """The first day that is kept in full where so many are; weeks that end before it are put together."""
    return now - timedelta(days=days)


def monday_of(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())
