"""A connected account is a seller, and its stock and its offers are its inventory."""

from typing import Any
from uuid import UUID

import pytest

from tests.catalog.vendors import HOUSE, prints
from tests.selling.market import Market
from tests.syncing.telling import sync
from worker.catalog.matching import remember
from worker.db import Database

pytestmark = pytest.mark.usefixtures("accounts")

WANTED = """
select a.ebay_user_id, o.listing_id, sum(o.quantity)::int as quantity, min(o.price) as price
  from ebay_offers o join ebay_accounts a on a.id = o.account_id
  join ebay_inventory_items i on i.account_id = o.account_id and i.sku = o.sku
 where o.status = 'PUBLISHED' and o.listing_id is not null and o.listing_status in ('ACTIVE', 'OUT_OF_STOCK')
   and i.card_print_id is not null
 group by 1, 2 order by 1, 2
"""
LISTED = """
select s.platform_seller_id, i.platform_listing_id, i.quantity, i.price
  from seller_inventory i join sellers s on s.id = i.seller_id
 where i.platform_listing_id not like 'sku:%' order by 1, 2
"""


async def fetch(db: Database, question: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await db.fetch(question)]


async def verify_all(db: Database) -> list[int]:
    """Verify what every SKU in stock is: a print of its own."""
    rows = await db.fetch("select distinct sku from ebay_inventory_items order by 1")
    cards = await prints(db, len(rows))
    async with db.transaction() as connection:
        for row, card in zip(rows, cards, strict=True):
            await remember(connection, HOUSE, "ebay", row["sku"], card, verified=True, source="manual")
    return cards


async def test_stock_is_inventory_once_its_sku_is_verified_and_listings_bring_the_price(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "inventory")
    before = await db.fetchval("select count(*) from seller_inventory")
    await verify_all(db)

    await sync(db, database_url, small_market, "inventory")
    items = await db.fetchval("select count(*) from ebay_inventory_items")
    unlisted = await fetch(db, "select distinct price, left(platform_listing_id, 4) from seller_inventory")
    stocked = await db.fetchval("select count(*) from seller_inventory")
    await sync(db, database_url, small_market, "inventory", "offers")

    assert before < stocked == items
    assert unlisted == [(None, "sku:")]
    assert await fetch(db, LISTED) == await fetch(db, WANTED) != []
    once = await fetch(db, LISTED)
    await sync(db, database_url, small_market, "inventory", "offers")
    assert await fetch(db, LISTED) == once


async def test_an_account_is_a_seller_by_its_user_id_counted_once_a_run(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    await sync(db, database_url, small_market, "orders")
    run = await sync(db, database_url, small_market, "orders", "inventory", "offers")

    rows = await db.fetch("select platform, platform_seller_id, times_seen, last_seen_run from sellers")
    assert {tuple(row) for row in rows} == {("ebay", user, 2, run) for user in accounts}


async def test_what_is_not_in_stock_any_more_is_taken_out(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "inventory")
    await verify_all(db)
    await sync(db, database_url, small_market, "inventory", "offers")
    await db.execute(
        """
        insert into seller_inventory (seller_id, card_print_id, platform_listing_id, told_by, last_verified)
        select s.id, p.id, 'gone-' || t, t, now() - interval '1 day'
          from (select min(id) as id from sellers) s, (select min(id) as id from card_prints) p,
               unnest(array['sync', 'csv']) t
        """
    )

    await sync(db, database_url, small_market, "inventory")

    left = "select platform_listing_id from seller_inventory where platform_listing_id like 'gone-%'"
    assert await fetch(db, left) == [("gone-csv",)]


async def test_a_dry_run_keeps_neither_seller_nor_inventory(
    db: Database, database_url: str, small_market: Market
) -> None:
    await sync(db, database_url, small_market, "orders", "inventory", dry_run=True)

    assert await fetch(db, "select count(*) from sellers") == [(0,)]
