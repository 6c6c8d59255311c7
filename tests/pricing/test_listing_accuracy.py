"""How well titles are read, held against bars: on titles by hand, by machine, and some written beforehand."""

import pytest

from tests.pricing.titles.accuracy import FILES, LABELS, corpus, measure
from tests.pricing.titles.making import GENERATED, generated

CONDITION, JUNK_F1, GRADED, ELSE = 0.97, 0.98, 0.99, 0.97


def test_the_labelled_titles_are_many_and_mostly_of_every_kind() -> None:
    by_hand, held_out, all_of_them = corpus("by_hand"), corpus("held_out"), corpus()

    assert len(by_hand) >= 300
    assert len(held_out) >= 150
    assert len(all_of_them) >= 1000
    kinds = {one.labels["left_out"] for one in all_of_them}
    assert kinds == {"-", "junk", "not_a_single", "graded", "other_language", "other_variant"}
    assert {one.labels["condition"] for one in all_of_them} == {"-", "NM", "LP", "MP", "HP", "DMG"}


def test_the_generated_titles_are_those_that_are_made() -> None:
    assert GENERATED.read_text("utf-8") == generated()


@pytest.mark.parametrize("name", FILES)
def test_no_title_of_unknown_condition_is_near_mint(name: str) -> None:
    assert measure(corpus(name)).near_mint_unknown == ()


def test_titles_are_read_as_they_are_labelled() -> None:
    measured = measure(corpus())

    assert measured.right["condition"] >= CONDITION, measured.wrong
    assert measured.junk_f1 >= JUNK_F1, measured.wrong
    assert measured.graded >= GRADED, measured.wrong
    assert {label: measured.right[label] for label in LABELS if measured.right[label] < ELSE} == {}


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_read_nearly_as_well(name: str) -> None:
    measured = measure(corpus(name))

    assert measured.right["condition"] >= CONDITION, measured.wrong
    assert measured.graded >= GRADED, measured.wrong
    assert measured.junk_f1 >= 0.96, measured.wrong
