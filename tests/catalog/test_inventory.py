"""Inventory: a row for each listing, what was not seen goes, and of asks both seller and stock are kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.catalog.vendors import HOUSE, prints, sellers
from worker.catalog.inventory import (
    Found,
    Kept,
    Stocked,
    ToldBy,
    compare,
    forget_of_print,
    forget_of_seller,
    note_offers,
    price_of,
    stock,
)
from worker.catalog.offers import Offer, OfferStatus
from worker.db import Database

LATER = timedelta(seconds=1)
ROWS = """
select s.display_name, i.card_print_id, i.platform_listing_id, i.quantity, i.price
  from seller_inventory i join sellers s on s.id = i.seller_id order by 1, 2, 3
"""


async def keep(db: Database, *rows: Stocked, told_by: ToldBy = "ask", verify: bool = True) -> Kept:
    async with db.transaction() as connection:
        would = await compare(connection, HOUSE, rows)
        kept = await stock(connection, HOUSE, told_by, rows, verify=verify)
    assert would == kept
    return kept


async def rows(db: Database) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await db.fetch(ROWS)]


def offer(item: str, seller: str | None = "Anna", price: str | None = "5.00", **said: Any) -> Offer:
    status: OfferStatus = said.pop("status", "active")
    facts: dict[str, Any] = {
        "title": "a card",
        "shipping": None,
        "currency": "USD",
        "quantity": 1,
        "listing_type": None,
        "condition": None,
        "item_group": None,
        "external_id": None,
        "raw": {},
        "observed_at": datetime(2026, 11, 1, tzinfo=UTC),
        **said,
    }
    return Offer(
        item_id=item, seller=seller, unit_price=Decimal(price) if price else None, status=status, **facts
    )


async def note(db: Database, *offers: Found) -> Kept:
    async with db.transaction() as connection:
        return await note_offers(connection, HOUSE, "ebay", None, offers)


async def test_a_row_is_there_once_also_without_a_listing(db: Database) -> None:
    [card, *_] = await prints(db)
    [anna] = await sellers(db, "anna")

    first = await keep(db, Stocked(anna, card, 1), Stocked(anna, card, 2, Decimal("3.00"), listing_id="l"))
    again = await keep(db, Stocked(anna, card, 4), Stocked(anna, card, 2, Decimal("3.00"), listing_id="l"))
    twice = await keep(
        db, Stocked(anna, card, 5), Stocked(anna, card, 6), Stocked(anna, card, 7, treatment="foil")
    )

    assert [tuple(one) for one in (first, again, twice)] == [(2, 0, 0), (0, 1, 1), (1, 1, 0)]
    quantities = await db.fetch("select quantity from seller_inventory order by 1")
    assert [row["quantity"] for row in quantities] == [2, 6, 7]


async def test_a_row_that_says_nothing_new_is_verified_or_left_alone_as_it_is_asked(db: Database) -> None:
    [card, *_] = await prints(db)
    [anna] = await sellers(db, "anna")
    row = Stocked(anna, card, 1, Decimal("1.00"), notes="a note")
    await keep(db, row)
    look = "select xmin::text as version, updated_at, last_verified, notes from seller_inventory"
    before = await db.fetchrow(look)

    await keep(db, row, verify=False)
    assert await db.fetchrow(look) == before
    await keep(db, Stocked(anna, card, 1, Decimal("1.00")))
    after = await db.fetchrow(look)

    assert before is not None
    assert after is not None
    assert (after["updated_at"], after["notes"]) == (before["updated_at"], "a note")
    assert after["last_verified"] > before["last_verified"]


async def test_what_a_whole_pass_has_not_seen_goes_and_what_others_told_stays(db: Database) -> None:
    first, second, third = await prints(db)
    anna, ben = await sellers(db, "anna", "ben")
    for seller in (anna, ben):
        await keep(db, Stocked(seller, first, 1), Stocked(seller, second, 1))
        await keep(db, Stocked(seller, third, 1), told_by="csv")
    since = await db.fetchval("select now()")
    await keep(db, Stocked(anna, first, 1))

    async with db.transaction() as connection:
        gone = await forget_of_seller(connection, HOUSE, anna, "ask", since)
        of_print = await forget_of_print(connection, HOUSE, "ebay", first, since)
        elsewhere = await forget_of_print(connection, HOUSE, "blokpax", second, since + LATER)

    assert (gone, of_print, elsewhere) == (1, 1, 0)
    assert [row[:2] for row in await rows(db)] == [
        ("anna", first),
        ("anna", third),
        ("ben", second),
        ("ben", third),
    ]


async def test_of_a_page_of_asks_sellers_are_kept_and_what_of_theirs_has_a_print(db: Database) -> None:
    card, other, _ = await prints(db)
    page = [
        Found(offer("1", "Anna", quantity=3), card),
        Found(offer("2", " anna "), other),
        Found(offer("3", "Ben"), None),
        Found(offer("4", None), card),
        Found(offer("5", "Carl", None), card),
        Found(offer("6", "Dora", status="ended"), card),
        Found(offer("7", "Eve", currency=None), card),
    ]

    assert tuple(await note(db, *page)) == (4, 0, 0)
    assert tuple(await note(db, *page)) == (0, 0, 4)

    assert await rows(db) == [
        ("Carl", card, "5", 1, None),
        ("Eve", card, "7", 1, None),
        ("anna", card, "1", 3, Decimal("5.00")),
        ("anna", other, "2", 1, Decimal("5.00")),
    ]
    assert await db.fetchval("select count(*) from sellers") == 5


async def test_an_offer_that_is_another_print_by_now_or_has_ended_takes_its_row_out(db: Database) -> None:
    card, other, _ = await prints(db)
    await note(db, Found(offer("1"), card), Found(offer("2"), card), Found(offer("3"), card))

    await note(db, Found(offer("1"), other), Found(offer("2", status="ended"), card), Found(offer("3"), None))

    assert await rows(db) == [("Anna", other, "1", 1, Decimal("5.00"))]


@pytest.mark.parametrize(
    ("told", "price"),
    [
        (None, None),
        (Decimal("1.005"), Decimal("1.00")),
        (Decimal(0), Decimal("0.00")),
        (Decimal(-1), None),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (Decimal(10) ** 10, None),
    ],
)
def test_an_amount_that_nobody_could_pay_is_no_price(told: Decimal | None, price: Decimal | None) -> None:
    assert price_of(told) == price
