"""Stock and offers are states: what a whole pass has not seen is gone; the others delete nothing."""

from uuid import UUID

import pytest

from tests.selling.market import Market
from tests.syncing.telling import INVENTORY, OFFERS, kept, pages_of, sync, told
from worker.db import Database

OLD_ITEM = """
insert into public.ebay_inventory_items (account_id, org_id, sku, seen_at, content_hash)
select a.id, a.org_id, 'SOLD-OUT', now() - interval '1 day', '' from public.ebay_accounts a
"""
OLD_OFFER = """
insert into public.ebay_offers
       (account_id, org_id, offer_id, sku, marketplace_id, status, seen_at, content_hash)
select a.id, a.org_id, 'withdrawn', 'SOLD-OUT', 'EBAY_US', 'PUBLISHED', now() - interval '1 day', ''
  from public.ebay_accounts a
"""
LEFT = """
select (select count(*) from public.ebay_inventory_items where sku = 'SOLD-OUT'),
       (select count(*) from public.ebay_offers where offer_id = 'withdrawn')
"""


@pytest.fixture
async def gone(db: Database, busy_account: UUID) -> UUID:
    """Its stock and offers hold one that the market does not know any more."""
    await db.execute(OLD_ITEM)
    await db.execute(OLD_OFFER)
    return busy_account


async def left(db: Database) -> tuple[int, int]:
    """How many of those are there."""
    row = await db.fetchrow(LEFT)
    assert row is not None
    return row[0], row[1]


@pytest.mark.usefixtures("gone")
async def test_what_a_whole_pass_has_not_seen_is_deleted(
    db: Database, database_url: str, busy_market: Market
) -> None:
    await sync(db, database_url, busy_market, "inventory", "offers")

    users = list(await busy_market.books())
    assert await kept(db, INVENTORY) == await told(busy_market, users, INVENTORY)
    assert await kept(db, OFFERS) == await told(busy_market, users, OFFERS)
    assert await left(db) == (0, 0)


@pytest.mark.usefixtures("gone")
async def test_a_pass_that_is_cut_by_its_limit_deletes_nothing(
    db: Database, database_url: str, busy_market: Market
) -> None:
    await sync(db, database_url, busy_market, "inventory", "offers", limit=1)

    assert await left(db) == (1, 1)


@pytest.mark.usefixtures("gone")
async def test_a_dry_run_deletes_nothing(db: Database, database_url: str, busy_market: Market) -> None:
    await sync(db, database_url, busy_market, "inventory", "offers", dry_run=True)

    assert await left(db) == (1, 1)


@pytest.mark.usefixtures("gone")
async def test_a_list_that_changes_while_it_is_read_is_read_again_before_anything_is_deleted(
    db: Database, database_url: str, busy_market: Market
) -> None:
    moving = {"operation": INVENTORY.operation, "kind": "total", "after": 1, "by": 1}
    await busy_market.post("/_sandbox/scenario", {"faults": [moving]})

    await sync(db, database_url, busy_market, "inventory")

    [user] = await busy_market.books()
    assert len(await busy_market.calls(INVENTORY.operation)) == 2 * 2
    assert await kept(db, INVENTORY) == await told(busy_market, [user], INVENTORY)


@pytest.mark.usefixtures("gone")
async def test_a_list_that_never_stands_still_deletes_nothing(
    db: Database, database_url: str, busy_market: Market
) -> None:
    faults = [
        {"operation": INVENTORY.operation, "kind": "total", "after": call, "by": call + 1}
        for call in range(6)
    ]
    await busy_market.post("/_sandbox/scenario", {"faults": faults})

    await sync(db, database_url, busy_market, "inventory")

    assert await left(db) == (1, 1)


async def test_a_sku_that_ebay_does_not_take_fails_alone_and_its_offers_stay(
    db: Database, database_url: str, busy_market: Market, busy_account: UUID
) -> None:
    await sync(db, database_url, busy_market, "inventory", "offers")
    before = await kept(db, OFFERS)
    [user] = await busy_market.books()
    refused = {"operation": OFFERS.operation, "kind": "status", "status": 400, "error_id": 25707, "after": 3}
    await busy_market.post("/_sandbox/scenario", {"faults": [refused]})

    run = await sync(db, database_url, busy_market, "offers")

    assert len(await pages_of(busy_market, user, OFFERS)) > 3
    assert await kept(db, OFFERS) == before
    row = await db.fetchrow(
        "select type::text, error_code from worker.items where run_id = $1 and state = 'failed'", run
    )
    assert row is not None
    assert tuple(row) == ("listing", "source_refused")
    synced = "select last_sync_at is not null from public.ebay_accounts where id = $1"
    assert await db.fetchval(synced, busy_account)
