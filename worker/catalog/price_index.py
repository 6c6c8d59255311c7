"""The price index: a price a day for each print, printing, language and currency, and how it changed."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("price_index.sql"))
BEGINNING = date(1, 1, 1)


class Indexed(NamedTuple):
    """What came of a batch of prints: rows written, rows taken out, and the last print of it."""

    written: int
    gone: int
    last: int


async def since(db: Database, days: int) -> date:
    """The first of so many days, of which today (UTC, by the database's clock) is the last."""
    found: date = await db.fetchval(SQL["since"], days)
    return found


async def index(connection: Connection, first: date, *, after: int, prints: int) -> Indexed | None:
    """Make the index of the next prints from a day on, so that it is what curves and sales say now.

    Of each day the last curve's Near Mint median counts; where there is none, the median of that day's sales
    that are judged, mapped, not left out, and Near Mint. A change is held against the latest day that is as
    long ago, or up to 3, 10, 30 days longer for 7, 30, 90; null where there is none. It does not matter in
    which order things came in, nor what the index held. Rows that say so already are not written. Answers
    None behind the last print.
    """
    last: int | None = await connection.fetchval(SQL["last_of_batch"], after, prints)
    if last is None:
        return None
    row = await connection.fetchrow(SQL["index"], first, after, last)
    assert row is not None
    return Indexed(row["written"], row["gone"], last)
