"""A resource that the account's consent does not cover is passed over with the reason; others are read."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.runs.scene import run_row
from tests.selling.market import Market, connect_sellers
from tests.syncing.telling import ALL, OFFERS, Telling, kept, sync, told
from worker.clients.ebay_auth import SCOPE, SELLER_SCOPES
from worker.db import Database

SCOPES = sorted({one.scope for one in ALL})


async def connect_without(db: Database, market: Market, user: str, scope: str) -> UUID:
    """Connect a seller who agrees to all but one of what we ask."""
    left = [one for one in SELLER_SCOPES if not one.removeprefix(f"{SCOPE}/").startswith(scope)]
    assert len(left) == len(SELLER_SCOPES) - 1
    [account] = (await connect_sellers(db, market, [user], scopes=left)).values()
    return account


@pytest.mark.parametrize("scope", SCOPES)
async def test_without_its_scope_a_resource_is_passed_over_and_the_others_are_read(
    scope: str, db: Database, database_url: str, small_market: Market
) -> None:
    user = await with_stock(small_market)
    account = await connect_without(db, small_market, user, scope)

    run = await sync(db, database_url, small_market, *(one.name for one in ALL))

    refused = [one for one in ALL if one.scope == scope]
    for telling in ALL:
        wanted = set() if telling in refused else await told(small_market, [user], telling)
        assert await kept(db, telling) == wanted
    asked = [one for one in refused if one is not OFFERS]  # Without stock there is nothing to ask for.
    assert await skipped(db, run) == {one.name: "access_denied" for one in asked}
    assert json.loads((await run_row(db, run))["summary"])["skipped"] == {"access_denied": len(asked)}
    assert await db.fetchval("select is_active from public.ebay_accounts where id = $1", account)


async def with_stock(market: Market) -> str:
    """A seller who has something in stock."""
    return next(user for user, book in (await market.books()).items() if book["inventory_items"])


async def skipped(db: Database, run: UUID) -> dict[str, Any]:
    row = await db.fetchrow("select data from worker.items where run_id = $1 and type = 'seller'", run)
    assert row is not None
    found: dict[str, Any] = json.loads(row["data"])["skipped"]
    return found


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize("telling", ALL, ids=str)
async def test_what_ebay_refuses_once_is_not_taken_for_nothing(
    telling: Telling, db: Database, database_url: str, small_market: Market
) -> None:
    """A 404 of the address is none of the API: it must not empty what is there."""
    await sync(db, database_url, small_market, *(one.name for one in ALL))
    before = await kept(db, telling)
    fault = {"operation": telling.operation, "kind": "status", "status": 404, "times": None}
    await small_market.post("/_sandbox/scenario", {"faults": [fault]})

    run = await sync(db, database_url, small_market, telling.name)

    assert await kept(db, telling) == before
    summary = json.loads((await run_row(db, run))["summary"])
    assert summary["failures"] != {}
