"""``mintmark price``: found by any of its names, shown with its evidence, as a table and as JSON."""

from decimal import Decimal

import pytest

from tests.commands.conftest import Cli
from tests.prices.market import Market
from worker.db import Database


@pytest.fixture
async def card(db: Database) -> int:
    market = Market(db)
    charizard = await market.card("4", "Charizard", ("holofoil",))
    for price in ("290", "300", "310", "305"):
        await market.said(charizard, "Charizard 4/102 Base Set NM", price, basis="sold")
    for price in ("330", "340", "12"):
        await market.said(charizard, "Charizard 4/102 Base Set NM", price)
    for price in ("150", "400"):
        await market.said(charizard, "Charizard 4/102 Base Set LP", price)
    await market.said(charizard, "PSA 9 Charizard 4/102", "3000")
    await market.said(charizard, "Charizard", "280", basis="guide")
    await market.card("5", "Clefairy")
    return charizard


@pytest.mark.parametrize("name", ["{card}", "base1-4", "Charizard 4/102", "charizard base set 4/102"])
def test_a_card_is_found_by_any_of_its_names(cli: Cli, card: int, name: str) -> None:
    said = cli("price", name.format(card=card), "--json")

    row = said.row()
    near_mint = row["conditions"]["NM"]
    assert said.code == 0
    assert (row["card_print_id"], row["card"], row["variant"], row["currency"]) == (
        card,
        "base1-4",
        "holofoil",
        "USD",
    )
    assert Decimal(near_mint["median"]) == Decimal("302.50")
    assert (near_mint["basis"], near_mint["samples"], near_mint["floor"]) == ("sold", 4, "340.00")
    assert row["left_out"] == {"graded": 1, "outlier": 1}
    assert row["confidence"] >= 1
    assert row["computed_now"] is True


def test_the_table_says_what_it_rests_on(cli: Cli, card: int) -> None:
    first, again = cli("price", card), cli("price", card)

    assert first.code == 0
    for words in (
        "Charizard 4/102, Base",
        "302.50",
        "340.00",
        "sales",
        "asks only",
        "left out, graded: 1",
        "\N{FULL BLOCK}",
    ):
        assert words in first.out
    assert "guide: tcgplayer, holofoil: 280.00 USD" in first.out
    assert "computed now" in first.out
    assert "s ago" in again.out
    assert "computed now" in cli("price", card, "--force").out


def test_evidence_lists_every_observation_with_its_use_or_its_reason(cli: Cli, card: int) -> None:
    table, row = cli("price", card, "--evidence").out, cli("price", card, "--evidence", "--json").row()

    uses = [one["use"] for one in row["evidence"]]
    assert sorted(uses) == sorted(["median"] * 4 + ["floor"] * 2 + ["both"] * 2 + ["left out"] * 2)
    slab = next(one for one in row["evidence"] if "PSA" in one["title"])
    assert slab["why"].startswith("graded: ")
    assert "PSA 9 Charizard 4/102" in table
    assert "outlier" in table


def test_a_card_without_a_price_says_so_and_fails(cli: Cli, card: int) -> None:
    said = cli("price", "base1-5")

    assert card
    assert said.code == 1
    assert "nobody has said a price of Clefairy 5/102, Base that counts" in said.err


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("404", "there is no print '404'"),
        ("9" * 30, "there is no print"),
        ("pokemonapi:base1-99", "no print is called 'base1-99' by pokemonapi"),
        ("Mewtwo 10/999", "no print is found by"),
        ("", "no print is found by"),
    ],
)
def test_a_card_that_nobody_knows_is_wrong_use(cli: Cli, card: int, name: str, sentence: str) -> None:
    said = cli("price", name)

    assert card
    assert said.code == 2
    assert sentence in said.err


@pytest.fixture
async def two_printings(db: Database) -> int:
    market = Market(db)
    pikachu = await market.card("58", "Pikachu", ("normal", "reverse_holofoil"))
    for price in ("300", "310"):
        await market.said(pikachu, "Pikachu 58/102 NM", price, basis="sold")
    await market.said(pikachu, "Pikachu 58/102 Reverse Holo NM", "77", basis="sold")
    return pikachu


def test_each_printing_has_evidence_of_its_own(cli: Cli, two_printings: int) -> None:
    rows = cli("price", str(two_printings), "--evidence", "--json").rows()
    table = cli("price", str(two_printings), "--evidence").out

    told = {row["variant"]: sorted(one["price"] for one in row["evidence"]) for row in rows}
    assert told == {"normal": ["300.00", "310.00"], "reverse_holofoil": ["77.00"]}
    assert "Pikachu 58/102 Reverse Holo NM" in table.partition("evidence of reverse_holofoil, en, USD")[2]
