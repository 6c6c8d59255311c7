"""What is looked at, in which order, and with which words."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.collecting.gathering import collect, listed, listing, play, show, work_off
from tests.runs.scene import events, items, run_row, start
from tests.selling.market import Market
from worker.collecting import targets
from worker.collecting.words import LONGEST, words_for
from worker.collectors import collect_schedules
from worker.db import Database
from worker.settings_collect import Collect
from worker.settings_ebay import Ebay
from worker.settings_model import Settings

CHARIZARD = "base1-4"


@pytest.mark.parametrize(
    ("name", "number", "set_name", "total", "words"),
    [
        ("Charizard", "4", "Base", 102, "Charizard 4/102"),
        ("Charizard ex", "006", "151", 165, "Charizard ex 6/165"),
        ("Pikachu", "SWSH020", "SWSH Black Star Promos", 307, "Pikachu SWSH020 SWSH Black Star Promos"),
        ("Flabébé", "TG01", "Lost Origin Trainer Gallery", None, "Flabebe TG01 Lost Origin Trainer Gallery"),
        ("Mewtwo ★ δ", "4", "Base", None, "Mewtwo 4 Base"),
        ('Blaine\'s "Quiz" #1 (-x)', "97", "Gym", 132, "Blaine's Quiz 1 x 97/132"),
        ("Porygon-Z", "7", "Base", 99, "Porygon-Z 7/99"),
        ("Nidoran ♀", "55", "Jungle", 64, "Nidoran 55/64"),
    ],
)
def test_a_card_is_looked_for_by_name_and_number(
    name: str, number: str, set_name: str, total: int | None, words: str
) -> None:
    assert words_for(name, number, set_name, total) == words


def test_the_words_are_never_more_than_may_be_asked() -> None:
    words = words_for("Very " * 60 + "long", "TG01", "Set " * 60, None)

    assert len(words) <= LONGEST
    assert "TG01" in words.split()


async def priced(db: Database, print_id: int, median: str) -> None:
    await db.execute(
        "insert into public.card_print_price_curves (card_print_id, nm_median, confidence, listing_count) "
        "values ($1, $2::numeric, 5, 9)",
        print_id,
        Decimal(median),
    )


async def looked_at(db: Database, print_id: int, days: float) -> None:
    await db.execute(
        "insert into worker.collected values ($1, now() - $2 * interval '1 day')", print_id, days
    )


async def test_age_and_value_decide_what_is_stalest(db: Database, prints: dict[str, int]) -> None:
    for one in prints.values():
        await looked_at(db, one, 0.5)
    some = {name: prints[name] for name in list(prints)[:5]}
    never, old_and_cheap, new_and_dear, old_and_dear, just_now = some.values()
    await db.execute("delete from worker.collected where card_print_id = any ($1)", list(some.values()))
    await looked_at(db, old_and_cheap, 6)
    await looked_at(db, new_and_dear, 2)
    await looked_at(db, old_and_dear, 6)
    await looked_at(db, just_now, 0.01)
    await priced(db, old_and_cheap, "1")
    await priced(db, new_and_dear, "1000")
    await priced(db, old_and_dear, "1000")
    await priced(db, just_now, "100000")

    async with db.connection() as connection:
        found = await targets.stalest(connection, 4)
        everything = await targets.stalest(connection, 100_000)

    assert found == [never, old_and_dear, new_and_dear, old_and_cheap]
    assert just_now not in everything


async def test_what_is_stalest_is_chosen_within_the_days_quota(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    for one in prints.values():
        await looked_at(db, one, 1)
    await db.execute("delete from worker.collected where card_print_id = $1", prints[CHARIZARD])
    await db.execute("select worker.set_quota('ebay_browse', 5)")
    await db.execute("select worker.shape_quota('ebay_browse', 'America/Los_Angeles', 10)")
    run = await start(db, "collect", {"stalest": 50, "curves": False, "sources": ["ebay_browse"]})

    await work_off(database_url, stall)

    row = await run_row(db, run)
    done = await items(db, run)
    assert (row["state"], row["total_items"], len(done)) == ("completed", 4, 4)
    assert done[0] == CHARIZARD
    assert "stalest_chosen" in await events(db, run)
    assert await db.fetchval("select max(collected_at) > now() - interval '1 minute' from worker.collected")


async def test_a_second_run_for_what_is_stalest_waits_for_none(
    db: Database, database_url: str, stall: Market, prints: dict[str, int]
) -> None:
    first = await start(db, "collect", {"stalest": 1, "curves": False, "sources": ["ebay_browse"]})
    await db.execute("select worker.pause_run($1)", first)
    second = await start(db, "collect", {"stalest": 1, "curves": False, "sources": ["ebay_browse"]})

    await work_off(database_url, stall)

    assert (await run_row(db, second))["state"] == "cancelled"
    assert prints
    assert await listed(db) == []


async def test_the_curves_of_what_was_collected_are_computed_in_the_same_run(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await show(own_stall, *(listing(one, seller={"username": f"s{one}"}) for one in range(1, 6)))

    await collect(db, database_url, own_stall, [CHARIZARD], curves=True)

    [curve] = await db.fetch("select card_print_id, listing_count from public.card_print_price_curves")
    assert (curve["card_print_id"], curve["listing_count"]) == (prints[CHARIZARD], 5)


DETAIL: dict[str, Any] = {
    "itemId": "v1|1|0",
    "conditionDescriptors": [{"name": "Card Condition", "values": [{"content": "Near Mint or Better"}]}],
    "lotSize": 1,
    "seller": {"username": "anna"},
}


async def test_details_are_asked_for_once_and_only_where_the_title_gives_no_condition(
    db: Database, database_url: str, own_stall: Market, prints: dict[str, int]
) -> None:
    await show_details(
        own_stall,
        listing(1, title="Charizard 4/102 Base Set Holo"),
        listing(2),
        listing(3, title="Charizard 4/102 PSA 9", conditionId="2750"),
        listing(4, title="Charizard 4/102 Base Set Holo", itemGroupType="SELLER_DEFINED_VARIATIONS"),
    )
    before = len(await own_stall.calls("ebay_browse.get_item"))

    for _ in range(2):
        await start(db, "collect", {"prints": [CHARIZARD], "curves": False, "sources": ["ebay_browse"]})
        await work_off(database_url, own_stall, details=5)

    assert len(await own_stall.calls("ebay_browse.get_item")) - before == 1
    raw = json.loads((await listed(db))[0]["raw"])
    assert raw["conditionDescriptors"] == DETAIL["conditionDescriptors"]
    assert "seller" not in raw
    assert prints


async def show_details(market: Market, *listings: dict[str, Any]) -> None:
    body = {"total": len(listings), "limit": 200, "offset": 0, "itemSummaries": listings}
    faults = [
        {
            "operation": "ebay_browse.search",
            "kind": "body",
            "text": json.dumps(body),
            "status": 200,
            "times": None,
        },
        {
            "operation": "ebay_browse.get_item",
            "kind": "body",
            "text": json.dumps(DETAIL),
            "status": 200,
            "times": None,
        },
    ]
    await market.post("/_sandbox/scenario", {"faults": faults})


@pytest.mark.usefixtures("prints")
@pytest.mark.parametrize(("quota", "asked"), [(100, 0), (None, 3)])
async def test_details_are_asked_for_out_of_plenty_only_and_a_few_at_most(
    db: Database, database_url: str, own_stall: Market, quota: int | None, asked: int
) -> None:
    unclear = [listing(one, title="Charizard 4/102 Base Set Holo") for one in range(1, 8)]
    await show_details(own_stall, *unclear)
    before = len(await own_stall.calls("ebay_browse.get_item"))
    if quota is not None:
        await db.execute("select worker.set_quota('ebay_browse', $1)", quota)
        await db.execute("update worker.api_quotas set used_calls = 80")
    await start(db, "collect", {"prints": [CHARIZARD], "curves": False, "sources": ["ebay_browse"]})

    await work_off(database_url, own_stall, details=3)

    assert len(await own_stall.calls("ebay_browse.get_item")) - before == asked
    assert len(await listed(db)) == 7


@pytest.mark.usefixtures("prints")
async def test_pages_are_followed_until_there_is_no_next_or_it_is_enough(
    db: Database, database_url: str, own_stall: Market
) -> None:
    pages = [[listing(1), listing(2)], [listing(2), listing(3)], [listing(4)]]
    faults = []
    for place, page in enumerate(pages):
        body: dict[str, Any] = {"total": 5, "limit": 2, "offset": 2 * place, "itemSummaries": page}
        if place < 2:
            body["next"] = f"https://evil.example/?offset={2 * place + 2}&limit=2"
        faults.append(
            {"operation": "ebay_browse.search", "kind": "body", "text": json.dumps(body), "status": 200}
        )
    await own_stall.post("/_sandbox/scenario", {"faults": faults})

    _, summary = await collect(db, database_url, own_stall, [CHARIZARD], most=200)

    assert len(await listed(db)) == 4
    assert summary["calls"] == 3


@pytest.mark.usefixtures("prints")
async def test_an_answer_without_listings_is_no_error(
    db: Database, database_url: str, own_stall: Market
) -> None:
    await play(own_stall, "ebay_browse.search", {"total": 0, "limit": 200, "offset": 0})

    _, summary = await collect(db, database_url, own_stall, [CHARIZARD])

    assert summary["prints"] == {"completed": 1, "failed": 0}
    assert await listed(db) == []


def test_the_schedule_is_hourly_and_off_where_ebay_is_not_set_up() -> None:
    ebay = Ebay(client_id="a")

    assert collect_schedules(Settings()) == []
    assert collect_schedules(Settings(ebay=ebay, collect=Collect(cron="never"))) == []
    [one] = collect_schedules(Settings(ebay=ebay))
    assert (one.name, one.kind, json.loads(one.payload)) == ("collect", "collect", {"stalest": 100})
