"""A run's log, followed line by line while it is written."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio

from worker.commands.progress import ENDED
from worker.commands.session import OUT, print_json, shown
from worker.db import Database, Record, statements

SQL = statements(Path(__file__).with_name("run.sql"))
LOOK_SECONDS = 0.3
BEHIND = 1000
"""So far back is looked again: a line is seen after later ones when its transaction took longer."""


def event_from(row: Record) -> dict[str, Any]:
    """A line of the log with its facts read."""
    return dict(row) | {"data": json.loads(row["data"])}


async def follow(
    db: Database, run: UUID, tell: Callable[[Mapping[str, Any]], None], *, told: set[int]
) -> None:
    """Tell each line of a run's log once, those in ``told`` not again, until the run has ended."""
    while True:
        # The state first: whatever is written before the end is there to be read then.
        row = await db.fetchrow(SQL["run"], run)
        assert row is not None
        behind = max(told, default=BEHIND) - BEHIND
        for event in map(event_from, await db.fetch(SQL["run_events"], run, behind)):
            if event["id"] not in told:
                told.add(event["id"])
                tell(event)
        if row["state"] in ENDED:
            return
        await anyio.sleep(LOOK_SECONDS)


def tell_in_a_line(event: Mapping[str, Any]) -> None:
    """Print a line of the log as text, at once."""
    data = json.dumps(event["data"], ensure_ascii=False)
    told = f"{shown(event['at'])}  {event['level']:7}  {event['event']:17}  {event['actor']:10}  {data}"
    OUT.print(told, markup=False, highlight=False, soft_wrap=True)
    sys.stdout.flush()


def tell_as_json(event: Mapping[str, Any]) -> None:
    """Print a line of the log as JSON, at once."""
    print_json(event)
    sys.stdout.flush()
