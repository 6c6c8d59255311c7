"""Collecting gathers what the market says of a print: once, whole, and asks for nothing twice."""

import json

import pytest

from tests.collecting.gathering import collect, listed, listing, show, work_off
from tests.runs.scene import items, job_states, run_row, start
from tests.selling.market import Market
from worker.db import Database
from worker.observe import REGISTRY

CHARIZARD = "base1-4"


async def test_what_is_asked_for_a_print_is_gathered_judged_and_never_called_a_sale(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    before = REGISTRY.get_sample_value(
        "mintmark_observations_total", {"source": "ebay_browse", "basis": "ask"}
    )
    run, summary = await collect(db, database_url, stall, [CHARIZARD, prints["base1-58"]])

    rows = await listed(db)
    assert rows
    assert {(row["source"], row["basis"]) for row in rows} == {("ebay_browse", "ask")}
    assert {row["status"] for row in rows} == {"active"}
    assert all(row["judged_by"] for row in rows)
    assert all(row["left_out"] for row in rows if row["mapped_by"] == "search")
    assert {row["card_print_id"] for row in rows} >= {prints[CHARIZARD]}
    assert summary["prints"] == {"completed": 2, "failed": 0}
    assert (summary["new"], summary["calls"]) == (len(rows), 2)
    assert set(await items(db, run)) == {CHARIZARD, "base1-58"}
    counted = REGISTRY.get_sample_value(
        "mintmark_observations_total", {"source": "ebay_browse", "basis": "ask"}
    )
    assert (counted or 0) - (before or 0) == len(rows)


async def test_a_second_look_changes_no_row(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    await collect(db, database_url, stall, list(prints)[:3])
    before = await listed(db)

    _, summary = await collect(db, database_url, stall, list(prints)[:3])

    assert await listed(db) == before
    assert (summary["new"], summary["changed"], summary["unchanged"]) == (0, 0, len(before))


@pytest.mark.usefixtures("prints")
async def test_an_ask_seen_again_a_day_later_is_the_same_row_seen_today(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await show(own_stall, listing(1), listing(2))
    await collect(db, database_url, own_stall, [CHARIZARD])
    await db.execute(
        "update price_observations set observed_at = now() - interval '25 hours', "
        "source_modified_at = now() - interval '25 hours' where external_item_id = 'v1|1|0'"
    )

    await collect(db, database_url, own_stall, [CHARIZARD])

    fresh = "select count(*) from price_observations where observed_at > now() - interval '1 minute'"
    assert await db.fetchval(fresh) == 2
    assert len(await listed(db)) == 2


@pytest.mark.usefixtures("prints")
async def test_a_new_price_is_written_over_the_old_one_and_judged_anew(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await show(own_stall, listing(1), listing(2))
    await collect(db, database_url, own_stall, [CHARIZARD])
    before = {row["external_item_id"]: row["id"] for row in await listed(db)}
    await show(own_stall, listing(1, price={"value": "8.00", "currency": "USD"}), listing(2))

    _, summary = await collect(db, database_url, own_stall, [CHARIZARD])

    rows = {row["external_item_id"]: row for row in await listed(db)}
    assert {item: row["id"] for item, row in rows.items()} == before
    assert [str(rows[f"v1|{number}|0"]["unit_price"]) for number in (1, 2)] == ["8.00", "10.00"]
    assert (summary["new"], summary["changed"], summary["unchanged"]) == (0, 1, 1)
    assert all(row["judged_by"] for row in rows.values())


@pytest.mark.usefixtures("prints")
async def test_what_is_older_never_overwrites_what_is_newer(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await show(own_stall, listing(1))
    await collect(db, database_url, own_stall, [CHARIZARD])
    await db.execute("update price_observations set source_modified_at = now() + interval '1 hour'")
    before = await listed(db)
    await show(own_stall, listing(1, price={"value": "8.00", "currency": "USD"}))

    await collect(db, database_url, own_stall, [CHARIZARD])

    assert await listed(db) == before


async def test_an_offer_belongs_to_the_print_that_its_title_says(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await show(
        own_stall,
        listing(1),
        listing(2, title="Blastoise 2/102 Base Set NM"),
        listing(3, title="Something else altogether"),
    )

    await collect(db, database_url, own_stall, [CHARIZARD])

    assert [(row["card_print_id"], row["mapped_by"], row["left_out"]) for row in await listed(db)] == [
        (prints[CHARIZARD], "title", None),
        (prints["base1-2"], "title", None),
        (prints[CHARIZARD], "search", "other_card"),
    ]

    before = await listed(db)
    await collect(db, database_url, own_stall, [CHARIZARD, "base1-2"])

    assert await listed(db) == before


async def test_a_print_that_a_person_chose_stays(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await show(own_stall, listing(1))
    await collect(db, database_url, own_stall, [CHARIZARD])
    await db.execute(
        "update price_observations set card_print_id = $1, mapped_by = 'manual'", prints["base1-2"]
    )
    await show(own_stall, listing(1, price={"value": "8.00", "currency": "USD"}))

    await collect(db, database_url, own_stall, [CHARIZARD])

    [row] = await listed(db)
    assert (row["card_print_id"], row["mapped_by"], str(row["unit_price"])) == (
        prints["base1-2"],
        "manual",
        "8.00",
    )


async def test_many_prints_are_shared_by_several_jobs_of_one_run(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    names = list(prints)[:7]
    payload = {"prints": names, "curves": False, "sources": ["ebay_browse"]}
    run = await start(db, "collect", payload)

    await work_off(database_url, stall, per_job=3)

    row = await run_row(db, run)
    assert (row["state"], row["total_items"], row["processed_items"]) == ("completed", 7, 7)
    assert await job_states(db, run) == {"completed": 3}
    assert sorted(await items(db, run)) == sorted(names)


@pytest.mark.usefixtures("prints")
async def test_a_print_that_is_not_there_fails_its_item_and_no_other(
    db: Database, database_url: str, stall: Market
) -> None:
    run, summary = await collect(db, database_url, stall, ["base1-4000", CHARIZARD, 10**12])

    assert summary["prints"] == {"completed": 1, "failed": 2}
    assert summary["failures"] == {"no_such_print": 2}
    assert (await run_row(db, run))["state"] == "completed"


@pytest.mark.usefixtures("prints")
async def test_sellers_that_were_seen_are_kept(db: Database, database_url: str, own_stall: Market) -> None:
    await show(own_stall, listing(1), listing(2), listing(3, seller={"username": "Bert"}))

    run, _ = await collect(db, database_url, own_stall, [CHARIZARD])

    rows = await db.fetch(
        "select display_name, feedback_score, last_seen_run from public.sellers order by display_name"
    )
    assert [tuple(row) for row in rows] == [("Bert", None, run), ("anna", 12, run)]


@pytest.mark.parametrize("payload", [{}, {"prints": [1], "stalest": 5}])
async def test_a_job_that_does_not_say_what_it_is_about_fails(
    db: Database, database_url: str, stall: Market, payload: dict[str, object]
) -> None:
    run = await start(db, "collect", payload)

    await work_off(database_url, stall)

    job = await db.fetchrow("select error_code, error_message from worker.job_status where run_id = $1", run)
    assert job is not None
    assert (job["error_code"], "prints" in job["error_message"]) == ("bad_payload", True)


async def test_the_raw_row_says_nothing_of_people(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    await collect(db, database_url, stall, list(prints)[:5])

    raws = [json.loads(row["raw"]) for row in await listed(db)]
    assert raws
    assert all("seller" not in raw and "itemLocation" not in raw for raw in raws)


async def test_two_runs_about_the_same_prints_at_once_keep_each_listing_once(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await show(own_stall, *(listing(one, title=f"Charizard 4/102 Base Set NM {one}") for one in range(1, 60)))
    names = list(prints)[:6]
    payload = {"prints": names, "curves": False, "sources": ["ebay_browse"]}
    runs = [await start(db, "collect", {**payload, "prints": some}) for some in (names, names[::-1])]

    await work_off(database_url, own_stall, per_job=2)

    for run in runs:
        row = await run_row(db, run)
        assert (row["state"], row["processed_items"], row["failed_items"]) == ("completed", 6, 0)
    assert len(await listed(db)) == 59


async def test_a_sale_of_a_connected_seller_that_found_no_print_is_looked_at_again(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    sale = (
        "insert into public.price_observations (source, basis, marketplace_id, order_id, order_line_item_id, "
        "title, unit_price, currency, observed_at, status, candidates) "
        "values ('ebay_seller', 'sold', 'EBAY_US', $1, '1', $2, 5, 'USD', now(), 'sold', $3::jsonb)"
    )
    candidates = json.dumps([{"card_print_id": prints[CHARIZARD], "card": CHARIZARD, "score": "0.800"}])
    await db.execute(sale, "1", "Charizard 4/102 Base Set Holo NM", candidates)
    await db.execute(sale, "2", "Charizard from my attic", candidates)
    await db.execute(sale, "3", "Charizard 4/102 Base Set Holo NM", "[]")

    await collect(db, database_url, stall, [CHARIZARD], sources=["ebay_seller"])

    found = {row["card_print_id"] for row in await listed(db) if row["mapped_by"] == "title"}
    assert found == {prints[CHARIZARD]}
    assert [bool(row["judged_by"]) for row in await listed(db)] == [True, False, False]


@pytest.mark.usefixtures("prints")
async def test_what_stands_on_sellers_shelves_is_inventory_and_slabs_and_lots_are_not(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await show(
        own_stall,
        listing(1),
        listing(2, title="Charizard 4/102 Base Set", seller={"username": "bert"}),
        listing(3, title="PSA 9 Charizard 4/102 Base Set"),
        listing(4, title="Lot of 4 Charizard 4/102 Base Set NM"),
    )
    await collect(db, database_url, own_stall, [CHARIZARD])
    shelf = """
        select s.display_name, i.platform_listing_id, i.price::text, i.quantity
          from public.seller_inventory i join public.sellers s on s.id = i.seller_id order by 2
    """

    first = [tuple(row) for row in await db.fetch(shelf)]
    await show(own_stall, listing(1, price={"value": "9.00", "currency": "USD"}))
    await collect(db, database_url, own_stall, [CHARIZARD])
    then = [tuple(row) for row in await db.fetch(shelf)]

    assert first == [("anna", "v1|1|0", "10.00", 1), ("bert", "v1|2|0", "10.00", 1)]
    assert then == [("anna", "v1|1|0", "9.00", 1), ("bert", "v1|2|0", "10.00", 1)]
