"""Nothing that a source or an operator writes stops a price: odd descriptors, odd rules, huge amounts."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.prices.market import Market
from worker.catalog.live_prices import get_live_price
from worker.catalog.price_curves import Pricer
from worker.catalog.prints import NoSuchPrint, find_print

HOUR = timedelta(hours=1)
NM = "Charizard 4/102 Base Set Holo NM"
NewPricer = Callable[[], Pricer]


async def near_mint(market: Market, pricer: Pricer, card: int) -> Decimal | None:
    """The Near Mint median as it is computed now."""
    live = await get_live_price(market.db, pricer, card, fresh_for=HOUR, force=True)
    median: Decimal | None = live.curves[0].prices["NM"][0]
    return median


@pytest.mark.parametrize(
    "told",
    [
        "Near Mint",
        "",
        "[" * 5000 + "]" * 5000,
        12,
        {"name": "40001"},
        ["40001", None, 3],
        [{"name": "40001", "values": "400016"}],
        [{"name": ["40001"], "values": [["400016"]]}],
        [{"name": "40001", "values": [{"content": {"a": 1}}]}],
        [{"name": "27501", "values": [" "]}],
    ],
    ids=lambda value: str(value)[:30],
)
async def test_descriptors_of_an_odd_shape_are_passed_over(
    market: Market, new_pricer: NewPricer, told: Any
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    await market.said(card, NM, "300", raw=json.dumps({"conditionDescriptors": told}))

    assert await near_mint(market, new_pricer(), card) == Decimal("300.00")


@pytest.mark.parametrize("raw", ["[]", "1", '"x"', "null", '{"conditionId": {"a": []}, "printing": [1]}'])
async def test_raw_records_of_an_odd_shape_are_read_as_far_as_they_go(
    market: Market, new_pricer: NewPricer, raw: str
) -> None:
    card = await market.card("4", "Charizard")
    await market.said(card, NM, "300", raw=raw)

    assert await near_mint(market, new_pricer(), card) == Decimal("300.00")


@pytest.mark.parametrize(
    "rule",
    [
        "(exclude_keywords) values ('{NULL}')",
        "(include_keywords) values ('{NULL,\"\"}')",
        "(exclude_keywords) values ('{{sticker,binder},{page,NULL}}')",
        "(only_sellers, exclude_sellers) values ('{NULL}', '{NULL}')",
        '(exclude_keywords) values (\'{".*","[a-","("}\')',
        "(exclude_keywords) select array_agg('word' || n) from generate_series(1, 5000) n",
        "(min_price, currency) values ('NaN', 'USD')",
        "(max_price, currency) values ('NaN', 'USD')",
        "(min_price, max_price, currency) values (1000, 2000, 'EUR')",
    ],
)
async def test_a_rule_of_odd_content_stops_no_price(market: Market, new_pricer: NewPricer, rule: str) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    await market.said(card, NM, "300")
    await market.db.execute(f"insert into public.source_rules {rule}")

    assert await near_mint(market, new_pricer(), card) == Decimal("300.00")


async def test_a_rule_heeds_the_words_that_it_has_beside_odd_ones(
    market: Market, new_pricer: NewPricer
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    await market.said(card, NM, "300")
    await market.db.execute("insert into public.source_rules (exclude_keywords) values ('{{NULL,HOLO}}')")

    assert await near_mint(market, new_pricer(), card) is None


async def test_an_amount_that_no_card_costs_is_left_out_and_the_others_are_priced(
    market: Market, new_pricer: NewPricer
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    huge = await market.said(card, NM, "9999999999.99", shipping="9999999999.99", basis="sold")
    await market.said(card, f"{NM} LP", "20")
    for print_id in (card, await market.card("5", "Clefairy")):
        await market.said(print_id, NM, "300", basis="sold")
    async with market.db.transaction() as connection:
        await new_pricer().compute(connection, list(market.prints.values()))
    live = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)

    assert live.curves[0].raw["left_out"]["rule"] == [huge]
    assert live.curves[0].prices["NM"][0] == Decimal("300.00")


async def test_a_source_that_has_no_row_any_more_counts_half(market: Market, new_pricer: NewPricer) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    await market.said(card, NM, "300")
    await market.db.execute("delete from public.sources")

    assert await near_mint(market, new_pricer(), card) == Decimal("300.00")


async def test_a_card_with_a_colon_in_its_name_is_found_by_its_name(market: Market) -> None:
    card = await market.card("42", "Type: Null")

    async with market.db.connection() as connection:
        assert (await find_print(connection, "Type: Null 42/102")).id == card


@pytest.mark.parametrize("asked", ["9" * 5000, "\N{SUPERSCRIPT TWO}", ":", "a:", " ", "%", "x" * 10_000])
async def test_whatever_is_asked_for_is_answered_in_a_sentence(market: Market, asked: str) -> None:
    await market.card("4", "Charizard")

    async with market.db.connection() as connection:
        with pytest.raises(NoSuchPrint):
            await find_print(connection, asked)


async def test_evidence_that_has_become_too_old_takes_its_price_with_it(
    market: Market, new_pricer: NewPricer
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    await market.said(card, NM, "300", basis="sold")
    assert await near_mint(market, new_pricer(), card) == Decimal("300.00")
    await market.db.execute("update public.price_observations set observed_at = now() - interval '2 years'")

    assert await near_mint(market, new_pricer(), card) is None
    assert await near_mint(market, new_pricer(), card) is None
    rows = await market.db.fetch(
        "select variant, listing_count, confidence, nm_median from public.card_print_latest_price_curve"
    )
    assert [tuple(row) for row in rows] == [("holofoil", 0, 0, None)]
    assert await market.db.fetchval("select count(*) from public.card_print_price_curves") == 2


async def test_a_printing_of_which_nobody_speaks_any_more_is_not_shown_beside_the_others(
    market: Market, new_pricer: NewPricer
) -> None:
    card = await market.card("4", "Charizard")
    row = await market.said(card, "Charizard 4/102 Reverse Holo NM", "20", basis="sold")
    await market.said(card, "Charizard 4/102 NM", "30", basis="sold")
    await near_mint(market, new_pricer(), card)
    await market.db.execute(
        "update public.price_observations set title = 'Charizard 4/102 NM', judged_by = null where id = $1",
        row,
    )
    await near_mint(market, new_pricer(), card)

    rows = await market.db.fetch(
        "select variant, nm_samples from public.card_print_latest_price_curve order by variant"
    )
    assert [tuple(row) for row in rows] == [("normal", 2), ("reverse_holofoil", 0)]


async def test_a_guide_price_that_a_rule_leaves_out_is_left_out_with_its_reason(
    market: Market, new_pricer: NewPricer
) -> None:
    card = await market.card("4", "Charizard", ("holofoil",))
    guide = await market.said(card, "", "280", basis="guide")
    foreign = await market.said(card, "", "280", basis="guide", currency="EUR")
    unread = await market.said(card, "", None, basis="guide")
    await market.said(card, NM, "300")
    live = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)

    assert live.curves[0].raw["guide"] == [guide]
    assert live.curves[0].raw["left_out"] == {"rule": [foreign, unread]}
