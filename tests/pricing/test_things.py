"""Anything with attributes: its search, and what is of its like."""

from typing import Any

import pytest

from worker.pricing.coin_query import BadAttributes
from worker.pricing.likeness import likeness_of

STAMP = {"country": "Germany", "title": "Zeppelin", "year": 1931, "color": "blue", "category": 260}


def reason(title: str | None, attributes: dict[str, Any] = STAMP) -> str | None:
    return likeness_of("stamp", attributes).judge(title).left_out


def test_a_thing_is_searched_by_the_values_of_its_attributes_what_names_it_first() -> None:
    like = likeness_of("stamp", STAMP)

    assert (like.query, like.words, like.category) == ("zeppelin 1931 germany blue",) * 2 + ("260",)


@pytest.mark.parametrize(
    ("title", "left_out"),
    [
        ("1931 Germany Zeppelin stamp blue MNH", None),
        ("Germany Zeppelin blue", "other_card"),
        ("1931 Germany Zeppelin blue reprint", "junk"),
        ("Lot of 5 1931 Germany Zeppelin blue", "not_a_single"),
        ("1931 Germany Zeppelin blue, choose one", "not_a_single"),
        ("", "other_card"),
        (None, "other_card"),
        ("x" * 10_000, "other_card"),
    ],
)
def test_its_like_says_all_of_them_and_no_junk(title: str | None, left_out: str | None) -> None:
    assert reason(title) == left_out


def test_a_word_of_its_own_is_no_junk() -> None:
    assert reason("Zeppelin replica 1931", {"title": "Zeppelin replica"}) is None


@pytest.mark.parametrize("attributes", [{}, {"size": [1, 2]}, {"title": " "}, {"notes": "nice"}])
def test_a_thing_of_which_nothing_is_said_is_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(BadAttributes, match="without a text or a number among its attributes"):
        likeness_of("stamp", attributes)


def test_of_long_values_a_search_is_made_that_fits() -> None:
    assert len(likeness_of("book", {"title": "word " * 3000, "b": "x" * 5000}).words) <= 100


def test_a_coin_is_a_coin() -> None:
    like = likeness_of("coin", {"year": 1921, "mintmark": "S", "title": "Morgan dollar"})

    assert (like.query, like.words, like.category) == (
        "US coin 1921 S Morgan dollar",
        "1921 S Morgan dollar",
        "253",
    )
