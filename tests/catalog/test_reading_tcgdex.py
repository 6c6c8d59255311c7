from datetime import date
from typing import Any

import pytest

from worker.catalog.reading import CardFacts, SetFacts, Unreadable, read_card, read_set

CARD: dict[str, Any] = {
    "category": "Pokemon",
    "id": "sv03.5-006",
    "illustrator": "PLANETA Mochizuki",
    "localId": "006",
    "name": "Charizard ex",
    "rarity": "Double rare",
    "set": {"id": "sv03.5", "name": "151", "cardCount": {"official": 165, "total": 207}},
    "variants": {"firstEdition": False, "holo": True, "normal": False, "reverse": False, "wPromo": False},
    "hp": 330,
    "types": ["Fire"],
    "stage": "Stage2",
    "suffix": "EX",
    "regulationMark": "G",
    "legal": {"standard": False, "expanded": True},
}
SET: dict[str, Any] = {
    "id": "sv03.5",
    "name": "151",
    "serie": {"id": "sv", "name": "Scarlet & Violet"},
    "cardCount": {"official": 165, "total": 207, "normal": 1, "reverse": 1, "holo": 1},
    "releaseDate": "2023-09-22",
    "legal": {"standard": True, "expanded": True},
    "abbreviation": {"official": "MEW"},
}


def card(**changes: Any) -> CardFacts:
    read = read_card("tcgdex", CARD | changes, None, None)
    assert isinstance(read, CardFacts), read
    return read


def a_set(**changes: Any) -> SetFacts:
    read = read_set("tcgdex", SET | changes, None)
    assert isinstance(read, SetFacts), read
    return read


def test_a_card_of_tcgdex_says_the_same_facts_by_other_names() -> None:
    assert card() == CardFacts(
        external_id="sv03.5-006",
        set_external_id="sv03.5",
        name="Charizard ex",
        number="006",
        number_prefix="",
        number_value=6,
        number_suffix="",
        supertype="Pokémon",
        subtypes=("Stage 2", "EX"),
        types=("Fire",),
        hp=330,
        rarity="Double Rare",
        artist="PLANETA Mochizuki",
        regulation_mark="G",
        legalities=(("expanded", "Legal"),),
        variants=("holofoil",),
        notes=(),
    )


def test_a_set_of_tcgdex_says_the_same_facts_by_other_names() -> None:
    assert a_set() == SetFacts(
        external_id="sv03.5",
        name="151",
        series="Scarlet & Violet",
        printed_total=165,
        total=207,
        ptcgo_code="MEW",
        release_date=date(2023, 9, 22),
        legalities=(("expanded", "Legal"), ("standard", "Legal")),
        notes=(),
    )


def test_the_code_for_online_play_goes_before_the_abbreviation() -> None:
    assert a_set(tcgOnline="PR-SV").ptcgo_code == "PR-SV"


def test_a_trainer_and_an_energy_have_their_kind_for_a_subtype() -> None:
    plain = {"stage": None, "suffix": None, "hp": None}

    assert card(category="Trainer", trainerType="Tool", **plain).subtypes == ("Pokémon Tool",)
    assert card(category="Energy", energyType="Special", **plain).subtypes == ("Special",)
    assert card(category="Energy", energyType="Special", **plain).notes == ()


@pytest.mark.parametrize(
    ("flags", "variants"),
    [
        ({"normal": True, "reverse": True}, ("normal", "reverse_holofoil")),
        ({"holo": True, "firstEdition": True}, ("first_edition_holofoil", "holofoil")),
        ({"normal": True, "firstEdition": True}, ("first_edition_normal", "normal")),
        ({"normal": True, "wPromo": True}, ("normal", "w_promo")),
        ({"normal": False}, ()),
    ],
)
def test_the_flags_that_are_true_are_printings(flags: dict[str, bool], variants: tuple[str, ...]) -> None:
    assert card(variants=flags).variants == variants


def test_the_keys_of_the_prices_are_printings_too_and_unit_and_updated_are_not() -> None:
    keys = ["holofoil", "reverse-holofoil", "1st-edition", "1st-edition-holofoil", "unlimited-holofoil"]
    shop: dict[str, object] = {key: {"marketPrice": 1.5} for key in keys}
    read = card(pricing={"tcgplayer": {"unit": "USD", "updated": "2026-01-09", **shop}, "cardmarket": None})

    assert read.notes == ()
    assert read.variants == (
        "first_edition_holofoil",
        "first_edition_normal",
        "holofoil",
        "reverse_holofoil",
        "unlimited_holofoil",
    )


def test_a_card_from_a_list_has_only_its_name_and_is_read_with_notes() -> None:
    read = read_card("tcgdex", {"id": "base1-4", "localId": "4", "name": "Charizard"}, None, None)

    assert isinstance(read, CardFacts)
    assert read.set_external_id == "base1"
    assert len(read.notes) == 2


def test_hit_points_as_text_are_noted_here_where_numbers_are_usual() -> None:
    assert card(hp="330").hp == 330
    assert card(hp="330").notes == ('"hp" came as text; it was read as 330',)


@pytest.mark.parametrize("key", ["variants", "pricing"])
def test_an_object_that_is_none_is_left_out_with_a_note(key: str) -> None:
    assert card(**{key: [1]}).notes == (f'"{key}" is not an object and was left out: fetch the record again',)


def test_the_number_of_the_other_shape_does_not_stand_in_for_the_local_id() -> None:
    payload = {key: value for key, value in CARD.items() if key != "localId"} | {"number": "6"}
    read = read_card("tcgdex", payload, None, None)

    assert isinstance(read, Unreadable)
    assert read.code == "number_missing"
    assert "localId" in read.message


def test_a_set_whose_counts_are_no_object_is_kept_with_a_note() -> None:
    assert a_set(cardCount=207).total is None
    assert len(a_set(cardCount=207).notes) == 1
