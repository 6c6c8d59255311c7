"""The demo's last act: what cards and a coin are worth by what a market says, and a day of its stock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread

from worker.commands.demo_market import DemoMarket
from worker.commands.progress import Run, told_on, watch_run
from worker.commands.session import OUT, TALK, print_rows
from worker.db import Database, Record, statements
from worker.errors import MintmarkError
from worker.pricing.comps import CONDITIONS

SQL = statements(Path(__file__).with_name("demo_prices.sql"))
ACT_SECONDS = 120
LINE_SECONDS = 30
CARDS = ("base1-4", "base1-2", "base1-15", "base1-58", "base1-10", "base1-8", "base1-1", "base2-3")
COIN = {"year": 1921, "mintmark": "S", "denomination": "dollar", "title": "Morgan"}
COLUMNS = ("print", *CONDITIONS, "currency", "confidence", "age", "used", "left_out")


@dataclass(frozen=True, slots=True)
class Priced:
    """What came of it: a row for each print, why observations are left out, the coin, and the day's stock."""

    prints: list[Record]
    left_out: list[Record]
    coin: Record
    stock: Record


async def price(db: Database, market: DemoMarket) -> Priced:
    """Collect for some of the bundled cards, compute their curves, value a coin, take a day of the stock."""
    # The stand-in says what was sold only to those who may know, as eBay does.
    await anyio.to_thread.run_sync(market.order, "/_sandbox/insights", {"allowed": True})
    TALK.print(f"9. what the market says of {len(CARDS)} cards is collected, judged and priced")
    await _run(db, "collect", {"prints": list(CARDS)}, "demo prices")
    TALK.print("10. a 1921-S Morgan dollar is valued by its like")
    await _run(db, "valuation", {"attributes": COIN, "reference": "demo coin"}, "demo coin")
    TALK.print("11. a day of what sellers have is kept")
    await _run(db, "snapshot", {}, "demo day")
    found = [row["id"] for row in await db.fetch(SQL["prints"], list(CARDS))]
    coin, stock = await db.fetchrow(SQL["valued"]), await db.fetchrow(SQL["snapshot"])
    assert coin is not None
    assert stock is not None
    return Priced(
        await db.fetch(SQL["priced"], found), await db.fetch(SQL["why_left_out"], found), coin, stock
    )


def report(priced: Priced) -> None:
    """Print the prices with their evidence, the coin's value with its reasons, and the day."""
    OUT.print("\n[bold]What cards are worth[/]")
    print_rows([_row(row) for row in priced.prints], as_json=False, columns=COLUMNS, empty="no price")
    reasons = ", ".join(f"{row['reason']} {row['observations']}" for row in priced.left_out)
    OUT.print(f"left out: {reasons}", markup=False, highlight=False)
    OUT.print("\n[bold]What a coin is worth[/]")
    coin = priced.coin
    OUT.print(
        f"{coin['query']}: {coin['median']} {coin['currency']}, by {coin['comps']} comps of which"
        f" {coin['sold']} sold, confidence {coin['confidence']} of 10",
        markup=False,
        highlight=False,
    )
    for line in coin["explanation"].splitlines():
        OUT.print(f"  {line}", markup=False, highlight=False)
    stock = priced.stock
    OUT.print(
        f"\n[bold]What sellers have today[/]: {stock['pieces']} pieces of {stock['sellers']} sellers"
        f" in {stock['rows']} rows",
        highlight=False,
    )


async def _run(db: Database, kind: str, params: Mapping[str, Any], name: str) -> Run:
    run: UUID = await db.fetchval(SQL["start"], kind, json.dumps(params), name)
    with anyio.fail_after(ACT_SECONDS), told_on(TALK, line_seconds=LINE_SECONDS) as progress:
        ended = await watch_run(db, run, progress)
    if ended["state"] != "completed":
        raise MintmarkError(
            f"the demo's run {name} ended {ended['state']} ({ended['reason']}); see the workers' logs"
        )
    return ended


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _row(row: Record) -> dict[str, Any]:
    prices = {name: _money(row[f"{name.lower()}_median"]) for name in CONDITIONS}
    facts = {name: row[name] for name in ("print", "currency", "confidence", "used", "left_out")}
    return {**facts, **prices, "age": f"{row['age_seconds']:.0f} s"}
