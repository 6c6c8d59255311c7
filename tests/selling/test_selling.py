"""What connected sellers really sold becomes observations: each line item once, and as eBay has it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import pytest

from tests.rig import as_worker
from tests.runs.scene import run_row, start, until
from tests.selling.market import Market, connect_sellers, lines_of, market, observed
from worker.app import Service, Urls, run_worker
from worker.db import Database
from worker.observe import REGISTRY


async def sell(url: str, market: Market, **queue: Any) -> None:
    """Be a whole worker until nothing is left to do."""
    urls = Urls(as_worker(url), as_worker(url), embedded=False)
    with anyio.fail_after(120):
        await run_worker(market.settings(**queue), urls, Service(drain=True))


async def summary_of(db: Database, run: UUID) -> dict[str, Any]:
    row = await run_row(db, run)
    assert row["state"] == "completed", dict(row)
    summary: dict[str, Any] = json.loads(row["summary"])
    return summary


async def test_every_line_item_is_there_once_and_as_the_market_has_it(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    run = await start(db, "seller_sync", {})
    await sell(database_url, small_market)

    books = await small_market.books()
    sold = lines_of(books)
    assert await observed(db) == sold
    summary = await summary_of(db, run)
    assert summary["sellers"] == {"completed": len(accounts), "failed": 0}
    assert summary["orders"] == sum(book["orders"] for book in books.values())
    assert (summary["line_items"], summary["inserted"]) == (len(sold), len(sold))
    assert (summary["updated"], summary["unchanged"]) == (0, 0)
    calls = await small_market.calls("ebay_fulfillment.get_orders")
    assert summary["calls"] == len(calls) >= len(accounts)


async def test_a_second_sync_asks_each_seller_once_and_changes_no_row(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    await start(db, "seller_sync", {})
    await sell(database_url, small_market)
    rows = "select id, xmin::text from public.price_observations order by id"
    before = await db.fetch(rows)
    calls = len(await small_market.calls("ebay_fulfillment.get_orders"))

    again = await start(db, "seller_sync", {})
    await sell(database_url, small_market)

    assert await db.fetch(rows) == before
    assert len(await small_market.calls("ebay_fulfillment.get_orders")) - calls == len(accounts)
    summary = await summary_of(db, again)
    assert (summary["inserted"], summary["updated"]) == (0, 0)


@pytest.mark.usefixtures("accounts")
async def test_what_is_refunded_or_called_off_later_is_written_into_the_row_that_is_there(
    db: Database, database_url: str, small_market: Market
) -> None:
    await start(db, "seller_sync", {})
    await sell(database_url, small_market)
    books = await small_market.books()
    sold = [line["order_id"] for book in books.values() for line in book["lines"] if line["status"] == "sold"]
    refunded, cancelled = list(dict.fromkeys(sold))[:2]
    await small_market.post("/_sandbox/world", {"refund": {"order_id": refunded}})
    await small_market.post("/_sandbox/world", {"cancel": {"order_id": cancelled}})
    ids = "select id from public.price_observations where order_id = any ($1) order by id"
    before = await db.fetch(ids, [refunded, cancelled])

    changed = await sync_until(db, database_url, small_market, {refunded, cancelled})

    assert changed == lines_of(await small_market.books())
    assert await db.fetch(ids, [refunded, cancelled]) == before


async def sync_until(
    db: Database, url: str, market: Market, orders: set[str]
) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Sync until these orders are as the market has them: what changed in the last seconds comes later."""
    while True:
        await start(db, "seller_sync", {})
        await sell(url, market)
        wanted = {key: line for key, line in lines_of(await market.books()).items() if key[0] in orders}
        found = await observed(db)
        if all(found[key] == line for key, line in wanted.items()):
            return found


@pytest.mark.usefixtures("accounts")
async def test_a_dry_run_writes_nothing_and_lists_what_it_would(
    db: Database, database_url: str, small_market: Market
) -> None:
    run = await start(db, "seller_sync", {"dry_run": True})
    await sell(database_url, small_market)

    sold = lines_of(await small_market.books())
    assert await observed(db) == {}
    assert await db.fetchval("select count(*) from public.ebay_cursors") == 0
    assert await db.fetchval("select count(*) from public.ebay_accounts where last_sync_at is not null") == 0
    rows = await db.fetch("select data from worker.run_events where run_id = $1 and event = 'would'", run)
    lines = [line for row in rows for line in json.loads(row["data"])["lines"]]
    assert len(lines) == len(sold)
    order, line = next(iter(sold))
    assert any(told.startswith(f"insert {order}/{line}: ") for told in lines)
    assert (await summary_of(db, run))["inserted"] == len(sold)


@pytest.mark.usefixtures("accounts")
async def test_of_a_buyer_nothing_is_kept(db: Database, database_url: str, small_market: Market) -> None:
    await start(db, "seller_sync", {})
    await sell(database_url, small_market)

    rows = await db.fetch("select raw::text as raw from public.price_observations")
    told = " ".join(row["raw"] for row in rows)
    assert rows
    assert [
        word for word in ('"buyer"', '"b_', "fullName", "addressLine", "email", "Buyer ") if word in told
    ] == []


async def test_sellers_that_were_not_synced_for_longest_go_first_and_no_more_than_asked_for(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    first = min(accounts.values())
    await db.execute("update public.ebay_accounts set last_sync_at = now() where id <> $1", first)

    await start(db, "seller_sync", {"seller_limit": 1})
    await sell(database_url, small_market)

    ids = await db.fetch("select distinct account_id from public.price_observations")
    assert [row["account_id"] for row in ids] == [first]


async def test_a_limit_takes_the_first_records_and_leaves_the_cursor_where_it_is(
    db: Database, database_url: str, tmp_path: Any
) -> None:
    with market(tmp_path, sellers=1, orders=450) as running:
        accounts = await connect_sellers(db, running, sorted(await running.books()))
        await start(db, "seller_sync", {"limit": 200, "account_id": str(*accounts.values())})
        await sell(database_url, running)

        assert len({key[0] for key in await observed(db)}) == 200
        assert await db.fetchval("select count(*) from public.ebay_cursors") == 0

        await start(db, "seller_sync", {})
        await sell(database_url, running)
        assert await observed(db) == lines_of(await running.books())


@pytest.mark.usefixtures("accounts")
async def test_what_is_asked_for_from_a_later_moment_on_leaves_no_gap_behind_it(
    db: Database, database_url: str, small_market: Market
) -> None:
    since = (datetime.now(UTC) - timedelta(days=7)).isoformat()
    await start(db, "seller_sync", {"since": since})
    await sell(database_url, small_market)

    some = await observed(db)
    assert 0 < len(some) < len(lines_of(await small_market.books()))
    assert await db.fetchval("select count(*) from public.ebay_cursors") == 0

    await start(db, "seller_sync", {})
    await sell(database_url, small_market)
    assert await observed(db) == lines_of(await small_market.books())


async def test_one_bad_seller_stops_no_other(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    bad = sorted(accounts)[2]
    fault = {"operation": "ebay_fulfillment.get_orders", "kind": "status", "status": 400, "times": None}
    await small_market.post("/_sandbox/scenario", {"faults": [{**fault, "account": bad}]})

    run = await start(db, "seller_sync", {})
    await sell(database_url, small_market)

    books = {user: book for user, book in (await small_market.books()).items() if user != bad}
    assert await observed(db) == lines_of(books)
    summary = await summary_of(db, run)
    assert summary["sellers"] == {"completed": len(accounts) - 1, "failed": 1}
    assert summary["failures"] == {"source_refused": 1}
    unsynced = await db.fetch("select ebay_user_id from public.ebay_accounts where last_sync_at is null")
    assert [row["ebay_user_id"] for row in unsynced] == [bad]


async def test_a_seller_who_has_revoked_fails_alone_and_is_told_of_once(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    gone = min(accounts)
    await small_market.post("/_sandbox/tokens", {"revoke": {"seller": gone}})

    run = await start(db, "seller_sync", {})
    await sell(database_url, small_market)

    summary = await summary_of(db, run)
    assert summary["sellers"] == {"completed": len(accounts) - 1, "failed": 1}
    assert summary["failures"] == {"credential_revoked": 1}
    row = await db.fetchrow(
        "select is_active, inactive_reason from public.ebay_accounts where ebay_user_id = $1", gone
    )
    assert row is not None
    assert tuple(row) == (False, "invalid_grant")
    assert await db.fetchval("select count(*) from worker.alerts where alert = 'credential_revoked'") == 1

    await start(db, "seller_sync", {})
    await sell(database_url, small_market)
    assert await db.fetchval("select count(*) from worker.alerts where alert = 'credential_revoked'") == 1


async def test_a_run_about_a_revoked_account_alone_is_paused_and_goes_on_once_it_is_connected_again(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    gone = min(accounts)
    await small_market.post("/_sandbox/tokens", {"revoke": {"seller": gone}})
    run = await start(db, "seller_sync", {"account_id": str(accounts[gone])})
    await sell(database_url, small_market)

    row = await run_row(db, run)
    assert (row["state"], row["reason"]) == ("paused", "credential_revoked")
    assert await db.fetchval("select count(*) from worker.alerts where alert = 'credential_revoked'") == 1

    assert await connect_sellers(db, small_market, [gone]) == {gone: accounts[gone]}
    await db.execute("select worker.resume_run($1)", run)
    await sell(database_url, small_market)

    assert (await run_row(db, run))["state"] == "completed"
    assert await observed(db) == lines_of({gone: (await small_market.books())[gone]})


async def test_an_order_that_moves_between_the_pages_hides_no_other(
    db: Database, database_url: str, tmp_path: Any
) -> None:
    with market(tmp_path, sellers=1, orders=450) as running:
        accounts = await connect_sellers(db, running, sorted(await running.books()))
        books = await running.books()
        user = next(iter(accounts))
        newest = max(books[user]["lines"], key=lambda line: line["created"])["order_id"]
        # The second answer is held up; meanwhile the newest order is refunded, and leaves the span asked for.
        slow = {"operation": "ebay_fulfillment.get_orders", "kind": "delay", "seconds": 1.5, "after": 1}
        await running.post("/_sandbox/scenario", {"faults": [slow]})
        await start(db, "seller_sync", {})

        async def second_page_is_asked_for() -> bool:
            return len(await running.calls("ebay_fulfillment.get_orders")) > 1

        async with anyio.create_task_group() as group:
            group.start_soon(sell, database_url, running)
            await until(second_page_is_asked_for)
            await running.post("/_sandbox/world", {"refund": {"order_id": newest}})

        found = await observed(db)
        wanted = {key: line for key, line in lines_of(books).items() if key[0] != newest}
        assert {key: line for key, line in found.items() if key[0] != newest} == wanted


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "truncated", "times": 2},
        {"kind": "html", "status": 200, "times": 2},
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "cut", "times": 2},
        {"kind": "expire_tokens", "times": 3},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_a_sync_survives(
    fault: dict[str, Any], db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    await small_market.post(
        "/_sandbox/scenario", {"faults": [{"operation": "ebay_fulfillment.get_orders", **fault}]}
    )
    run = await start(db, "seller_sync", {})
    await sell(database_url, small_market)

    assert await observed(db) == lines_of(await small_market.books())
    assert (await summary_of(db, run))["sellers"] == {"completed": len(accounts), "failed": 0}


async def test_an_account_whose_fresh_tokens_are_refused_to_the_last_attempt_is_put_out_of_use(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    user = min(accounts)
    refused = {"operation": "ebay_fulfillment.get_orders", "kind": "status", "status": 401, "times": None}
    await small_market.post("/_sandbox/scenario", {"faults": [{**refused, "account": user}]})
    payload = json.dumps({"account_id": str(accounts[user])})
    await db.execute("select worker.enqueue('account_sync', $1::jsonb, max_attempts => 1)", payload)

    await sell(database_url, small_market)

    failed = await db.fetch("select type::text, external_id, error_code from worker.items")
    assert list(map(tuple, failed)) == [("seller", str(accounts[user]), "token_rejected")]
    why = await db.fetchval("select inactive_reason from public.ebay_accounts where ebay_user_id = $1", user)
    assert why == "token_rejected"
    assert await db.fetchval("select count(*) from worker.alerts where alert = 'credential_revoked'") == 1


async def test_new_observations_are_counted_by_source_and_basis(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    def counted() -> float:
        labels = {"source": "ebay_seller", "basis": "sold"}
        return REGISTRY.get_sample_value("mintmark_observations_total", labels) or 0.0

    before = counted()
    for _ in range(2):
        await start(db, "seller_sync", {"seller_limit": len(accounts)})
        await sell(database_url, small_market)

    assert counted() - before == len(await observed(db)) > 0
