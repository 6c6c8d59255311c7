from datetime import date
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.catalog.reading import CardFacts, SetFacts, Unreadable, read_card, read_set

CARD: dict[str, Any] = {
    "id": "base1-4",
    "name": "Charizard",
    "supertype": "Pokémon",
    "subtypes": ["Stage 2"],
    "hp": "120",
    "types": ["Fire"],
    "number": "4",
    "artist": "Mitsuhiro Arita",
    "rarity": "Rare Holo",
    "legalities": {"unlimited": "Legal"},
}
SET: dict[str, Any] = {
    "id": "base1",
    "name": "Base",
    "series": "Base",
    "printedTotal": 102,
    "total": 102,
    "ptcgoCode": "BS",
    "releaseDate": "1999/01/09",
    "legalities": {"unlimited": "Legal"},
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TCGDEX_KEYS = ("localId", "category", "cardCount", "serie", "legal", "variants", "pricing", "stage", "suffix")
spoiled_keys = st.dictionaries(
    st.sampled_from([*CARD, *SET, *TCGDEX_KEYS, "set", "tcgplayer", "regulationMark", "illustrator"]),
    json_values,
)
sources = st.sampled_from(["tcgdex", "pokemonapi", "another"])


def card(*, hint: Any = None, **changes: Any) -> CardFacts:
    read = read_card("pokemonapi", CARD | changes, None, hint)
    assert isinstance(read, CardFacts), read
    return read


def a_set(**changes: Any) -> SetFacts:
    read = read_set("pokemonapi", SET | changes, None)
    assert isinstance(read, SetFacts), read
    return read


def refusal(payload: object, external_id: str | None = None, hint: str | None = None) -> Unreadable:
    read = read_card("pokemonapi", payload, external_id, hint)
    assert isinstance(read, Unreadable), read
    return read


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in CARD.items() if name != key}


def test_a_clean_card_is_read_whole_and_without_a_note() -> None:
    assert card() == CardFacts(
        external_id="base1-4",
        set_external_id="base1",
        name="Charizard",
        number="4",
        number_prefix="",
        number_value=4,
        number_suffix="",
        supertype="Pokémon",
        subtypes=("Stage 2",),
        types=("Fire",),
        hp=120,
        rarity="Rare Holo",
        artist="Mitsuhiro Arita",
        regulation_mark=None,
        legalities=(("unlimited", "Legal"),),
        variants=(),
        notes=(),
    )


def test_a_clean_set_is_read_whole_and_without_a_note() -> None:
    assert a_set() == SetFacts(
        external_id="base1",
        name="Base",
        series="Base",
        printed_total=102,
        total=102,
        ptcgo_code="BS",
        release_date=date(1999, 1, 9),
        legalities=(("unlimited", "Legal"),),
        notes=(),
    )


@pytest.mark.parametrize("payload", [None, 7, "card", [CARD], True])
def test_what_is_no_object_is_unreadable(payload: object) -> None:
    assert refusal(payload).code == "not_an_object"


@pytest.mark.parametrize("value", [None, "", "  ", 7, ["base1-4"], {}, True])
@pytest.mark.parametrize("key", ["id", "name"])
def test_a_card_and_a_set_need_an_id_and_a_name(key: str, value: object) -> None:
    read = read_set("pokemonapi", SET | {key: value}, None)

    assert refusal(CARD | {key: value}).code == refusal(without(key)).code == f"{key}_missing"
    assert isinstance(read, Unreadable)
    assert read.code == f"{key}_missing"


@pytest.mark.parametrize("number", [None, "", " ", ["4"], {"n": 4}, True, 4.5, -4, 10**60])
def test_a_card_needs_a_number_that_is_text_or_whole(number: object) -> None:
    assert refusal(CARD | {"number": number}).code == "number_missing"
    assert refusal(without("number")).code == "number_missing"


def test_a_number_far_too_long_is_unreadable() -> None:
    assert refusal(CARD | {"number": "4" * 41}).code == "number_unusable"


def test_an_id_other_than_its_rows_is_unreadable_and_both_are_named() -> None:
    read = refusal(CARD, external_id="base1-5")

    assert read.code == "id_mismatch"
    assert "base1-4" in read.message
    assert "base1-5" in read.message


@pytest.mark.parametrize(
    "inner", ["base1", ["base1"], 7, {"id": 7}, {"id": ""}, {"id": ["base1"]}, {"id": "a\0"}]
)
def test_a_set_of_the_wrong_type_is_unreadable(inner: object) -> None:
    assert refusal(CARD | {"set": inner}).code == "set_unusable"


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "a" * 2000])
@pytest.mark.parametrize("key", ["id", "name"])
def test_an_id_or_name_that_no_column_could_hold_is_unreadable(key: str, text: str) -> None:
    read = refusal(CARD | {key: text})

    assert read.code == "text_unusable"
    assert read.message.isprintable()


def test_the_cards_own_word_on_its_set_goes_before_its_file_and_that_before_its_id() -> None:
    assert card(set={"id": "own"}, hint="own").notes == ()
    assert card(set={"id": "own"}, hint="file").set_external_id == "own"
    assert card(set={"name": "Base"}, hint="file").set_external_id == "file"
    assert card(set=None, hint="file").set_external_id == "file"
    assert card().set_external_id == "base1"
    assert card(id="a-b-4").set_external_id == "a-b"


def test_a_card_that_contradicts_its_file_is_believed_with_a_note() -> None:
    assert card(set={"id": "own"}, hint="file").notes == (
        'the card says set "own", its file "file"; the card was believed',
    )


@pytest.mark.parametrize("hint", ["a\ud800", "a" * 300, "  "])
def test_a_file_name_that_no_column_could_hold_is_no_set(hint: str) -> None:
    assert refusal(CARD, hint=hint).code == "set_unusable"
    assert card(set={"id": "own"}, hint=hint).notes[0].isprintable()


@pytest.mark.parametrize("card_id", ["base1", "-4", " -4"])
def test_a_card_of_no_set_is_unreadable(card_id: str) -> None:
    assert refusal(CARD | {"id": card_id}).code == "set_missing"


def test_a_number_is_kept_as_printed_and_a_whole_one_written_out() -> None:
    odd = card(number="TG01")

    assert (odd.number, odd.number_prefix, odd.number_value, odd.number_suffix) == ("TG01", "TG", 1, "")
    assert card(number=4).number == "4"
    assert card(number="?").number_value is None


@pytest.mark.parametrize(
    "name", ["Flabébé", "Mewtwo ★", "Crobat δ", "Nidoran ♂", "Mew ◇", "_____'s Pikachu", " Mew ", "N's Zorua"]
)
def test_a_name_is_kept_to_the_letter(name: str) -> None:
    assert card(name=normalize("NFD", name)).name == card(name=name).name == name
    assert card(name=name).notes == ()


@pytest.mark.parametrize(
    ("hp", "points", "note"),
    [
        (120, 120, '"hp" came as a number; it was read as 120'),
        (120.0, 120, '"hp" came as a number; it was read as 120'),
        ("120 HP", 120, '"hp" came with more than digits; it was read as 120'),
        ("120hp", 120, '"hp" came with more than digits; it was read as 120'),
    ],
)
def test_hit_points_are_read_however_they_are_written(hp: object, points: int, note: str) -> None:
    assert (card(hp=hp).hp, card(hp=hp).notes) == (points, (note,))


@pytest.mark.parametrize("hp", ["", "—", 0, -10, True, [120], 1e308, float("nan"), "9" * 50, 10**60])
def test_hit_points_that_make_no_sense_are_left_out_with_a_note(hp: object) -> None:
    assert card(hp=hp).hp is None
    assert len(card(hp=hp).notes) == 1


def test_subtypes_as_one_text_are_read_as_a_list_of_one() -> None:
    assert card(subtypes="Basic Stage").subtypes == ("Basic",)
    assert card(subtypes="Stage 1").subtypes == ("Stage 1",)
    assert len(card(subtypes="Stage 1").notes) == 1


@pytest.mark.parametrize("key", ["subtypes", "types", "legalities", "artist", "regulationMark", "tcgplayer"])
def test_an_optional_field_of_the_wrong_type_is_left_out_with_one_note(key: str) -> None:
    odd = card(**{key: 7})

    assert len(odd.notes) == 1
    assert f'"{key}"' in odd.notes[0]
    assert odd.name == "Charizard"


def test_the_entries_of_a_list_that_are_no_text_are_left_out_and_the_others_kept() -> None:
    odd = card(types=["Fire", 7, None, ["Water"], "a\0"])

    assert odd.types == ("Fire",)
    assert len(odd.notes) == 1


def test_an_unknown_ruling_is_kept_as_it_came_and_what_is_no_ruling_is_left_out() -> None:
    assert card(legalities={"standard": "Not Legal"}).legalities == (("standard", "Not Legal"),)
    assert card(legalities={"standard": "Not Legal"}).notes == ()
    assert card(legalities={"b": "Legal", "a": [1], "c": 1}).legalities == (("b", "Legal"),)
    assert len(card(legalities={"b": "Legal", "a": [1], "c": 1}).notes) == 1


def test_a_missing_rarity_and_a_squeezed_one_are_noted() -> None:
    squeezed = card(rarity="DoubleRare")

    assert card(rarity=None).rarity is None
    assert card(rarity=None).notes == ("the rarity is missing: check it against the printed card",)
    assert squeezed.rarity == "Double Rare"
    assert squeezed.notes == ('the rarity "DoubleRare" was read as "Double Rare"',)


def test_a_missing_supertype_is_noted_and_a_plain_spelling_mended() -> None:
    assert card(supertype=None).supertype is None
    assert len(card(supertype=None).notes) == 1
    assert card(supertype="Pokemon").supertype == "Pokémon"


def test_the_keys_of_the_prices_tell_the_printings() -> None:
    keys = ["reverseHolofoil", "normal", "1stEditionHolofoil", "1stEditionNormal", "unlimitedHolofoil"]
    prices: dict[str, object] = {
        key: {"low": 1, "directLow": None} for key in [*keys, "unlimited", "cosmosHolo"]
    }
    read = card(tcgplayer={"prices": prices})

    assert read.notes == ()
    assert read.variants == (
        "cosmos_holo",
        "first_edition_holofoil",
        "first_edition_normal",
        "normal",
        "reverse_holofoil",
        "unlimited",
        "unlimited_holofoil",
    )


def test_the_order_of_the_prices_makes_no_difference() -> None:
    one = card(tcgplayer={"prices": {"normal": {}, "holofoil": {}}})
    other = card(tcgplayer={"prices": {"holofoil": {}, "normal": {}}})

    assert one == other


@pytest.mark.parametrize("shop", [{"url": "https://prices.example"}, {"prices": None}, None, {}])
def test_a_card_without_prices_needs_no_note(shop: object) -> None:
    assert card(tcgplayer=shop).variants == ()
    assert card(tcgplayer=shop).notes == ()


@pytest.mark.parametrize("prices", [[], "free", 7, {"normal": 7}])
def test_prices_of_the_wrong_type_are_left_out_with_a_note(prices: object) -> None:
    assert card(tcgplayer={"prices": prices}).variants == ()
    assert len(card(tcgplayer={"prices": prices}).notes) == 1


def test_keys_that_are_not_ours_are_passed_over() -> None:
    assert card(Craftable=True, attacks=[{"cost": "G"}], **{"Release Date": 7}) == card()


@pytest.mark.parametrize(
    ("changes", "total"),
    [({"total": "102"}, 102), ({"total": "many"}, None), ({"total": [102]}, None), ({"total": True}, None)],
)
def test_a_total_that_is_no_whole_number_is_noted(changes: dict[str, Any], total: int | None) -> None:
    assert a_set(**changes).total == total
    assert len(a_set(**changes).notes) == 1


def test_a_set_with_fewer_cards_than_printed_is_kept_with_a_note() -> None:
    short = a_set(printedTotal=307, total=304)

    assert (short.printed_total, short.total) == (307, 304)
    assert short.notes == ("the set says 304 cards in all but prints 307 on them: some may be missing",)


@pytest.mark.parametrize("released", ["soon", 19990109, ["1999/01/09"], "1999/13/09", {}])
def test_a_release_date_that_is_none_is_left_out_with_a_note(released: object) -> None:
    assert a_set(releaseDate=released).release_date is None
    assert len(a_set(releaseDate=released).notes) == 1


def test_a_set_without_a_code_or_a_date_needs_no_note() -> None:
    assert a_set(ptcgoCode=None, releaseDate=None).notes == ()


def test_a_set_whose_id_is_not_its_rows_is_unreadable() -> None:
    read = read_set("pokemonapi", SET, "base2")

    assert isinstance(read, Unreadable)
    assert read.code == "id_mismatch"


@given(sources, json_values, st.none() | st.text())
def test_no_json_whatever_makes_reading_raise(source: str, payload: object, external_id: str | None) -> None:
    assert isinstance(read_card(source, payload, external_id, external_id), (CardFacts, Unreadable))
    assert isinstance(read_set(source, payload, external_id), (SetFacts, Unreadable))


@given(sources, spoiled_keys)
def test_no_field_whatever_makes_reading_raise_or_say_what_postgres_cannot_hold(
    source: str, changes: dict[str, Any]
) -> None:
    for read in (
        read_card(source, CARD | {"localId": "4"} | changes, None, None),
        read_set(source, SET | changes, None),
    ):
        assert isinstance(read, (CardFacts, SetFacts, Unreadable))
        said = repr(read)
        assert "\\x00" not in said
        assert "\\ud8" not in said


def test_a_value_met_before_does_not_change_how_its_like_is_read() -> None:
    read_card("tcgdex", CARD | {"localId": 4, "legal": {"standard": True}}, None, None)

    assert card(legalities={"standard": 1}).legalities == ()
