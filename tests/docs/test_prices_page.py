"""The worked example of docs/prices.md: its listings are put into a market, and priced."""

import sys
from datetime import timedelta
from subprocess import run

from tests.docs.pages import ROOT, blocks, table
from tests.docs.test_transcripts import environ, exchanges, matches, trimmed
from tests.prices.market import Market
from worker.db import Database

NOTHING = "\N{EN DASH}"
HEADER = ("basis", "title", "price", "shipping", "seller", "days ago")


async def test_the_worked_example_is_priced_as_the_page_says(db: Database, database_url: str) -> None:
    market = Market(db)
    card = await market.card("4", "Charizard", ("holofoil",))
    for basis, title, price, shipping, seller, days in table("prices.md", *HEADER):
        told = {"basis": basis, "seller": seller, "age": timedelta(days=int(days))}
        await market.said(card, title, price, shipping=None if shipping == NOTHING else shipping, **told)
    [block] = blocks("prices")

    for typed, told_lines in exchanges(block, "$"):
        command = [sys.executable, "-m", "worker", *typed.split()[1:]]
        done = run(  # noqa: ASYNC221 - the command is all there is to wait for.
            command,
            cwd=ROOT / "docs",
            env=environ(DATABASE_URL=database_url, MIGRATIONS_URL=database_url),
            capture_output=True,
            text=True,
            check=True,
        )
        assert matches(told_lines, trimmed(done.stdout)), done.stdout
