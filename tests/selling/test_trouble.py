"""What a seller's account may do to a sync, and nobody's sync to another's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.runs.scene import claim, enqueue, run_row, start
from tests.selling.market import HOUSE, Market, asking, lines_of, observed
from tests.selling.test_selling import sell, summary_of
from worker.accounts.accounts import Account
from worker.catalog.observations import LineKey, Sale, Writer, plan, write
from worker.clients.ebay import APIS
from worker.db import Database
from worker.handlers.account_sync import AccountSync
from worker.runs.binding import bind
from worker.runs.prices import Prices
from worker.syncing.cursors import Habits, next_span
from worker.syncing.orders import Orders

ORDERS = "ebay_fulfillment.get_orders"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def order(number: str = "o-1", **changed: Any) -> dict[str, Any]:
    """An order as eBay tells it, with one line item."""
    line = {
        "lineItemId": "1",
        "legacyItemId": "2",
        "title": "Charizard 4/102 Base Set",
        "quantity": 1,
        "lineItemCost": {"value": "5.00", "currency": "USD"},
        "listingMarketplaceId": "EBAY_US",
        **changed.pop("line", {}),
    }
    moment = "2026-11-01T08:00:00.000Z"
    facts = {"orderId": number, "creationDate": moment, "lastModifiedDate": moment}
    return {**facts, "orderPaymentStatus": "PAID", "lineItems": [line], **changed}


def page(orders: Sequence[dict[str, Any]], total: int | None = None, **more: Any) -> dict[str, Any]:
    count = len(orders) if total is None else total
    return {"href": "x", "total": count, "limit": 200, "offset": 0, "orders": orders, **more}


async def answer(market: Market, account: str, body: dict[str, Any]) -> None:
    """Have the market answer this seller's questions for orders so, always."""
    fault = {"operation": ORDERS, "account": account, "kind": "body", "status": 200, "times": None}
    await market.post("/_sandbox/scenario", {"faults": [{**fault, "text": json.dumps(body)}]})


POISON = {
    "price": order("bad", line={"lineItemCost": {"value": "9999999999.999", "currency": "USD"}}),
    "early": order("bad", creationDate="0001-01-01T00:00:00+14:00"),
    "long": order("x" * 10_000),
    "nul": order("bad", line={"title": "a\0b"}),
    "half": order("bad", line={"title": "\ud800"}),
    "negative": order("bad", line={"lineItemCost": {"value": "-1.00", "currency": "USD"}}),
    "quantity": order("bad", line={"quantity": 0}),
}


@pytest.mark.parametrize("poison", POISON)
async def test_an_order_that_cannot_be_kept_fails_alone(
    poison: str, db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    user = min(accounts)
    await answer(small_market, user, page([order("good"), POISON[poison]]))

    run = await start(db, "seller_sync", {"account_id": str(accounts[user])})
    await sell(database_url, small_market)

    assert [key[0] for key in await observed(db)] == ["good"]
    failed = await db.fetch("select type::text, error_code from worker.items where state = 'failed'")
    assert [(row[0], row[1][:4]) for row in failed] == [("order", "bad_")]
    assert (await summary_of(db, run))["sellers"] == {"completed": 1, "failed": 0}


async def test_pages_that_have_less_than_they_say_move_no_cursor(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    user = min(accounts)
    await answer(small_market, user, page([order()], total=300))

    run = await start(db, "seller_sync", {"account_id": str(accounts[user])})
    await sell(database_url, small_market)

    assert (await summary_of(db, run))["skipped"] == {"drifted": 1}
    assert await db.fetchval("select count(*) from public.ebay_cursors") == 0
    assert (
        await db.fetchval("select last_sync_at from public.ebay_accounts where ebay_user_id = $1", user)
        is None
    )
    assert len(await small_market.calls(ORDERS)) == 3


@pytest.mark.parametrize("orders", [[], [order()]], ids=["empty", "full"])
async def test_pages_without_an_end_come_to_one(
    orders: list[dict[str, Any]],
    db: Database,
    database_url: str,
    small_market: Market,
    accounts: dict[str, UUID],
) -> None:
    user = min(accounts)
    await answer(small_market, user, page(orders * 200, total=len(orders), next="https://example.com/more"))
    payload = json.dumps({"account_id": str(accounts[user])})
    await db.execute("select worker.enqueue('account_sync', $1::jsonb, max_attempts => 1)", payload)

    await sell(database_url, small_market)

    codes = await db.fetch("select error_code from worker.items where state = 'failed'")
    assert [row["error_code"] for row in codes] == ["source_garbled"]
    assert len(await small_market.calls(ORDERS)) < 20


async def test_a_clock_that_eBay_never_believes_is_not_put_back_for_ever(  # noqa: N802 - its name.
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    user = min(accounts)
    fault = {"operation": ORDERS, "kind": "status", "status": 400, "error_id": 30850, "times": None}
    await small_market.post("/_sandbox/scenario", {"faults": [fault]})

    run = await start(db, "seller_sync", {"account_id": str(accounts[user])})
    await sell(database_url, small_market)

    assert (await summary_of(db, run))["failures"] == {"source_refused": 1}
    assert len(await small_market.calls(ORDERS)) == 9


async def test_a_run_reads_no_account_of_another_org(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    other = uuid4()
    await db.execute("insert into public.orgs (id, name) values ($1, 'other')", other)
    payload = json.dumps({"account_id": str(min(accounts.values())), "dry_run": True})
    run = await db.fetchval(
        "select worker.start_run('account_sync', $1::jsonb, org_id => $2)", payload, other
    )

    await sell(database_url, small_market)

    assert await small_market.calls(ORDERS) == []
    codes = await db.fetch("select error_code from worker.items where run_id = $1", run)
    assert [row["error_code"] for row in codes] == ["credential_revoked"]
    assert await db.fetchval("select count(*) from worker.run_events where event = 'would'") == 0


async def test_the_clock_starts_one_sync_an_org_and_no_second_beside_it(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    other = uuid4()
    await db.execute("insert into public.orgs (id, name) values ($1, 'other')", other)
    await db.execute(
        "update public.ebay_accounts set org_id = $1 where ebay_user_id = $2", other, min(accounts)
    )

    assert [await db.fetchval("select worker.start_syncs($1)", small_market.url) for _ in range(2)] == [2, 0]
    await sell(database_url, small_market)

    assert await observed(db) == lines_of(await small_market.books())
    await db.execute("select worker.enqueue('sync_orgs')")
    await sell(database_url, small_market)
    orgs = await db.fetch(
        "select org_id, count(*) as runs from worker.runs where name = 'all sellers' group by 1"
    )
    assert {row["org_id"]: row["runs"] for row in orgs} == {HOUSE: 2, other: 2}


async def test_a_seller_who_is_called_otherwise_now_is_shown_so(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    user = min(accounts)
    await db.execute("update public.ebay_accounts set ebay_username = 'old' where ebay_user_id = $1", user)
    await answer(small_market, user, page([order(sellerId="new name")]))

    await start(db, "seller_sync", {"account_id": str(accounts[user])})
    await sell(database_url, small_market)

    name = await db.fetchval("select ebay_username from public.ebay_accounts where ebay_user_id = $1", user)
    assert name == "new name"


async def test_who_is_waited_for_has_sellers_jobs_that_are_waited_for(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    payload = json.dumps({"account_id": str(min(accounts.values()))})
    await db.execute("select worker.enqueue('seller_sync', $1::jsonb, priority => 7)", payload)
    await sell(database_url, small_market)

    jobs = await db.fetch("select kind, priority from worker.job_status")
    assert {row["kind"]: row["priority"] for row in jobs} == {"seller_sync": 7, "account_sync": 7}


async def test_a_sync_from_a_moment_that_has_not_come_is_refused(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    run = await start(db, "seller_sync", {"since": tomorrow, "seller_limit": len(accounts)})
    await sell(database_url, small_market)

    row = await run_row(db, run)
    assert row["state"] == "failed"
    assert await db.fetchval("select count(*) from public.ebay_accounts where last_sync_at is not null") == 0


async def test_an_older_say_never_overwrites_a_newer_one_nor_one_of_another_org(db: Database) -> None:
    key = LineKey("EBAY_US", "o-1", "1")
    sale = Sale(key, "2", "x", None, 1, Decimal(5), None, "USD", NOON, None, None, "refunded", NOON, {})
    writer = Writer(HOUSE, None, "ebay_seller", "sold", "ebay")
    older = replace(sale, status="sold", modified_at=NOON - timedelta(hours=1))
    async with db.transaction() as connection:
        await write(connection, writer, await plan(connection, writer, [sale]))
        # Planned as new by somebody who had read it before, and written behind the newer.
        stale = await plan(connection, writer, [replace(older, key=key._replace(order_id="o-2"))])
        moved = [replace(one, sale=replace(one.sale, key=key)) for one in stale.new]
        await write(connection, writer, replace(stale, new=moved))
        again = await plan(connection, writer, [older])
        foreign = await plan(connection, replace(writer, org_id=uuid4()), [sale])

    rows = await db.fetch("select status from public.price_observations")
    assert [row["status"] for row in rows] == ["refunded"]
    assert (again.new, again.changed, again.unchanged) == ([], [], 1)
    assert (foreign.new, foreign.changed, foreign.unchanged, foreign.elsewhere) == ([], [], 0, 1)


@pytest.mark.parametrize("reached_days_ago", [None, 800])
async def test_what_eBay_has_no_longer_is_no_gap(  # noqa: N802 - its name.
    reached_days_ago: int | None, db: Database, accounts: dict[str, UUID], small_market: Market
) -> None:
    user = min(accounts)
    account = Account(accounts[user], HOUSE, user, None, small_market.url, "EBAY_US")
    if reached_days_ago is not None:
        await db.execute(
            "insert into public.ebay_cursors values ($1, $2, 'orders', now() - $3 * interval '1 day')",
            *(account.id, HOUSE, reached_days_ago),
        )

    span = await next_span(db, account, Orders(), Habits(first=timedelta(days=730)), None)

    assert span.joins
    assert span.until - span.since < timedelta(days=730)


async def test_a_job_that_is_begun_again_behind_its_end_counts_its_seller_once(
    db: Database, small_market: Market, accounts: dict[str, UUID]
) -> None:
    await enqueue(db, "account_sync", {"account_id": str(min(accounts.values()))})
    async with asking(db, small_market) as asker:
        handler = AccountSync(db, asker, resources=[Orders()], habits=Habits())
        kind = bind(handler, db, stopping=lambda: False, prices=Prices(free=APIS))
        first = await kind.perform(await claim(db, "account_sync", "sync"))
        # As after a worker that dies between its last commit and the job's end.
        await db.execute("update worker.jobs set state = 'pending', worker_id = null")
        second = await kind.perform(await claim(db, "account_sync", "sync"))

    assert first == second
    items = await db.fetch("select state::text from worker.items where type = 'seller'")
    assert [row["state"] for row in items] == ["completed"]
