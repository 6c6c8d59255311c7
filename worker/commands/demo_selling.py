"""The demo's third act: three sellers connect accounts, what they sold is read, one takes consent back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
from rich.table import Table

from worker.accounts.consent import open_ticket
from worker.commands.demo_market import DemoMarket, consent
from worker.commands.org import DEFAULT
from worker.commands.progress import Run, told_on, watch_run
from worker.commands.session import OUT, TALK, shown
from worker.db import Database, Record, statements
from worker.errors import MintmarkError
from worker.web.connecting import PROVIDER, START_PATH

SQL = statements(Path(__file__).with_name("demo_selling.sql"))
SELLERS = 3
ACT_SECONDS = 120
LINE_SECONDS = 30
SHOWN_PRINTS = 5
OK = 200


@dataclass(frozen=True, slots=True)
class Sold:
    """What came of it: the two syncs' summaries, the sellers, and the prints that were sold most."""

    first: Mapping[str, Any]
    second: Mapping[str, Any]
    sellers: list[Record]
    prints: list[Record]
    alert: str


async def sell(db: Database, market: DemoMarket, pages: str) -> Sold:
    """Connect three sellers through the pages, sync them, have one revoke, and sync again."""
    TALK.print(f"6. {SELLERS} sellers of a sandbox connect their accounts, through its pages and ours")
    chosen = market.sellers()[:SELLERS]
    for user_id, username in chosen:
        await _connect(db, pages, user_id, username)
    TALK.print("7. what they sold is read: one run, a job for each seller")
    first = await _sync(db, "demo sync")
    gone, name = chosen[-1]
    TALK.print(f"8. {name} takes the consent back, and all are synced again", markup=False, highlight=False)
    await anyio.to_thread.run_sync(market.order, "/_sandbox/tokens", {"revoke": {"seller": gone}})
    second = await _sync(db, "demo sync again")
    if second["sellers"] != {"completed": SELLERS - 1, "failed": 1}:
        raise MintmarkError(f"the demo's second sync ended with {second}; see the workers' logs")
    return Sold(
        first,
        second,
        await db.fetch(SQL["sellers"], market.url),
        await db.fetch(SQL["prints"], SHOWN_PRINTS),
        await db.fetchval(SQL["alert"]),
    )


def report(sold: Sold) -> None:
    """Print what each seller sold, what was sold most, and what became of the one who left."""
    OUT.print("\n[bold]What connected sellers sold[/]")
    _print_table(sold.sellers, ("ebay_username", "state", "line_items", "with_print", "sales"))
    first, second = sold.first, sold.second
    OUT.print(
        f"{first['orders']:,} orders, {first['line_items']:,} line items in {first['seconds']:.2f} s"
        f" with {first['calls']} calls; again {second['unchanged']} unchanged, {second['inserted']} new",
        highlight=False,
    )
    OUT.print(f"alert: {shown(sold.alert)}", highlight=False)
    if sold.prints:
        OUT.print("\n[bold]What was sold most[/]")
        _print_table(sold.prints, ("name", "number", "set_name", "sales"))


async def _connect(db: Database, pages: str, user_id: str, username: str) -> None:
    ticket = await open_ticket(db, PROVIDER, DEFAULT, user_id)
    start = f"{pages}{START_PATH}?ticket={ticket.secret}"
    with anyio.fail_after(ACT_SECONDS):
        answer = await anyio.to_thread.run_sync(consent, start, username)
    if answer.status != OK:
        raise MintmarkError(f"{username} could not be connected: {answer.status}; see demo-web.log")
    TALK.print(f"   connected {username}", markup=False, highlight=False)


async def _sync(db: Database, name: str) -> dict[str, Any]:
    run: UUID = await db.fetchval(SQL["start"], "{}", name)
    with anyio.fail_after(ACT_SECONDS), told_on(TALK, line_seconds=LINE_SECONDS) as progress:
        ended: Run = await watch_run(db, run, progress)
    if ended["state"] != "completed":
        raise MintmarkError(
            f"the demo's sync ended {ended['state']} ({ended['reason']}); see the workers' logs"
        )
    summary: dict[str, Any] = json.loads(ended["summary"])
    return summary


def _print_table(rows: list[Record], columns: tuple[str, ...]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.removeprefix("ebay_").replace("_", " "))
    for row in rows:
        table.add_row(*(shown(row[column]) for column in columns))
    OUT.print(table)
