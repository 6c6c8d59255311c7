from collections import Counter
from typing import Any

import pytest

from benchmarks.dirty_cards import Truth, dirty_catalogue
from worker.catalog.reading import CardFacts, SetFacts, Unreadable, read_card, read_set

Catalogue = tuple[list[dict[str, Any]], list[dict[str, Any]], Truth]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return dirty_catalogue(4000, seed=11)


def test_the_same_seed_makes_the_same_catalogue_and_another_seed_another() -> None:
    assert dirty_catalogue(300, seed=5) == dirty_catalogue(300, seed=5)
    assert dirty_catalogue(300, seed=5) != dirty_catalogue(300, seed=6)


@pytest.mark.parametrize("cards", [0, 1, 99, 100, 1000])
def test_as_many_cards_are_made_as_were_asked_for_and_the_truth_adds_up(cards: int) -> None:
    sets, made, truth = dirty_catalogue(cards, seed=1)

    assert len(made) == cards == truth.readable + truth.unreadable + truth.conflicts
    assert len(sets) == truth.sets


def test_reading_finds_just_what_the_truth_says(catalogue: Catalogue) -> None:
    _, made, truth = catalogue
    read = [read_card("pokemonapi", card, None, None) for card in made]
    homes: dict[str, str] = {}
    conflicts = 0
    for card in read:
        if isinstance(card, CardFacts):
            conflicts += homes.setdefault(card.external_id, card.set_external_id) != card.set_external_id

    assert sum(isinstance(card, Unreadable) for card in read) == truth.unreadable == 20
    assert conflicts == truth.conflicts == 20
    assert len(homes) == truth.readable


def test_every_set_can_be_read_and_every_card_is_of_one_of_them(catalogue: Catalogue) -> None:
    sets, made, _ = catalogue
    facts = [read_set("pokemonapi", record, record["id"]) for record in sets]
    known = {record.external_id for record in facts if isinstance(record, SetFacts)}
    read = [read_card("pokemonapi", card, None, None) for card in made]

    assert len(known) == len(sets)
    assert {card.set_external_id for card in read if isinstance(card, CardFacts)} <= known


def test_every_kind_of_dirt_is_there_and_most_cards_are_clean(catalogue: Catalogue) -> None:
    _, made, _ = catalogue
    read = [read_card("pokemonapi", card, None, None) for card in made]
    cards = [card for card in read if isinstance(card, CardFacts)]
    notes = Counter(note.split('"')[0] or note.split('"')[1] for card in cards for note in card.notes)

    assert {"the rarity is missing: check it against the printed card", "the rarity "} <= set(notes)
    assert {"hp", "subtypes", "types", "legalities", "the prices under "} <= set(notes)
    assert sum(not card.notes for card in cards) > 0.9 * len(cards)
    assert {"TG", "GG", "SWSH", "H"} <= {card.number_prefix for card in cards}
    assert len({read.code for read in read if isinstance(read, Unreadable)}) >= 4
    assert len({(card.set_external_id, card.number) for card in cards}) < len(cards)


def test_a_card_weighs_about_as_much_as_a_real_one(catalogue: Catalogue) -> None:
    _, made, _ = catalogue

    assert 1000 < sum(len(str(card)) for card in made) / len(made) < 2000
