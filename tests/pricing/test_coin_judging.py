"""Which listings are of a coin's like, by their titles: identity, faults and the market of grades."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pricing.coin_judging import judge_coin
from worker.pricing.coin_query import read_attributes

MORGAN = {"year": 1921, "mintmark": "S", "denomination": "dollar", "title": "Morgan dollar"}


def judged(title: str | None, /, **more: Any) -> tuple[str | None, str]:
    found = judge_coin(read_attributes({**MORGAN, **more}), title)
    return found.left_out, found.why


def reason(title: str, /, **more: Any) -> str | None:
    return judged(title, **more)[0]


@pytest.mark.parametrize(
    "title",
    [
        "1921-S Morgan Silver Dollar",
        "1921 S Morgan Dollar VF",
        "1921S Morgan $1 XF nice",
        "US Morgan Silver Dollar 1921-S 90% Silver",
        "Morgan Silver Dollar - S - 1921",
        "1921 Morgan Dollar San Francisco mint",
        "1921 Morgan Dollar S Mint",
        "1921-S Morgan Dollar album toned",
        "1921-S Morgan dollar not cleaned",
        "1921-S Morgan dollar from estate collection",
        "U.S. 1921-S Morgan's silver dollar",
        "1921\u2013S MORGAN DOLLAR BU",
        "1921-S Morgan Dollar PCGS ready gem BU",
        "Ungraded 1921-S Morgan Dollar not PCGS",
    ],
)
def test_the_same_coin_is_known_however_it_is_called(title: str) -> None:
    assert judged(title) == (None, "")


@pytest.mark.parametrize(
    ("title", "left_out", "why"),
    [
        (None, "other_card", "it has no title"),
        (" ", "other_card", "it has no title"),
        ("1922-S Peace Dollar", "other_card", "1922 instead of 1921"),
        ("Morgan Dollar S", "other_card", "no year instead of 1921"),
        ("1921-D Morgan Dollar", "other_card", "mint mark D instead of mint mark S"),
        ("1921 Morgan Dollar", "other_card", "mint mark not said instead of mint mark S"),
        ("1921-S Peace Dollar", "other_card", "peace instead of morgan"),
        ("1921-S Walking Liberty Half Dollar", "other_card", "half dollar instead of dollar"),
        (
            "1921-S Morgan and Kennedy dollar 50C",
            "not_a_single",
            "several denominations: dollar, half dollar",
        ),
        ("1921-P-D-S Morgan Dollar", "not_a_single", "several mint marks: D, P, S"),
        ("1921-S 1922-S Morgan Dollar", "not_a_single", "several years: 1921, 1922"),
        ("1921-S Morgan Silver Dollar replica copy", "junk", '"replica": no genuine coin'),
        ("1921-S Morgan Dollar gold plated", "junk", '"gold plated": no genuine coin'),
        ("1921-S Morgan Dollar cleaned", "junk", '"cleaned": a coin with a fault'),
        ("1921-S Morgan Dollar holed", "junk", '"holed": a coin with a fault'),
        ("1921-S Morgan Dollar ring", "junk", '"ring": no coin, or not only one'),
        ("Roll of 20 1921-S Morgan Dollars BU", "not_a_single", '"roll": several coins'),
        ("Lot of 5 1921-S Morgan Dollars", "not_a_single", '"lot": several coins'),
        ("1921-S Morgan Dollar x4", "not_a_single", '"x 4": several coins'),
        ("You pick 1921-S Morgan dollar", "not_a_single", '"you pick": a choice of coins'),
        ("1921-S Morgan Dollar PCGS MS65", "graded", "PCGS MS65 instead of a raw coin"),
        ("1921-S Morgan XF Details cleaned NGC", "graded", "NGC XF details instead of a raw coin"),
        ("1921-S Morgan dollar proof", "other_variant", "a proof"),
        ("1921-S Morgan dollar VAM 1B", "other_variant", "vam instead of none"),
        ("1921-D/S Morgan dollar S mint", "not_a_single", "several mint marks: D, S"),
        ("1921-S Morgan dollar DMPL", "other_variant", "DMPL instead of none"),
    ],
)
def test_what_is_another_coin_or_none_is_left_out_and_why(title: str, left_out: str, why: str) -> None:
    assert judged(title) == (left_out, why)


def test_a_coin_without_mint_mark_is_none_with_one() -> None:
    philadelphia = {"mintmark": "none"}

    assert reason("1921 Morgan Dollar", **philadelphia) is None
    assert reason("1921-P Morgan Dollar", **philadelphia) is None
    assert judged("1921-S Morgan Dollar", **philadelphia) == (
        "other_card",
        "mint mark S instead of no mint mark",
    )


def test_where_nobody_knows_the_mint_mark_all_are_alike() -> None:
    assert {reason(f"1921{mark} Morgan Dollar", mintmark=None) for mark in ("", "-S", "-D")} == {None}


@pytest.mark.parametrize(
    ("title", "left_out"),
    [
        ("1921-S Morgan Dollar PCGS MS65", None),
        ("1921-S Morgan Dollar MS-65 PCGS", None),
        ("PCGS MS 65 1921 S Morgan Dollar", None),
        ("1921-S Morgan Dollar NGC MS65", "graded"),
        ("1921-S Morgan Dollar PCGS MS64", "graded"),
        ("1921-S Morgan Dollar PCGS MS65+", "graded"),
        ("1921-S Morgan Dollar PCGS", "no_condition"),
        ("1921-S Morgan Dollar MS65", "graded"),
        ("1921-S Morgan Dollar PCGS MS65 or NGC MS65", "graded"),
        ("1921-S Morgan Dollar PCGS MS65 DMPL", "other_variant"),
        ("1921-S Morgan Dollar PCGS MS65 CAC", "other_variant"),
        ("1921-S Morgan Dollar PCGS UNC Details", "graded"),
    ],
)
def test_a_slab_is_compared_with_slabs_of_its_grader_and_grade(title: str, left_out: str | None) -> None:
    assert reason(title, grader="PCGS", grade="MS65") == left_out


@pytest.mark.parametrize(
    ("title", "left_out"),
    [
        ("1921-S Morgan Dollar VF", None),
        ("1921-S Morgan Dollar VF30", None),
        ("1921-S Morgan Dollar very fine", None),
        ("1921-S Morgan Dollar", "no_condition"),
        ("1921-S Morgan Dollar VF/XF", "no_condition"),
        ("1921-S Morgan Dollar .999 fine silver", "no_condition"),
        ("1921-S Morgan Dollar BU", "other_variant"),
        ("1921-S Morgan Dollar extremely fine", "other_variant"),
        ("1921-S Morgan Dollar PCGS VF30", "graded"),
    ],
)
def test_a_raw_coin_of_a_grade_is_compared_with_raw_ones_of_that_grade(
    title: str, left_out: str | None
) -> None:
    assert reason(title, grade="VF20") == left_out


@pytest.mark.parametrize(
    ("title", "left_out"),
    [
        ("1893-S Morgan XF Details cleaned NGC", None),
        ("1893-S Morgan NGC XF Details", None),
        ("1893-S Morgan NGC XF40", "graded"),
        ("1893-S Morgan XF", "graded"),
    ],
)
def test_a_coin_with_details_is_compared_with_its_kind(title: str, left_out: str | None) -> None:
    assert reason(title, year=1893, grader="NGC", grade="XF Details") == left_out


def test_a_word_of_its_own_title_is_no_fault_of_a_coin() -> None:
    title = "1936 Bridgeport commemorative half dollar medal"

    own = {"year": 1936, "mintmark": None, "denomination": "half dollar", "title": "Bridgeport medal"}
    assert reason(title, **own) is None
    assert reason(title, **own | {"title": "Bridgeport"}) == "junk"


def test_the_two_years_of_the_bicentennial_are_one() -> None:
    quarter = {"year": 1976, "mintmark": "D", "denomination": "quarter", "title": "Washington quarter"}

    assert reason("1776-1976 D Washington Quarter", **quarter) is None
    assert reason("1976-D 1977-D Washington Quarter", **quarter) == "not_a_single"


def test_a_variety_is_another_coin() -> None:
    vdb = {"year": 1909, "denomination": "cent", "title": "Lincoln cent VDB"}

    assert reason("1909-S V.D.B. Lincoln cent", **vdb) is None
    assert reason("1909-S Lincoln cent", **vdb) == "other_variant"
    assert reason("1909-S VDB Lincoln cent", **vdb | {"title": "Lincoln cent"}) == "other_variant"


@pytest.mark.parametrize("title", ["x" * 10_000, "\N{FIRE}" * 10_000, "1921-S " * 2000, "\0\ud800"])
def test_no_title_is_too_long_or_too_odd_to_be_judged(title: str) -> None:
    assert reason(title) == "other_card"


@given(st.text(max_size=300))
def test_nothing_in_a_title_is_an_error(title: str) -> None:
    judged(title)
