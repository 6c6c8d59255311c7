"""The demo's second act: a run that stops at its cap to the cent, and goes on when that is raised."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio

from worker.commands.bars import budget_of, items_of, state_of, table_of_runs
from worker.commands.estimates import estimate_in_words
from worker.commands.progress import Run, told_on, watch_run
from worker.commands.session import OUT, TALK
from worker.db import Database, statements
from worker.errors import MintmarkError

SQL = statements(Path(__file__).with_name("demo_budget.sql"))
ITEMS = 2000
JOBS = 2
PRICE = Decimal(1)
CAP = Decimal(500)
NEEDED = PRICE * ITEMS
ACT_SECONDS = 120
LINE_SECONDS = 30
"""Off a terminal the demo's own lines say enough, unless it takes very long."""
COLUMNS = ("name", "state", "items", "failed_items", "budget")


@dataclass(frozen=True, slots=True)
class Spent:
    """What came of it: the run where its cap stopped it, the run at its end, and the seconds in between."""

    stopped: Run
    ended: Run
    seconds: float


async def spend_in_two_goes(db: Database) -> Spent:
    """Start a run whose cap is too low, wait for its pause, raise the cap, and wait for its end.

    Raises ``MintmarkError`` unless it stopped at its cap exactly, and worked and paid every item once.
    """
    TALK.print(f"4. a run that pays: {ITEMS:,} items at {PRICE} cent each, and a cap of {CAP} cents")
    TALK.print(f"   {estimate_in_words(NEEDED, CAP)}", highlight=False)
    began = time.monotonic()
    with anyio.fail_after(ACT_SECONDS):
        run = await start_with_low_cap(db)
        stopped = await _watch(db, run)
        _check(stopped, state="paused (budget)", items=int(CAP / PRICE), cents=CAP)
        TALK.print(f"   {told(stopped)}", markup=False, highlight=False)
        TALK.print(f"5. its cap is raised to {NEEDED} cents, and it goes on where it stopped")
        await db.execute(SQL["raise_cap"], run, NEEDED)
        ended = await _watch(db, run)
        _check(ended, state="completed", items=ITEMS, cents=NEEDED)
        await _check_books(db, run)
        TALK.print(f"   {told(ended)}", markup=False, highlight=False)
    return Spent(stopped, ended, time.monotonic() - began)


def report(spent: Spent) -> None:
    """Print the run as it stood when its cap stopped it, and as it stands."""
    OUT.print("\n[bold]What a budget does[/]")
    OUT.print(table_of_runs([spent.stopped, spent.ended], drawn=OUT.is_terminal, columns=COLUMNS))
    rate = ITEMS / max(0.001, spent.seconds)
    OUT.print(
        f"{ITEMS:,} items in {spent.seconds:.2f} s: {rate:,.0f} items a second; "
        "each was worked once and paid for once",
        highlight=False,
    )


def told(run: Run) -> str:
    """Say in a line where a run stands."""
    return f"{state_of(run)}: {items_of(run)} items, {budget_of(run)} cents"


async def start_with_low_cap(db: Database) -> UUID:
    """Start the run, a job for each worker, with its estimate and a cap of a quarter of it."""
    share = json.dumps({"items": ITEMS // JOBS, "cost_cents": int(PRICE)})
    async with db.transaction() as connection:
        run: UUID = await connection.fetchval(SQL["start"], share, CAP)
        for _ in range(JOBS - 1):
            await connection.execute(SQL["share"], run, share)
        await connection.execute(SQL["note_estimate"], run, NEEDED)
    return run


async def _watch(db: Database, run: UUID) -> Run:
    with told_on(TALK, line_seconds=LINE_SECONDS) as progress:
        return await watch_run(db, run, progress)


def _check(run: Run, *, state: str, items: int, cents: Decimal) -> None:
    found = (state_of(run), run["processed_items"], run["spent_cents"], run["reserved_cents"])
    if found != (state, items, cents, 0):
        raise MintmarkError(
            f"the demo's run is {found}, not {(state, items, cents, 0)}; see the workers' logs"
        )


async def _check_books(db: Database, run: UUID) -> None:
    row = await db.fetchrow(SQL["books"], run)
    assert row is not None
    found: Mapping[str, Any] = dict(row)
    wanted = {
        "items": ITEMS,
        "different_items": ITEMS,
        "item_cents": NEEDED,
        "payments": ITEMS,
        "different_steps": ITEMS,
        "cents": NEEDED,
        "unanswered": 0,
    }
    if found != wanted:
        raise MintmarkError(f"the demo's books do not add up: {found}")
