"""The real cards and sets beside this checkout; skipped where they are absent."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from worker.catalog.reading import CardFacts, SetFacts, read_card, read_set

DATA = Path(__file__).parents[3] / "shared" / "data" / "pokemon"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside this checkout")


def load(name: str) -> Any:
    return json.loads((DATA / name).read_bytes())


def facts(records: list[dict[str, Any]], hint: str | None) -> list[CardFacts]:
    read = [read_card("pokemonapi", record, record["id"], hint) for record in records]
    return [card for card in read if isinstance(card, CardFacts)]


@pytest.mark.parametrize(("name", "count"), [("base1", 102), ("base2", 64), ("det1", 18), ("swsh1", 216)])
def test_every_card_of_a_real_set_is_read_and_only_missing_rarities_are_noted(name: str, count: int) -> None:
    records = load(f"cards/{name}.json")
    cards = facts(records, name)
    unrated = sum("rarity" not in record for record in records)

    assert len(cards) == len(records) == count
    assert {card.set_external_id for card in cards} == {name}
    assert Counter(note for card in cards for note in card.notes).total() == unrated
    assert sorted(card.number_value or 0 for card in cards) == list(range(1, count + 1))


def test_the_hint_and_the_id_lead_to_the_same_set() -> None:
    records = load("cards/swsh1.json")

    assert facts(records, None) == facts(records, "swsh1")


def test_a_real_page_of_the_api_is_read_with_its_sets_and_printings() -> None:
    records = load("v2_cards_page_with_prices.json")["data"]
    cards = facts(records, None)

    assert len(cards) == 43
    assert [card.set_external_id for card in cards] == [record["set"]["id"] for record in records]
    assert Counter(variant for card in cards for variant in card.variants) == {
        "holofoil": 34,
        "reverse_holofoil": 24,
        "normal": 10,
        "first_edition_holofoil": 4,
    }
    assert {card.name for card in cards} >= {"Beedrill δ", "Celebi & Venusaur-GX", "Blaine's Moltres"}


def test_every_real_set_is_read_and_only_two_short_ones_and_a_dateless_one_are_noted() -> None:
    records = load("sets.json")
    read = [read_set("pokemonapi", record, record["id"]) for record in records]
    sets = [facts for facts in read if isinstance(facts, SetFacts)]

    assert len(sets) == len(records) == 172
    assert {facts.external_id for facts in sets if facts.notes} == {"swshp", "svp", "mep"}
    assert {facts.external_id for facts in sets if facts.release_date is None} == {"mep"}


def test_a_printing_nobody_documented_is_read_from_a_real_price() -> None:
    observed = {record["id"]: record for record in load("price_objects_observed.json")}
    named = observed["base3-4"] | {"name": "Dragonite", "number": "4"}
    read = read_card("pokemonapi", named, "base3-4", None)

    assert isinstance(read, CardFacts)
    assert read.variants == ("first_edition_holofoil", "unlimited_holofoil")
