"""How long what has ended is kept."""

from datetime import timedelta
from pathlib import Path

from worker.db import Database, statements

SQL = statements(Path(__file__).with_name("retention.sql"))


async def retain(db: Database, *, history_days: int, events_days: int) -> None:
    """Make tomorrow's partitions, drop old ones whole, and prune the logs of runs that ended long ago."""
    await db.execute(SQL["keep_history"], history_days)
    await db.execute(SQL["prune_events"], timedelta(days=events_days))
