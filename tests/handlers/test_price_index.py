"""The price index: the last curve of a day, else its sales; the same bytes however it came to be."""

import random
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from tests.catalog.vendors import prints
from tests.runs.scene import drain, run_row, start
from worker.db import Database

CURVE = """
insert into card_print_price_curves (card_print_id, created_at, variant, language, currency, nm_median,
                                     nm_samples, confidence, listing_count)
values ($1, ($2::date + $3::time) at time zone 'UTC', $4, 'en', 'USD', $5, $6, 5, 5)
"""
SALE = """
insert into price_observations (source, basis, marketplace_id, order_id, order_line_item_id, unit_price,
                                currency, observed_at, status, card_print_id, card_condition, language,
                                variant, left_out, judged_by)
values ('x', $1, 'x', $2, '1', $3, $4, ($5::date + time '12:00') at time zone 'UTC', $6, $7, $8, $9, $10,
        $11, $12)
"""
DUMP = """
select i.card_print_id, i.variant, i.language, i.currency::text as currency, i.day, i.price::text,
       i.basis, i.samples, i.change_7d::text, i.change_30d::text, i.change_90d::text
  from price_index i order by 1, 2, 3, 4, 5
"""
TODAY = "select (now() at time zone 'UTC')::date"


async def today(db: Database) -> date:
    found: date = await db.fetchval(TODAY)
    return found


async def curve(
    db: Database, card: int, day: date, price: str | None, at: str = "10:00", **facts: Any
) -> None:
    median = Decimal(price) if price else None
    told = (facts.get("variant", "normal"), median, facts.get("samples", 4))
    await db.execute(CURVE, card, day, time.fromisoformat(at), *told)


async def sale(db: Database, card: int | None, day: date, price: str, **facts: Any) -> None:
    order = str(await db.fetchval("select count(*) from price_observations"))
    what = {
        "basis": "sold",
        "currency": "USD",
        "status": "sold",
        "condition": "NM",
        "language": None,
        "variant": None,
        "left_out": None,
        "judged_by": "1",
        **facts,
    }
    await db.execute(
        SALE,
        what["basis"],
        order,
        Decimal(price),
        what["currency"],
        day,
        what["status"],
        card,
        what["condition"],
        what["language"],
        what["variant"],
        what["left_out"],
        what["judged_by"],
    )


async def index(db: Database, url: str, **params: Any) -> None:
    run = await start(db, "price_index", params)
    await drain(url)
    assert (await run_row(db, run))["state"] == "completed"


async def dump(db: Database) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await db.fetch(DUMP)]


async def test_a_day_is_its_last_curve_and_where_there_is_none_the_median_of_its_sales(
    db: Database, database_url: str
) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    await curve(db, card, now, "12.00", "09:00")
    await curve(db, card, now, "13.00", "21:00", samples=6)
    await sale(db, card, now, "99.00")
    before = now - timedelta(days=1)
    for price in ("10.00", "10.01", "50.00", "10.02"):
        await sale(db, card, before, price)
    await curve(db, card, before, None)

    await index(db, database_url)

    assert [one[4:8] for one in await dump(db)] == [
        (before, "10.02", "sold", 4),
        (now, "13.00", "curve", 6),
    ]


async def test_what_is_no_sale_of_a_near_mint_print_never_enters(db: Database, database_url: str) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    await sale(db, None, now, "1.00")
    for left in ("junk", "outlier", "graded"):
        await sale(db, card, now, "2.00", left_out=left)
    await sale(db, card, now, "3.00", judged_by=None)
    await sale(db, card, now, "4.00", condition="LP")
    await sale(db, card, now, "5.00", condition=None)
    await sale(db, card, now, "6.00", status="refunded")
    await sale(db, card, now, "7.00", basis="ask", status="active")

    await index(db, database_url)

    assert await dump(db) == []


async def test_printings_languages_and_currencies_are_apart(db: Database, database_url: str) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    await sale(db, card, now, "1.00")
    await sale(db, card, now, "2.00", variant="holofoil")
    await sale(db, card, now, "3.00", language="ja")
    await sale(db, card, now, "4.00", currency="EUR")

    await index(db, database_url)

    assert [one[1:4] + one[5:6] for one in await dump(db)] == [
        ("holofoil", "en", "USD", "2.00"),
        ("normal", "en", "EUR", "4.00"),
        ("normal", "en", "USD", "1.00"),
        ("normal", "ja", "USD", "3.00"),
    ]


async def test_a_change_is_held_against_the_latest_day_that_is_as_long_ago_or_a_little_longer(
    db: Database, database_url: str
) -> None:
    card, other, _ = await prints(db)
    now = await today(db)
    for days, price in ((120, "4.00"), (40, "8.00"), (9, "5.00"), (6, "1.00"), (0, "10.00")):
        await curve(db, card, now - timedelta(days=days), price)
    for days, price in ((121, "1.00"), (41, "1.00"), (11, "0.00"), (7, "0.00"), (0, "3.00")):
        await curve(db, other, now - timedelta(days=days), price)

    await index(db, database_url, rebuild=True)

    last = {one[0]: one[8:] for one in await dump(db) if one[4] == now}
    assert last == {card: ("1.0000", "0.2500", "1.5000"), other: (None, None, None)}


async def test_a_price_that_grew_beyond_measure_is_the_largest_change_there_is(
    db: Database, database_url: str
) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    await curve(db, card, now - timedelta(days=7), "0.01")
    await curve(db, card, now, "9999.00")

    await index(db, database_url)

    assert (await dump(db))[-1][8] == "9999.9999"


async def fill(db: Database, seed: int, order: int) -> None:
    """A made market of 150 days; ``order`` says in which order its facts come in."""
    dice = random.Random(seed)
    cards = [row["id"] for row in await db.fetch("select id from card_prints order by id")]
    now, facts = await today(db), []
    for card in cards:
        for days in range(150):
            if dice.random() < 0.4:
                price = f"{dice.uniform(1, 50):.2f}"
                facts.append(("sale", card, now - timedelta(days=days), price, dice.choice([None, "junk"])))
            if dice.random() < 0.2:
                same = [f"{dice.uniform(1, 50):.2f}" for _ in range(2)]
                facts += [("curve", card, now - timedelta(days=days), one, None) for one in same]
    random.Random(order).shuffle(facts)
    for kind, card, day, price, left_out in facts:
        if kind == "sale":
            await sale(db, card, day, price, left_out=left_out)
        else:
            await curve(db, card, day, price)


async def test_made_again_from_scratch_it_has_the_same_bytes_in_whatever_order_things_came(
    db: Database, database_url: str
) -> None:
    await prints(db, 4)
    await fill(db, seed=7, order=1)
    await index(db, database_url, rebuild=True, batch_prints=1)
    once = await dump(db)
    assert len(once) > 200

    await index(db, database_url, days=30)
    assert await dump(db) == once
    await index(db, database_url, rebuild=True)
    assert await dump(db) == once
    for table in ("price_index", "price_observations", "card_print_price_curves"):
        await db.execute(f"truncate {table} cascade")
    await fill(db, seed=7, order=2)
    await index(db, database_url, rebuild=True, batch_prints=3)
    assert await dump(db) == once


async def test_day_by_day_it_comes_to_the_same_and_what_comes_late_within_the_days_counts(
    db: Database, database_url: str
) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    await curve(db, card, now - timedelta(days=8), "2.00")
    await curve(db, card, now, "3.00")
    await index(db, database_url, days=30)
    await sale(db, card, now - timedelta(days=7), "1.00")

    await index(db, database_url, days=10)
    late = await dump(db)
    await index(db, database_url, rebuild=True)

    assert await dump(db) == late
    assert [one[8] for one in late] == [None, None, "2.0000"]


async def test_what_lost_its_evidence_is_taken_out_and_what_says_so_already_is_not_touched(
    db: Database, database_url: str
) -> None:
    [card, *_] = await prints(db)
    now = await today(db)
    await sale(db, card, now, "1.00")
    await sale(db, card, now - timedelta(days=1), "1.00")
    await index(db, database_url)
    before = await db.fetch("select day, xmin::text from price_index order by day")
    await index(db, database_url)
    assert await db.fetch("select day, xmin::text from price_index order by day") == before

    await db.execute(
        "update price_observations set left_out = 'outlier'"
        " where observed_at >= (now() at time zone 'UTC')::date at time zone 'UTC'"
    )
    await index(db, database_url)

    assert [one[4] for one in await dump(db)] == [now - timedelta(days=1)]
