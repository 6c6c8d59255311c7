"""What goes wrong while prices are gathered, and what it costs: the page in hand at most."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.collecting.gathering import collect, listed, listing, play, show, work_off
from tests.queue.processes import WorkerProcess
from tests.runs.scene import drain, ended, events, run_row, start, until
from tests.selling.market import Market
from worker.db import Database

CHARIZARD = "base1-4"
SEARCH = "ebay_browse.search"


async def searches(market: Market) -> list[str]:
    """What was searched for, call by call."""
    return [call["query"]["q"] for call in await market.calls(SEARCH)]


async def test_a_worker_that_is_killed_between_pages_leaves_no_page_to_be_asked_for_again(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int], tmp_path: Path
) -> None:
    names = list(prints)[:6]
    before = len(await own_stall.calls(SEARCH))
    hang = {"operation": SEARCH, "kind": "hang", "after": 3, "times": 1}
    await own_stall.post("/_sandbox/scenario", {"faults": [hang]})
    run = await start(db, "collect", {"prints": names, "curves": False, "sources": ["ebay_browse"]})
    environment = {
        **own_stall.variables(),
        "WORKER_COLLECT__CRON": "never",
        "WORKER_COLLECT__DETAILS_PER_PRINT": "0",
    }

    first = WorkerProcess(database_url, tmp_path, environment=environment, lease_seconds=2)
    try:

        async def hangs() -> bool:
            return len(await own_stall.calls(SEARCH)) == before + 4

        await until(hangs, seconds=60)
    finally:
        first.signal(signal.SIGKILL)
        first.process.wait(10)
    kept = await listed(db)
    second = WorkerProcess(database_url, tmp_path, environment=environment)
    try:
        row = await until(lambda: ended(db, run), seconds=60)
    finally:
        second.signal(signal.SIGTERM)
        second.process.wait(20)

    assert (row["state"], row["processed_items"], row["failed_items"]) == ("completed", 6, 0)
    assert len(await own_stall.calls(SEARCH)) - before == 7
    ids = [kept_row["id"] for kept_row in kept]
    assert [one["id"] for one in await listed(db)][: len(ids)] == ids


async def test_a_day_that_is_used_up_puts_the_job_off_and_fails_nothing(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await db.execute("select worker.set_quota('ebay_browse', 3)")  # One is kept for those who wait.
    payload = {"prints": list(prints)[:4], "curves": False, "sources": ["ebay_browse"]}
    run = await start(db, "collect", payload)

    await work_off(database_url, own_stall)

    job = await db.fetchrow(
        "select state::text, attempt, error_code from worker.job_status where run_id = $1", run
    )
    assert job is not None
    assert tuple(job) == ("scheduled", 0, None)
    done = (await run_row(db, run))["processed_items"]
    assert done == 2

    await db.execute("select worker.set_quota('ebay_browse', 5000)")
    await db.execute("update worker.jobs set run_at = now() where run_id = $1", run)
    await work_off(database_url, own_stall)

    row = await run_row(db, run)
    assert (row["state"], row["processed_items"], row["failed_items"]) == ("completed", 4, 0)


@pytest.mark.usefixtures("prints")
async def test_an_answer_of_too_many_requests_puts_the_job_off(
    db: Database, database_url: str, own_stall: Market
) -> None:
    too_many = {"operation": SEARCH, "kind": "status", "status": 429, "error_id": 2001, "times": None}
    await own_stall.post("/_sandbox/scenario", {"faults": [too_many]})
    run = await start(db, "collect", {"prints": [CHARIZARD], "curves": False, "sources": ["ebay_browse"]})

    await work_off(database_url, own_stall)

    job = await db.fetchrow("select state::text, attempt from worker.job_status where run_id = $1", run)
    assert job is not None
    assert job["state"] in {"scheduled", "pending"}
    assert job["attempt"] == 0
    assert (await run_row(db, run))["failed_items"] == 0


@pytest.mark.usefixtures("prints")
async def test_a_source_that_answers_garbage_to_the_end_fails_that_print_and_says_why(
    db: Database, database_url: str, own_stall: Market
) -> None:
    names = [CHARIZARD, "base1-2"]
    run = await start(db, "collect", {"prints": names, "curves": False, "sources": ["ebay_browse"]})
    await db.execute("update worker.jobs set max_attempts = 1 where run_id = $1", run)
    faults = [{"operation": SEARCH, "kind": "html", "status": 200, "times": 3}]
    await own_stall.post("/_sandbox/scenario", {"faults": faults})

    await work_off(database_url, own_stall)

    found = await db.fetch(
        "select external_id, state::text, error_code from worker.items where run_id = $1 order by id", run
    )
    assert [tuple(row) for row in found] == [
        (CHARIZARD, "failed", "source_garbled"),
        ("base1-2", "completed", None),
    ]
    assert "source_failed" in await events(db, run)


@pytest.mark.usefixtures("prints")
async def test_a_print_that_failed_is_collected_when_its_run_is_retried(
    db: Database, database_url: str, own_stall: Market
) -> None:
    run = await start(db, "collect", {"prints": [CHARIZARD], "curves": False, "sources": ["ebay_browse"]})
    await db.execute("update worker.jobs set max_attempts = 1 where run_id = $1", run)
    faults = [{"operation": SEARCH, "kind": "html", "status": 200, "times": 3}]
    await own_stall.post("/_sandbox/scenario", {"faults": faults})
    await work_off(database_url, own_stall)
    assert (await run_row(db, run))["failed_items"] == 1

    await db.fetchval("select worker.retry_failed($1)", run)
    await work_off(database_url, own_stall)

    row = await run_row(db, run)
    assert (row["processed_items"], row["failed_items"]) == (1, 0)
    assert await listed(db)


@pytest.mark.usefixtures("prints")
async def test_bad_listings_are_left_out_each_with_its_reason_and_none_stops_the_job(
    db: Database, database_url: str, own_stall: Market
) -> None:
    money = {"value": "10.00", "currency": "USD"}
    await show(
        own_stall,
        listing(1),
        listing(2, price=None),
        listing(3, price={"value": "0.00", "currency": "USD"}),
        listing(
            4, price={**money, "value": "7.00", "convertedFromValue": "10.00", "convertedFromCurrency": "AUD"}
        ),
        listing(5, title="Charizard 4/102 " + "very nice " * 1000),
        listing(6, title="\N{FIRE}\N{GLOWING STAR}"),
        listing(7, price={"value": "20%", "currency": "USD"}),
        listing(8, itemCreationDate="2999-01-01T00:00:00.000Z"),
        listing(9, price=None, currentBidPrice=money, bidCount=3, buyingOptions=["AUCTION"]),
        listing(10, itemGroupType="SELLER_DEFINED_VARIATIONS"),
        listing(11, title=None),
        listing(12, title="Charizard 4/102 PSA 9"),
        listing(13, price={"value": "-3", "currency": "USD"}),
        listing(14, price={"value": "1e400", "currency": "USD"}),
        listing(15, price=[], seller="nobody", shippingOptions={"a": 1}, buyingOptions="FIXED_PRICE"),
        {"title": "no id", "price": money},
        "not even a listing",
        listing(16, title="NUL \0 in it"),
        listing(1),
    )

    _, summary = await collect(db, database_url, own_stall, [CHARIZARD])

    left_out = {row["external_item_id"].split("|")[1]: row["left_out"] for row in await listed(db)}
    assert left_out == {
        "1": None,
        "2": "rule",
        "3": "rule",
        "4": "rule",
        "5": "no_condition",
        "6": "other_card",
        "7": "rule",
        "8": None,
        "9": "running_auction",
        "10": "variation_group",
        "11": "other_card",
        "12": "graded",
        "13": "rule",
        "14": "rule",
        "15": "rule",
    }
    why = {row["external_item_id"].split("|")[1]: row["left_out_why"] for row in await listed(db)}
    assert all(why[item] for item, reason in left_out.items() if reason == "rule")
    assert "20%" in why["7"]
    assert "AUD" in why["4"]
    assert summary["prints"] == {"completed": 1, "failed": 0}
    assert summary["failures"] == {"bad_record": 2, "bad_text": 1}


@pytest.mark.usefixtures("prints")
async def test_what_was_sold_in_the_future_is_left_out(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await allow_insights(own_stall)
    sale: dict[str, Any] = {
        "itemId": "v1|1|0",
        "title": "Charizard 4/102 Base Set NM",
        "lastSoldPrice": {"value": "99.00", "currency": "USD"},
        "totalSoldQuantity": 2,
    }
    sales = [
        {**sale, "lastSoldDate": "2026-10-01T10:00:00.000Z"},
        {**sale, "itemId": "v1|2|0", "lastSoldDate": "2190-10-01T10:00:00.000Z"},
        {**sale, "itemId": "v1|3|0", "lastSoldDate": "soon"},
    ]
    await play(own_stall, "ebay_insights.search", {"total": 3, "limit": 200, "offset": 0, "itemSales": sales})

    _, summary = await collect(db, database_url, own_stall, [CHARIZARD], sources=["ebay_insights"])

    assert [(row["status"], row["left_out"], row["quantity"]) for row in await listed(db)] == [
        ("sold", None, 2),
        ("sold", "rule", 2),
    ]
    assert summary["failures"] == {"bad_record": 1}


async def allow_insights(market: Market, *, allowed: bool = True) -> None:
    """Let the application see what was sold, as eBay grants it to few."""
    await market.post("/_sandbox/insights", {"allowed": allowed})


@pytest.mark.usefixtures("prints")
async def test_insights_without_access_is_switched_off_with_the_reason_and_the_others_go_on(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await allow_insights(own_stall, allowed=False)
    run, summary = await collect(
        db, database_url, own_stall, [CHARIZARD, "base1-2"], sources=["ebay_browse", "ebay_insights"]
    )

    row = await db.fetchrow(
        "select enabled, disabled_reason from public.sources where name = 'ebay_insights'"
    )
    assert row is not None
    assert row["enabled"] is False
    assert "Marketplace Insights" in row["disabled_reason"]
    assert (await events(db, run)).count("source_disabled") == 1
    assert summary["prints"] == {"completed": 2, "failed": 0}
    assert {row["source"] for row in await listed(db)} == {"ebay_browse"}


async def test_a_refusal_to_a_good_token_switches_it_off_too(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await allow_insights(own_stall)
    no = {"errors": [{"errorId": 100017, "domain": "API_MARKETPLACE_INSIGHTS", "message": "Insufficient"}]}
    await play(own_stall, "ebay_insights.search", no, status=403)

    await collect(db, database_url, own_stall, [CHARIZARD], sources=["ebay_browse", "ebay_insights"])

    assert await db.fetchval("select not enabled from public.sources where name = 'ebay_insights'")
    assert prints


async def test_insights_with_access_tells_what_was_sold(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await allow_insights(own_stall)

    await collect(db, database_url, own_stall, list(prints)[:8], sources=["ebay_insights"])

    rows = await listed(db)
    assert rows
    assert {(row["basis"], row["status"]) for row in rows} == {("sold", "sold")}


@pytest.mark.usefixtures("prints")
async def test_the_retired_api_is_switched_off_again_and_names_what_takes_its_place(
    db: Database, database_url: str, stall: Market
) -> None:
    await db.execute(
        "update public.sources set enabled = true, disabled_reason = null where name = 'ebay_finding'"
    )
    before = len((await stall.get("/_sandbox/journal"))["calls"])

    _, summary = await collect(db, database_url, stall, [CHARIZARD], sources=["ebay_finding"])

    reason = await db.fetchval("select disabled_reason from public.sources where name = 'ebay_finding'")
    assert "ebay_browse" in reason
    assert "ebay_insights" in reason
    assert len((await stall.get("/_sandbox/journal"))["calls"]) == before
    assert summary["failures"] == {"no_source": 1}


@pytest.mark.usefixtures("prints")
async def test_an_adapter_that_this_version_does_not_have_is_skipped_and_the_others_go_on(
    db: Database, database_url: str, stall: Market
) -> None:
    await db.execute(
        "insert into public.sources (name, adapter, basis) values ('moon_market', 'moon', 'ask')"
    )

    _, summary = await collect(db, database_url, stall, [CHARIZARD], sources=["moon_market", "ebay_browse"])

    assert summary["prints"] == {"completed": 1, "failed": 0}
    assert {row["source"] for row in await listed(db)} == {"ebay_browse"}


@pytest.mark.usefixtures("prints")
async def test_a_source_that_is_switched_off_is_not_asked_and_naming_it_says_why(
    db: Database, database_url: str, stall: Market
) -> None:
    await db.execute(
        "update public.sources set enabled = false, disabled_reason = 'too dear' where name = 'ebay_browse'"
    )
    run = await start(db, "collect", {"prints": [CHARIZARD], "sources": ["ebay_browse"]})

    await work_off(database_url, stall)

    message = await db.fetchval("select error_message from worker.job_status where run_id = $1", run)
    assert "too dear" in message
    assert await listed(db) == []


@pytest.mark.usefixtures("prints")
async def test_rules_changed_in_sql_hold_for_the_next_job_of_a_worker_that_runs(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await show(own_stall, listing(1), listing(2, title="Charizard 4/102 Base Set NM from my attic"))
    await collect(db, database_url, own_stall, [CHARIZARD])
    assert [row["left_out"] for row in await listed(db)] == [None, None]
    await db.execute(
        "insert into public.source_rules (source, exclude_keywords) values ('ebay_browse', '{attic}')"
    )

    await collect(db, database_url, own_stall, [CHARIZARD])

    assert [row["left_out"] for row in await listed(db)] == [None, "rule"]


@pytest.mark.usefixtures("prints")
async def test_without_ebay_the_sources_that_ask_nobody_are_still_worked(
    db: Database, database_url: str
) -> None:
    run = await start(db, "collect", {"prints": [CHARIZARD], "curves": False})

    await drain(database_url)

    row = await run_row(db, run)
    assert row["state"] == "completed"
    [item] = await db.fetch("select state::text, data from worker.items where run_id = $1", run)
    assert item["state"] == "completed"
    assert json.loads(item["data"])["failed"] == {}
