"""A coin from its attributes, and the few words that its like is searched by."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pricing.coin_query import (
    MOST_CHARACTERS,
    MOST_WORDS,
    BadAttributes,
    read_attributes,
    search_words,
)


def query(**attributes: Any) -> str:
    return search_words(read_attributes(attributes))


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        (
            {"year": 1921, "mintmark": "S", "denomination": "dollar", "title": "Morgan dollar"},
            "US coin 1921 S Morgan dollar",
        ),
        (
            {"year": "1921", "mintmark": "s", "denomination": "$1", "title": "1921-S Morgan Silver Dollar"},
            "US coin 1921 S Morgan Dollar",
        ),
        ({"year": 1921, "mintmark": "none", "title": "Morgan Dollar"}, "US coin 1921 Morgan Dollar"),
        ({"year": 1921, "mintmark": "P", "title": "Morgan Dollar"}, "US coin 1921 Morgan Dollar"),
        ({"year": 1921, "mintmark": "", "title": "Morgan Dollar"}, "US coin 1921 Morgan Dollar"),
        ({"year": "1964-D", "title": "Kennedy"}, "US coin 1964 D Kennedy half dollar"),
        ({"year": 1964, "mint_mark": "D", "denomination": "50C"}, "US coin 1964 D half dollar"),
        (
            {"year": 1893, "mintmark": "S", "title": "Morgan Dollar", "grade": "MS65", "grader": "PCGS"},
            "US coin 1893 S Morgan Dollar PCGS",
        ),
        ({"year": 2021, "title": "American Silver Eagle"}, "US coin 2021 American Silver Eagle"),
        (
            {"year": 1936, "denomination": "5 cents", "country": "Canada", "title": "George V"},
            "Canada coin 1936 George V nickel",
        ),
        ({"year": 1976, "title": "1776-1976 Washington quarter"}, "US coin 1976 Washington quarter"),
    ],
)
def test_a_coin_is_searched_by_few_words(attributes: dict[str, Any], words: str) -> None:
    assert query(**attributes) == words


def test_in_a_category_of_coins_nobody_has_to_say_that_it_is_one() -> None:
    coin = read_attributes({"year": 1921, "mintmark": "S", "title": "Morgan dollar"})

    assert search_words(coin, in_category=True) == "1921 S Morgan dollar"
    assert coin.category == "253"
    assert read_attributes({"year": 1936, "country": "Canada", "title": "Cent"}).category == "256"


@pytest.mark.parametrize(
    ("attributes", "mark"),
    [
        ({}, None),
        ({"mintmark": None}, None),
        ({"mintmark": "unknown"}, None),
        ({"mintmark": "none"}, "P"),
        ({"mintmark": "P"}, "P"),
        ({"mintmark": ""}, "P"),
        ({"mintmark": "cc"}, "CC"),
        ({"title": "1921-D Morgan"}, "D"),
    ],
)
def test_no_mint_mark_is_another_thing_than_none_known(attributes: dict[str, Any], mark: str | None) -> None:
    assert read_attributes({"year": 1921, "denomination": "dollar", **attributes}).mark == mark


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({}, 'a coin has no attributes: give at least "year" and "denomination" or "title"'),
        ({"colour": "red"}, 'a coin has no attributes: give at least "year" and "denomination" or "title"'),
        ({"title": "Morgan"}, 'a coin needs its "year": without it no two coins can be compared'),
        ({"year": "", "title": "x"}, 'a coin needs its "year": without it no two coins can be compared'),
        (
            {"year": "old", "title": "x"},
            "\"year\" is 'old': one year of four figures, from 1600 to 2099, is needed",
        ),
        (
            {"year": "1878-1904", "title": "x"},
            "\"year\" is '1878-1904': one year of four figures, from 1600 to 2099, is needed",
        ),
        (
            {"year": 1921},
            'a coin needs its "denomination" or its "title": a year alone finds every coin of it',
        ),
        (
            {"year": 1921, "title": "Morgan", "mintmark": "X"},
            (
                '"mintmark" is \'X\': it is one of C, CC, D, O, P, S, W, "none" where there is none, '
                "or left out where nobody knows it"
            ),
        ),
        (
            {"year": 1921, "denomination": "florin"},
            "\"denomination\" is 'florin', which is no one denomination of the United States",
        ),
        (
            {"year": 1921, "title": "Morgan", "grade": "shiny"},
            '"grade" is \'shiny\': it is one such as "MS65", "VF30", "XF" or "XF Details"',
        ),
        (
            {"year": 1921, "title": "Morgan", "grader": "my uncle"},
            '"grader" is \'my uncle\': it is one such as "PCGS" or "NGC"',
        ),
        ({"year": [1921], "title": "x"}, 'a coin\'s "year" is a text or a number, not list'),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(attributes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadAttributes) as refused:
        read_attributes(attributes)

    assert str(refused.value) == sentence


def test_of_a_title_of_ten_thousand_characters_a_search_is_made_that_fits() -> None:
    assert query(year=1921, title="Morgan dollar " * 700) == "US coin 1921 Morgan dollar"


@given(st.text(max_size=600), st.integers(1600, 2099))
def test_whatever_the_title_a_search_is_short(title: str, year: int) -> None:
    words = query(year=year, title=title, denomination="dollar")

    assert words.startswith(f"US coin {year}")
    assert len(words) <= MOST_CHARACTERS
    assert len(words.split()) <= MOST_WORDS


@pytest.mark.parametrize(
    ("attributes", "grade", "details"),
    [
        ({"grade": "65"}, "MS65", False),
        ({"grade": 65, "strike": "proof"}, "PF65", False),
        ({"grade": "30"}, "VF30", False),
        ({"grade": "ef-40"}, "XF40", False),
        ({"grade": "PR69"}, "PF69", False),
        ({"grade": "XF Details", "grader": "NGC"}, "XF", True),
        ({"grade": "XF", "details": True}, "XF", True),
        ({"strike": "proof"}, "PF", False),
    ],
)
def test_a_grade_is_read_however_it_is_written(attributes: dict[str, Any], grade: str, details: bool) -> None:
    coin = read_attributes({"year": 1921, "title": "Morgan", **attributes})

    assert (coin.grade.grade, coin.grade.details) == (grade, details)
