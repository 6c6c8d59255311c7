"""Curves of some prints, of a set, and of all; shared by jobs, gone on with where they were cut off."""

from typing import Any
from uuid import UUID

import pytest

from tests.prices.market import Market
from tests.runs.scene import drain, run_row
from worker.db import Database

CURVES = """
select p.number, c.nm_median::text as median, c.nm_samples as samples
  from public.card_print_price_curves c join public.card_prints p on p.id = c.card_print_id
 order by p.number_value
"""


@pytest.fixture
async def market(db: Database) -> Market:
    """Seven cards, of which the seventh has a slab only, and an eighth of which nobody speaks."""
    made = Market(db)
    for number in range(1, 8):
        card = await made.card(str(number), "Charizard")
        for price in (100, 102, 104):
            title = "PSA 9 Charizard" if number == 7 else f"Charizard {number}/102 NM"
            await made.said(card, title, str(price * number), basis="sold")
    await made.card("8", "Charizard")
    return made


async def priced(
    market: Market, database_url: str, params: str
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    run: UUID = await market.db.fetchval("select worker.start_run('price_curve', $1::jsonb)", params)
    await drain(database_url)
    rows = await market.db.fetch(CURVES)
    return dict(await run_row(market.db, run)), [(row["number"], row["median"]) for row in rows]


async def test_all_prints_of_which_somebody_speaks_are_priced_by_jobs_that_share_them(
    market: Market, database_url: str
) -> None:
    run, curves = await priced(market, database_url, '{"jobs": 3}')

    assert curves == [(str(n), f"{102 * n}.00") for n in range(1, 7)] + [("7", None)]
    assert (run["state"], run["total_items"], run["processed_items"], run["skipped_items"]) == (
        "completed",
        7,
        7,
        1,
    )
    assert await market.db.fetchval("select count(*) from worker.job_status where kind = 'price_curve'") == 3


async def test_prints_are_named_by_id_or_by_a_name_and_one_that_is_not_there_fails_alone(
    market: Market, database_url: str
) -> None:
    params = f'{{"prints": [{market.prints["2"]}, "base1-3", "base1-99", "Charizard 4/102"]}}'
    run, curves = await priced(market, database_url, params)

    assert curves == [("2", "204.00"), ("3", "306.00"), ("4", "408.00")]
    assert (run["state"], run["total_items"], run["failed_items"]) == ("completed", 4, 1)
    assert (
        await market.db.fetchval("select error_code from worker.items where state = 'failed'")
        == "no_such_print"
    )


async def test_a_set_is_priced_and_one_that_is_not_there_is_said_in_a_sentence(
    market: Market, database_url: str
) -> None:
    run, curves = await priced(market, database_url, '{"set": "base1"}')
    wrong, _ = await priced(market, database_url, '{"set": "base9"}')
    why = await market.db.fetchval(
        "select error_message from worker.job_status where run_id = $1", wrong["id"]
    )

    assert (run["state"], len(curves)) == ("completed", 7)
    assert wrong["state"] == "failed"
    assert "there is no set 'base9'" in why


async def test_prices_run_by_the_clock_and_the_run_says_how_many_it_made(
    market: Market, database_url: str
) -> None:
    run, _ = await priced(market, database_url, "{}")
    summary = await market.db.fetchval(
        "select summary ->> 'prints' from worker.runs where id = $1", run["id"]
    )

    assert summary == '{"priced": 6, "unknown": 0, "without_price": 1}'


async def test_a_print_that_is_named_twice_is_one_item(market: Market, database_url: str) -> None:
    run, curves = await priced(market, database_url, f'{{"prints": [{market.prints["2"]}, "base1-2"]}}')

    assert curves == [("2", "204.00")]
    assert (run["state"], run["total_items"], run["processed_items"]) == ("completed", 1, 1)


@pytest.mark.parametrize(
    "params",
    [
        '{"share": 5, "shares": 2}',
        '{"share": 1}',
        '{"shares": 2, "prints": [1]}',
        '{"set": "base1", "prints": [1]}',
    ],
)
async def test_shares_that_cannot_be_are_refused_in_a_sentence(
    market: Market, database_url: str, params: str
) -> None:
    run, curves = await priced(market, database_url, params)
    why = await market.db.fetchval("select error_message from worker.job_status where run_id = $1", run["id"])

    assert (run["state"], curves) == ("failed", [])
    assert "share" in why or "either" in why


async def test_a_print_that_has_come_meanwhile_is_priced_when_the_failed_are_retried(
    market: Market, database_url: str
) -> None:
    run, _ = await priced(market, database_url, '{"prints": ["base1-2", "base1-99"]}')
    card = await market.card("99", "Charizard")
    await market.said(card, "Charizard 99/102 NM", "5", basis="sold")
    await market.db.execute("select worker.retry_failed($1)", run["id"])
    await drain(database_url)

    assert (
        await market.db.fetchval(
            "select nm_median::text from public.card_print_price_curves where card_print_id = $1", card
        )
        == "5.00"
    )
    assert (await run_row(market.db, run["id"]))["failed_items"] == 0
