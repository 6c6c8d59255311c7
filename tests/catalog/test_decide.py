"""Who may write what: the source that owns a row, one with more authority, and nobody else."""

from dataclasses import replace
from itertools import product

import pytest

from worker.catalog.decide import (
    Agree,
    Conflict,
    KnownPrint,
    KnownSet,
    Wait,
    Write,
    authority,
    decide_card,
    decide_set,
)
from worker.catalog.facts import CardFacts, SetFacts

SET = SetFacts("sv03.5", "151", None, 165, 207, None, None, (), ())
KNOWN_SET = KnownSet(7, "sv3pt5", "pokemonapi", "151", 165, 207)
CARD = CardFacts(
    external_id="sv03.5-006",
    set_external_id="sv03.5",
    name="Charizard ex",
    number="006",
    number_prefix="",
    number_value=6,
    number_suffix="",
    supertype="Pokémon",
    subtypes=(),
    types=(),
    hp=330,
    rarity=None,
    artist=None,
    regulation_mark=None,
    legalities=(),
    variants=(),
    notes=(),
)
KNOWN = KnownPrint(11, "sv3pt5-6", "pokemonapi", 7, "151", "Charizard ex", "6")


def test_the_pokemon_api_is_believed_more_than_tcgdex_and_that_more_than_anybody_else() -> None:
    assert authority("pokemonapi") > authority("tcgdex") > authority("a spreadsheet") == authority("another")


def test_a_set_nobody_knows_is_made_under_its_own_id() -> None:
    assert decide_set("tcgdex", SET, None) == Write("sv03.5")


@pytest.mark.parametrize(
    ("source", "owner"), [("tcgdex", "tcgdex"), ("pokemonapi", "tcgdex"), ("tcgdex", "x")]
)
def test_the_owner_of_a_set_and_whoever_is_believed_more_write_it_under_its_canonical_id(
    source: str, owner: str
) -> None:
    known = replace(KNOWN_SET, source=owner, name="another name", total=1)

    assert decide_set(source, SET, known) == Write("sv3pt5")


@pytest.mark.parametrize(("source", "owner"), [("tcgdex", "pokemonapi"), ("x", "tcgdex"), ("x", "y")])
def test_a_set_of_somebody_at_least_as_credible_is_agreed_with_where_it_says_the_same(
    source: str, owner: str
) -> None:
    assert decide_set(source, SET, replace(KNOWN_SET, source=owner)) == Agree(7)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (replace(SET, name="Scarlet 151"), "name '151' would become 'Scarlet 151'"),
        (replace(SET, printed_total=166), "printed total 165 would become 166"),
        (replace(SET, total=208), "total 207 would become 208"),
    ],
)
def test_a_set_cannot_be_overwritten_by_a_source_that_is_believed_less(said: SetFacts, told: str) -> None:
    decision = decide_set("tcgdex", said, KNOWN_SET)

    assert isinstance(decision, Conflict)
    assert decision.code == "conflict_less_authority"
    assert decision.note == (
        f"set sv3pt5 belongs to pokemonapi, which is believed more than tcgdex: {told}; "
        "if tcgdex is right, mend it at pokemonapi and import again"
    )


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (replace(SET, total=None), KNOWN_SET),
        (replace(SET, printed_total=None), KNOWN_SET),
        (SET, replace(KNOWN_SET, total=None)),
        (SET, replace(KNOWN_SET, printed_total=None)),
    ],
)
def test_silence_contradicts_nobody(said: SetFacts, known: KnownSet) -> None:
    assert decide_set("tcgdex", said, known) == Agree(7)


def test_several_differences_are_told_together() -> None:
    decision = decide_set("tcgdex", replace(SET, name="X", total=1), KNOWN_SET)

    assert isinstance(decision, Conflict)
    assert "name '151' would become 'X'; total 207 would become 1" in decision.note


def test_a_card_waits_for_its_set_whatever_else_is_known_of_it() -> None:
    assert decide_card("tcgdex", CARD, None, None, None) == Wait("sv03.5")
    assert decide_card("tcgdex", CARD, None, None, KNOWN) == Wait("sv03.5")


def test_a_card_nobody_knows_is_made_under_its_own_id() -> None:
    assert decide_card("tcgdex", CARD, 7, "151", None) == Write("sv03.5-006")


@pytest.mark.parametrize(
    ("source", "owner"), [("tcgdex", "tcgdex"), ("pokemonapi", "tcgdex"), ("tcgdex", "x")]
)
def test_the_owner_of_a_print_and_whoever_is_believed_more_write_it_under_its_canonical_id(
    source: str, owner: str
) -> None:
    assert decide_card(source, CARD, 7, "151", replace(KNOWN, source=owner, name="X")) == Write("sv3pt5-6")


@pytest.mark.parametrize("source", ["pokemonapi", "tcgdex", "x"])
def test_no_source_moves_a_print_into_another_set_not_even_its_owner(source: str) -> None:
    decision = decide_card(source, CARD, 8, "Base", KNOWN)

    assert isinstance(decision, Conflict)
    assert decision.code == "conflict_other_set"
    assert decision.note == (
        "card sv03.5-006 is in set '151' and this row puts it into 'Base'; "
        "see which is right, then mend the row's payload or drop the row"
    )


def test_a_print_found_by_its_number_is_agreed_with_though_the_number_is_spelt_otherwise() -> None:
    assert decide_card("tcgdex", CARD, 7, "151", KNOWN) == Agree(11)


SAME_ID = replace(CARD, external_id="sv3pt5-6", number="6")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (replace(SAME_ID, name="Glurak ex"), "name 'Charizard ex' would become 'Glurak ex'"),
        (replace(SAME_ID, number="7"), "number '6' would become '7'"),
    ],
)
def test_a_print_cannot_be_overwritten_by_a_source_that_is_believed_less(said: CardFacts, told: str) -> None:
    decision = decide_card("tcgdex", said, 7, "151", KNOWN)

    assert isinstance(decision, Conflict)
    assert decision.code == "conflict_less_authority"
    assert decision.note == (
        f"card sv3pt5-6 belongs to pokemonapi, which is believed more than tcgdex: {told}; "
        "if tcgdex is right, mend it at pokemonapi and import again"
    )


def test_a_print_decided_in_the_same_batch_and_not_yet_written_is_written_again() -> None:
    pending = replace(KNOWN, id=None, source="tcgdex")

    assert decide_card("tcgdex", CARD, 7, "151", pending) == Write("sv3pt5-6")
    assert decide_card("x", CARD, 7, "151", pending) == Write("sv3pt5-6")


def test_whatever_is_known_there_is_a_decision() -> None:
    sources = ("pokemonapi", "tcgdex", "x")
    for source, owner, set_id, found in product(sources, sources, (None, 7, 8), (False, True)):
        known = replace(KNOWN, source=owner) if found else None

        assert isinstance(decide_card(source, CARD, set_id, "a set", known), Write | Agree | Conflict | Wait)
