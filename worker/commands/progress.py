"""A run's progress: bars on a terminal, a line now and then elsewhere, or JSON for each change."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import anyio
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from worker.commands.bars import FULL, budget_of, items_of, share, state_of
from worker.commands.session import print_json
from worker.db import Database, statements

SQL = statements(Path(__file__).with_name("run.sql"))
LOOK_SECONDS = 0.2
LINE_SECONDS = 5.0
LATELY_SECONDS = 5.0
LET_GO_SECONDS = 15.0
"""How long jobs at work of a paused run are waited for: until then its figures still change."""
ENDED = ("completed", "failed", "cancelled")
FACTS = (
    "id",
    "name",
    "state",
    "reason",
    "total_items",
    "processed_items",
    "failed_items",
    "skipped_items",
    "budget_cap_cents",
    "reserved_cents",
    "spent_cents",
)


class Pace:
    """How fast items get done: by what was done lately, not since the start."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()

    def note(self, at: float, done: int) -> None:
        """Take in that so many items are done at that time, in seconds of any clock."""
        self._looks.append((at, done))
        while len(self._looks) > 2 and self._looks[1][0] <= at - LATELY_SECONDS:  # noqa: PLR2004 - the span's two ends.
            self._looks.popleft()

    def rate(self) -> float:
        """Items a second."""
        (began, before), (ended, after) = self._looks[0], self._looks[-1]
        return max(0, after - before) / (ended - began) if ended > began else 0.0

    def seconds_left(self, total: int) -> float | None:
        """How long the rest takes at this rate; None where nobody can say."""
        rest, rate = total - self._looks[-1][1], self.rate()
        return rest / rate if rest > 0 and rate > 0 else None


Run: TypeAlias = Mapping[str, Any]
Show: TypeAlias = Callable[[Run, Pace], None]


async def watch_run(db: Database, run: UUID, show: Show) -> Run:
    """Show a run again and again until it ends, or pauses and lies still; answers its last row."""
    pace, paused_since = Pace(), None
    while True:
        found = await db.fetchrow(SQL["run"], run)
        assert found is not None
        row = dict(found)
        now = time.monotonic()
        pace.note(now, row["processed_items"])
        show(row, pace)
        paused_since = (paused_since or now) if row["state"] == "paused" else None
        if row["state"] in ENDED:
            return row
        if paused_since and (not row["jobs_at_work"] or now - paused_since > LET_GO_SECONDS):
            return row
        await anyio.sleep(LOOK_SECONDS)


@contextmanager
def told_on(console: Console, *, line_seconds: float = LINE_SECONDS) -> Iterator[Show]:
    """Tell of progress: two bars on a terminal, elsewhere a line every so many seconds."""
    if not console.is_terminal:
        yield _lines(console, line_seconds)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=console) as bars:
        items, money = (bars.add_task("", total=FULL, told="") for _ in range(2))

        def show(row: Run, pace: Pace) -> None:
            told = f"{items_of(row)} items{lately(row, pace)}"
            total = FULL if row["total_items"] else None
            done = share(row["processed_items"], row["total_items"])
            bars.update(items, description=said_of(row), completed=done, total=total, told=told)
            spent = share(row["spent_cents"], row["budget_cap_cents"])
            bars.update(money, description="budget", completed=spent, told=f"{budget_of(row)} cents")

        yield show


def _lines(console: Console, line_seconds: float) -> Show:
    said = time.monotonic()

    def show(row: Run, pace: Pace) -> None:
        nonlocal said
        if time.monotonic() - said > line_seconds:
            said = time.monotonic()
            console.print(in_a_line(row, pace), markup=False, highlight=False)

    return show


def changes_as_json() -> Show:
    """Print a JSON line for each change, to stdout at once."""
    last: dict[str, Any] = {}

    def show(row: Run, pace: Pace) -> None:
        facts = {name: row[name] for name in FACTS}
        if facts != last:
            last.update(facts)
            left = pace.seconds_left(row["total_items"])
            rounded = None if left is None else round(left, 1)
            print_json(facts | {"items_a_second": round(pace.rate(), 2), "seconds_left": rounded})
            sys.stdout.flush()

    return show


def said_of(row: Run) -> str:
    """Name and state of a run."""
    return f"{row['name']}: {state_of(row)}"


def lately(row: Run, pace: Pace) -> str:
    """The rate and the time left, where there are such."""
    left = pace.seconds_left(row["total_items"])
    rate = f", {pace.rate():,.0f}/s" if pace.rate() else ""
    return rate if left is None else f"{rate}, {round(left) // 60}:{round(left) % 60:02} left"


def in_a_line(row: Run, pace: Pace) -> str:
    """All of it in a line."""
    return f"{said_of(row)}, {items_of(row)} items{lately(row, pace)}, {budget_of(row)} cents"
