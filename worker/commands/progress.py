"""A run's progress: a bar on a terminal, a line now and then elsewhere."""

import time
from pathlib import Path
from uuid import UUID

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from worker.db import Database, Record, statements

SQL = statements(Path(__file__).with_name("queries.sql"))
LOOK_SECONDS = 0.2
LINE_SECONDS = 5.0
AT_REST = ("paused", "completed", "failed", "cancelled")


async def watch_run(db: Database, run: UUID, *, console: Console) -> Record:
    """Show progress until the run ends or pauses; answers its last row."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    started, said = time.monotonic(), time.monotonic()
    with bar:
        task = bar.add_task("", total=None, rate="")
        while True:
            row = await db.fetchrow(SQL["run"], run)
            assert row is not None
            done, total = row["processed_items"], row["total_items"]
            rate = f"{done / max(0.001, time.monotonic() - started):,.0f}/s"
            bar.update(task, description=f"{row['name']} {row['state']}", completed=done, rate=rate)
            bar.update(task, total=total or None)
            if row["state"] in AT_REST:
                return row
            if not console.is_terminal and time.monotonic() - said > LINE_SECONDS:
                said = time.monotonic()
                line = f"{row['name']}: {row['state']}, {done:,} of {total:,}, {rate}"
                console.print(line, markup=False, highlight=False)
            await anyio.sleep(LOOK_SECONDS)
