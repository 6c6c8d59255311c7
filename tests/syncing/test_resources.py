"""Every resource of an account: there once as the market tells it, whatever stops or garbles a page."""

import json
from typing import Any
from uuid import UUID

import anyio
import pytest

from tests.runs.scene import run_row, start, until
from tests.selling.market import Market
from tests.syncing.telling import ALL, COUNTED, STATES, Telling, kept, pages_of, sync, told, work
from worker.db import Database

NAMES = [one.name for one in ALL]
every = pytest.mark.parametrize("telling", ALL, ids=str)


async def summary_of(db: Database, run: UUID) -> dict[str, Any]:
    row = await run_row(db, run)
    assert row["state"] == "completed", dict(row)
    summary: dict[str, Any] = json.loads(row["summary"])
    return summary


async def failed_items(db: Database, run: UUID) -> list[tuple[str, str, str]]:
    rows = await db.fetch(
        "select type::text, external_id, error_code from worker.items "
        "where run_id = $1 and state = 'failed' order by external_id",
        run,
    )
    return [(row["type"], row["external_id"], row["error_code"]) for row in rows]


async def test_everything_is_there_once_and_as_the_market_tells_it(
    db: Database, database_url: str, small_market: Market, accounts: dict[str, UUID]
) -> None:
    run = await sync(db, database_url, small_market, *NAMES)

    books, summary = await small_market.books(), await summary_of(db, run)
    for telling in ALL:
        assert await kept(db, telling) == await told(small_market, list(accounts), telling)
        counted = sum(book[COUNTED[telling.name]] for book in books.values())
        assert len(await kept(db, telling)) == counted == summary.get(f"{telling.name}.inserted", 0)
    assert summary["sellers"] == {"completed": len(accounts), "failed": 0}


@pytest.mark.usefixtures("busy_account")
async def test_what_has_more_than_a_page_is_read_to_its_end(
    db: Database, database_url: str, busy_market: Market
) -> None:
    await sync(db, database_url, busy_market, *NAMES)

    users = list(await busy_market.books())
    for telling in ALL:
        found = await kept(db, telling)
        assert found == await told(busy_market, users, telling)
        assert len(await pages_of(busy_market, users[0], telling)) > 1 or telling.name == "disputes"


@pytest.mark.usefixtures("accounts")
async def test_a_second_sync_changes_no_row(db: Database, database_url: str, small_market: Market) -> None:
    await sync(db, database_url, small_market, *NAMES)
    before = {one.name: await untouched(db, one) for one in ALL}

    again = await sync(db, database_url, small_market, *NAMES)

    assert {one.name: await untouched(db, one) for one in ALL} == before
    summary = await summary_of(db, again)
    assert [name for name in summary if name.endswith((".inserted", ".updated", ".deleted"))] == []


async def untouched(db: Database, telling: Telling) -> list[Any]:
    """Rows as they stand; of a state also when it was seen is written, and that does not count."""
    seen = "updated_at" if telling in STATES else "xmin::text"
    return await db.fetch(
        f"select {telling.columns}, {seen} as was from {telling.table} t order by account_id, 1, 2"
    )


@every
@pytest.mark.usefixtures("accounts")
async def test_a_dry_run_writes_nothing_and_lists_what_it_would(
    telling: Telling, db: Database, database_url: str, small_market: Market
) -> None:
    if telling.name == "offers":  # They are asked for by the stock that is known.
        await sync(db, database_url, small_market, "inventory")

    run = await sync(db, database_url, small_market, telling.name, dry_run=True)

    assert await kept(db, telling) == set()
    assert (
        await db.fetchval("select count(*) from public.ebay_cursors where resource = $1", telling.name) == 0
    )
    rows = await db.fetch("select data from worker.run_events where run_id = $1 and event = 'would'", run)
    lines = [line for row in rows for line in json.loads(row["data"])["lines"]]
    books = await small_market.books()
    assert len(lines) == sum(book[COUNTED[telling.name]] for book in books.values()) > 0
    assert all(line.startswith("insert ") for line in lines)


@every
@pytest.mark.usefixtures("busy_account")
async def test_a_sync_that_is_paused_between_two_pages_goes_on_at_the_second(
    telling: Telling, db: Database, database_url: str, busy_market: Market
) -> None:
    if telling.name == "offers":
        await sync(db, database_url, busy_market, "inventory")
    slow = {"operation": telling.operation, "kind": "delay", "seconds": 1}
    await busy_market.post("/_sandbox/scenario", {"faults": [slow]})
    run = await start(db, "seller_sync", {"resources": [telling.name]})

    async def first_page_is_asked_for() -> bool:
        return len(await busy_market.calls(telling.operation)) > 0

    async with anyio.create_task_group() as group:
        group.start_soon(work, database_url, busy_market)
        await until(first_page_is_asked_for)
        await db.execute("select worker.pause_run($1)", run)
    assert (await run_row(db, run))["state"] == "paused"
    [first] = await busy_market.calls(telling.operation)
    some = len(await kept(db, telling))

    await db.execute("select worker.resume_run($1)", run)
    await work(database_url, busy_market)

    assert (await run_row(db, run))["state"] == "completed"
    calls = await busy_market.calls(telling.operation)
    assert [call["query"] for call in calls].count(first["query"]) == 1
    assert some < len(await kept(db, telling))
    assert await kept(db, telling) == await told(busy_market, list(await busy_market.books()), telling)


@every
@pytest.mark.usefixtures("busy_account")
async def test_a_record_that_cannot_be_read_fails_alone(
    telling: Telling, db: Database, database_url: str, busy_market: Market
) -> None:
    if telling.name == "offers":
        await sync(db, database_url, busy_market, "inventory")
    [user] = await busy_market.books()
    [page, *_] = await pages_of(busy_market, user, telling)
    bad = page[telling.array][0]
    wanted = await told(busy_market, [user], telling) - {(user, *telling.row(bad))}
    spoilt = {name: value if name == telling.key else [] for name, value in bad.items()}
    text = json.dumps({**page, telling.array: [spoilt, *page[telling.array][1:]]})
    await play_first_page(busy_market, telling, page, text)

    run = await sync(db, database_url, busy_market, telling.name)

    assert await kept(db, telling) == wanted
    [(_, item, code)] = await failed_items(db, run)
    assert (item, code) == (f"{telling.name}/{bad[telling.key]}", "bad_record")
    assert (await summary_of(db, run))["bad"] == 1


async def play_first_page(market: Market, telling: Telling, page: dict[str, Any], text: str) -> None:
    """Have the next call answered so; of offers, the one that asks for that page's SKU."""
    after = 1 if telling.name == "disputes" else 0  # They are asked for in two spans, the older one first.
    if telling.name == "offers":
        skus = sorted(one["sku"] for one in await items_of(market))
        after = skus.index(page["offers"][0]["sku"])
    fault = {"operation": telling.operation, "kind": "body", "status": 200, "text": text, "after": after}
    await market.post("/_sandbox/scenario", {"faults": [fault]})


async def items_of(market: Market) -> list[dict[str, Any]]:
    [user] = await market.books()
    inventory = next(one for one in ALL if one.name == "inventory")
    return [item for page in await pages_of(market, user, inventory) for item in page["inventoryItems"]]
