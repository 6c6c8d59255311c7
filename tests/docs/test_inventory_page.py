"""The pages on inventory and on the index: their file is imported, their example computed."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import psycopg

from tests.catalog.vendors import prints
from tests.commands.test_import_inventory import PRINT, SKU
from tests.docs.pages import blocks, table
from tests.docs.test_transcripts import answered, exchanges
from tests.handlers.test_price_index import curve, dump, index, sale, today
from worker.daily import daily_schedules
from worker.db import Database
from worker.settings_model import Settings

NOTHING = "\N{EN DASH}"


def test_the_file_of_the_page_is_imported_as_the_page_says(database_url: str, tmp_path: Path) -> None:
    [stock], [said] = blocks("stock.csv"), blocks("import of stock.csv")
    (tmp_path / "stock.csv").write_text(stock.text, encoding="utf-8")
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(PRINT).fetchone()
        assert row
        connection.execute(SKU, ("ebay", "chz-1", row[0]))

        [(typed, told)] = exchanges(said, "$")
        printed = answered(typed, database_url, tmp_path)

        kept = connection.execute("select quantity, price, notes from seller_inventory order by 1").fetchall()
    assert [line for line in printed if "not taken" not in line] == told
    assert kept == [(1, None, "no price yet"), (2, Decimal("1234.50"), "from the safe")]


async def test_the_example_of_the_index_is_what_comes_of_it(db: Database, database_url: str) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    wanted = []
    header = ("days ago", "curves", "sales", "price", "basis", "samples", "7 days")
    for days, curves, sales, price, basis, samples, change in table("price-index.md", *header):
        day = now - timedelta(days=int(days))
        for hour, one in enumerate([] if curves == NOTHING else curves.split(", "), 10):
            await curve(db, card, day, one, f"{hour}:00")
        for one in [] if sales == NOTHING else sales.split(", "):
            await sale(db, card, day, one)
        if price != NOTHING:
            wanted.append((day, price, basis, int(samples), None if change == NOTHING else change))

    await index(db, database_url)

    assert [one[4:9] for one in await dump(db)] == wanted


def test_the_schedules_that_are_there_by_themselves_are_on_their_page() -> None:
    rows = {row[0]: row[3] for row in table("schedules.md", "schedule", "when (UTC)", "what", "setting")}

    assert {one.name for one in daily_schedules(Settings())} <= set(rows)
    assert set(rows.values()) == {
        "daily.snapshot_cron",
        "daily.price_index_cron",
        "daily.price_curves_cron",
        "collect.cron",
        "sync.cron",
        "sync.limits_cron",
    }
