"""What sellers misspell is read as they meant it, and other words are left alone."""

import pytest

from worker.pricing.listing import read_listing
from worker.pricing.misspelling import MEANT, meant_by


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("heavely", "heavily"),
        ("lighty", "lightly"),
        ("modertaely", "moderately"),
        ("excelent", "excellent"),
        ("editon", "edition"),
        ("unlimeted", "unlimited"),
        ("revers", "reverse"),
    ],
)
def test_a_word_that_is_nearly_one_of_those_that_matter_is_that_word(word: str, meant: str) -> None:
    assert meant_by(word) == meant


@pytest.mark.parametrize(
    "word",
    ["moderate", "light", "lightning", "heavenly", "expedition", "reserve", "revenge", "editions", "edicion"],
)
def test_a_word_of_its_own_is_left_alone(word: str) -> None:
    assert meant_by(word) == word


@pytest.mark.parametrize("word", MEANT)
def test_what_is_spelt_rightly_stays(word: str) -> None:
    assert meant_by(word) == word


def test_a_misspelt_condition_is_a_condition() -> None:
    assert read_listing("Venusaur 15/102 Holo Heavely Played").condition == "HP"
    assert read_listing("Mewtwo 10/102 1st Editon excelent").condition == "LP"
