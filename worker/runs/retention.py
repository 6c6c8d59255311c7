"""How long what has ended is kept."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from worker.db import Database, statements

SQL = statements(Path(__file__).with_name("retention.sql"))
BITE = 10_000
"""Rows that one statement deletes: nobody else waits long for it."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Days for which finished jobs, alerts and calls are kept, and what runs that have ended left behind."""

    history: int = 30
    events: int = 30
    items: int = 90
    ledger: int = 400
    alerts: int = 90
    api_log: int = 30


async def retain(db: Database, keep: Keep) -> None:
    """Make tomorrow's partitions, drop old ones whole, and prune what is left of runs that ended long ago."""
    await db.execute(SQL["keep_history"], keep.history)
    await _prune(db, "prune_events", keep.events)
    await _prune(db, "prune_items", keep.items)
    await _prune(db, "prune_ledger", keep.ledger)
    await db.execute(SQL["prune_days"], timedelta(days=keep.ledger))
    await _prune(db, "prune_alerts", keep.alerts)
    await db.execute(SQL["prune_messages"])
    await _prune(db, "prune_api_log", keep.api_log)


async def _prune(db: Database, statement: str, days: int) -> None:
    while await db.fetchval(SQL[statement], timedelta(days=days), BITE) == BITE:
        pass
