"""Each row is judged by itself, with a reason; none is deleted, and none stops the others."""

import json
from datetime import timedelta
from typing import Any

import anyio
import pytest

from tests.prices.market import Market
from worker.catalog.evidence import judge_prints
from worker.db import Database

NM = "Charizard 4/102 Base Set Holo NM"


async def judged(db: Database, row: int) -> dict[str, Any]:
    found = await db.fetchrow(
        "select left_out::text, left_out_why as why, card_condition as condition, variant, grader, judged_by"
        " from public.price_observations where id = $1",
        row,
    )
    assert found is not None
    return dict(found)


async def judge(market: Market) -> int:
    async with market.db.transaction() as connection:
        return await judge_prints(connection, list(market.prints.values()))


@pytest.mark.parametrize(
    ("title", "price", "facts", "left_out", "why"),
    [
        (NM, "300", {}, None, None),
        (NM, None, {}, "rule", "it has no price"),
        (NM, None, {"raw": json.dumps({"unreadable": 'its price is "12%"'})}, "rule", 'its price is "12%"'),
        (NM, "0", {}, "rule", "its price is 0"),
        (NM, "300", {"currency": "CAD"}, "rule", "its price is in CAD, not in USD"),
        (NM, "300", {"age": timedelta(days=-3)}, "rule", "its date is in the future"),
        (NM, "300", {"basis": "sold", "status": "refunded"}, "rule", "it was refunded"),
        (NM, "300", {"basis": "sold", "status": "cancelled"}, "rule", "the sale was cancelled"),
        (
            NM,
            "300",
            {"listing_type": "AUCTION"},
            "running_auction",
            "an auction's bid is not a price before it ends",
        ),
        (NM, "300", {"basis": "sold", "listing_type": "AUCTION"}, None, None),
        (NM, "300", {"item_group": "g1"}, "variation_group", None),
        (NM, "300", {"mapped_by": "search"}, "other_card", "its title does not say that it is this card"),
        ("Charizard 4/102 Base Set Holo", "300", {}, "no_condition", "nothing says in which condition it is"),
        ("\N{FIRE}" * 40, "300", {}, "no_condition", None),
        (f"{NM} {'very ' * 2000}rare", "300", {}, None, None),
        ("PROXY Charizard 4/102 NM", "3", {}, "junk", None),
        ("Lot of 12 cards with Charizard 4/102 NM", "40", {}, "not_a_single", None),
        ("PSA 9 Charizard 4/102", "3000", {}, "graded", None),
        ("Japanese Charizard NM", "90", {}, "other_language", None),
        ("Charizard 4/102 1st Edition Holo NM", "9000", {}, "other_variant", None),
        ("Charizard 4/102 Holo", "300", {"raw": '{"conditionId": "2750"}'}, "graded", None),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_row_is_left_out_with_its_reason_and_kept(
    market: Market,
    title: str,
    price: str | None,
    facts: dict[str, Any],
    left_out: str | None,
    why: str | None,
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    row = await market.said(card, title, price, **facts)

    assert await judge(market) == 1

    found = await judged(market.db, row)
    assert found["left_out"] == left_out
    assert found["judged_by"] is not None
    if why is not None:
        assert found["why"] == why
    assert (found["why"] is None) == (left_out is None)


async def test_a_descriptor_of_ebays_is_believed_before_the_title(market: Market) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    told = {"conditionDescriptors": [{"name": "40001", "values": ["400016"]}]}
    row = await market.said(card, NM, "200", raw=json.dumps(told))
    await judge(market)

    assert (await judged(market.db, row))["condition"] == "MP"


async def test_a_title_that_names_no_printing_means_the_usual_one(market: Market) -> None:
    card = await market.card("4", "Charizard", ("first_edition_holofoil", "unlimited_holofoil"))
    rows = [
        await market.said(card, f"Charizard 4/102 {said} NM", "300")
        for said in ("", "1st Edition", "Shadowless")
    ]
    await judge(market)

    found = [(await judged(market.db, row))["variant"] for row in rows]
    assert found == ["unlimited_holofoil", "first_edition_holofoil", "shadowless"]


async def test_a_rule_that_is_made_in_sql_judges_old_rows_anew_and_one_that_is_taken_back_lets_them_in(
    market: Market,
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    cheap, dear = await market.said(card, NM, "2"), await market.said(card, f"{NM} sticker", "300")
    other = await market.said(card, NM, "1", source="somewhere")
    await judge(market)
    assert await judge(market) == 0

    await market.db.execute(
        "insert into public.source_rules (source, min_price, currency, priority)"
        " values ('ebay_browse', 5, 'USD', 9)"
    )
    await market.db.execute("insert into public.source_rules (exclude_keywords) values ('{STICKER}')")
    assert await judge(market) == 3
    told = [await judged(market.db, row) for row in (cheap, dear, other)]
    await market.db.execute("update public.source_rules set active = false")
    await judge(market)
    after = [(await judged(market.db, row))["left_out"] for row in (cheap, dear, other)]

    assert [one["left_out"] for one in told[::2]] == ["rule", None]
    assert "2.00 is below 5.00 USD" in told[0]["why"]
    assert told[1]["left_out"] in {"junk", "rule"}
    assert after[::2] == [None, None]


@pytest.mark.parametrize(
    ("rule", "seller", "passes"),
    [
        ("(only_sellers) values ('{Good}')", "good", True),
        ("(only_sellers) values ('{good}')", "bad", False),
        ("(exclude_sellers) values ('{bad}')", "Bad", False),
        ("(include_keywords) values ('{charizard}')", "x", True),
        ("(include_keywords) values ('{chariz}')", "x", False),
        ("(exclude_keywords) values ('{base set}')", "x", False),
        ("(max_price, currency) values (299, 'USD')", "x", False),
        ("(max_price, currency) values (299, 'EUR')", "x", True),
    ],
)
async def test_a_rule_asks_what_it_says(market: Market, rule: str, seller: str, passes: bool) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    row = await market.said(card, NM, "300", seller=seller)
    await market.db.execute(f"insert into public.source_rules {rule}")
    await judge(market)

    assert ((await judged(market.db, row))["left_out"] is None) is passes


async def test_a_row_that_another_judge_holds_is_left_to_him(market: Market) -> None:
    card = await market.card("4", "Charizard")
    row = await market.said(card, NM, "300")
    await market.said(card, NM, "310")

    async with market.db.transaction() as other:
        await other.fetch("select id from public.price_observations where id = $1 for update", row)
        with anyio.fail_after(10):
            assert await judge(market) == 1
    assert await judge(market) == 1


async def test_a_sale_that_its_source_tells_anew_is_judged_anew(market: Market) -> None:
    card = await market.card("4", "Charizard")
    row = await market.said(card, NM, "300", basis="sold")
    await judge(market)
    await market.db.execute(
        "update public.price_observations set status = 'refunded', judged_by = null where id = $1", row
    )
    await judge(market)

    assert (await judged(market.db, row))["left_out"] == "rule"
