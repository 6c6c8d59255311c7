import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.catalog.rarity import ALIASES, KNOWN, Rarity, read_rarity


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_rarity_keeps_its_spelling_and_needs_no_note(name: str) -> None:
    assert read_rarity(name) == Rarity(name)


def test_no_two_known_rarities_are_the_same_name_spelled_twice() -> None:
    assert len({read_rarity(name).name for name in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize("spelling", ["Double Rare", "double rare", "Double rare", "DOUBLE RARE"])
def test_capitals_make_no_difference_and_no_note(spelling: str) -> None:
    assert read_rarity(spelling) == Rarity("Double Rare")


@pytest.mark.parametrize("spelling", ["DoubleRare", "double  rare", "Double-Rare", "double_rare"])
def test_a_squeezed_spelling_is_read_with_a_note_that_shows_both(spelling: str) -> None:
    read = read_rarity(spelling)

    assert read == Rarity("Double Rare", f'the rarity "{spelling}" was read as "Double Rare"')


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_the_word_order_of_tcgdex_leads_to_the_same_name(alias: str, name: str) -> None:
    assert read_rarity(alias) == Rarity(name)


def test_two_rarities_that_one_source_tells_apart_stay_apart() -> None:
    assert read_rarity("Rare Ultra").name != read_rarity("Ultra Rare").name


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("MoonlitRare", "Moonlit Rare"), ("moonlit rare", "Moonlit Rare"), ("XYZ Rare", "XYZ Rare")],
)
def test_an_unknown_rarity_is_kept_in_words_and_said(spelling: str, name: str) -> None:
    read = read_rarity(spelling)

    assert read.name == name
    assert read.note is not None
    assert "not a known one" in read.note


@pytest.mark.parametrize("nothing", ["", "  ", "None", "-"])
def test_what_says_no_rarity_is_none_with_a_note(nothing: str) -> None:
    read = read_rarity(nothing)

    assert read.name is None
    assert read.note is not None


def test_a_text_far_too_long_for_a_rarity_is_left_out() -> None:
    assert read_rarity("Rare" * 100).name is None


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    first = read_rarity(text)

    assert first.name is None or read_rarity(first.name).name == first.name
