"""What must never be found in the tables, each as a statement that finds it."""

from pathlib import Path

from worker.db import Database, statements

LOOKS = statements(Path(__file__).with_name("looks.sql"))


async def empty(db: Database) -> None:
    """Begin anew: no jobs, no runs, no workers, no queue that is paused."""
    await db.execute(LOOKS["empty"])
    await db.execute("insert into worker.queues (queue) values ('default'), ('other')")
