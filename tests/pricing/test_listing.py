"""What one listing's title says, trap by trap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pricing.conditions import CONDITIONS, worse
from worker.pricing.listing import LeftOut, ListingReading, read_listing

PLAIN = ListingReading(None, None, None, "en", None, 1, None, None, "no condition named")


@pytest.mark.parametrize(
    ("title", "condition"),
    [
        ("Charizard 4/102 Near Mint", "NM"),
        ("Charizard 4/102 lightly-played", "LP"),
        ("Charizard 4/102 VG", "MP"),
        ("Charizard 4/102 Heavily Played", "HP"),
        ("Charizard 4/102 creased", "DMG"),
        ("Charizard 4/102", None),
        ("Charizard 4/102 great card", None),
        ("Charizard 4/102 NM?", None),
        ("Charizard 120 HP 4/102", None),
        ("Charizard HP 120 4/102", None),
        ("Charizard 4/102 HP", "HP"),
        ("Pikachu 78/110 Holon Phantoms HP", None),
        ("Charizard EX 12/108", None),
        ("Charizard ex NM 199/165", "NM"),
        ("Charizard 4/102 (EX)", "LP"),
        ("Charizard 4/102 EX+", "LP"),
        ("Charizard 4/102 VG-EX", "MP"),
        ("Charizard 4/102 Unlimited Holo EX", "LP"),
        ("Charizard 4/102 no creases, lightly played", "LP"),
        ("Charizard 4/102 not mint", None),
        ("Charizard 4/102 mint mark", None),
    ],
)
def test_a_condition_is_what_words_say_and_nothing_else_is_one(title: str, condition: str | None) -> None:
    assert read_listing(title).condition == condition


@pytest.mark.parametrize(
    ("title", "condition"),
    [
        ("Charizard 4/102 NM/LP", "LP"),
        ("Charizard 4/102 LP - MP", "MP"),
        ("Charizard 4/102 NM front, creased", "DMG"),
        ("Charizard 4/102 NM-HP", None),
        ("Charizard 4/102 near mint, heavily played", None),
    ],
)
def test_of_two_neighbours_the_worse_counts_and_further_apart_none(title: str, condition: str | None) -> None:
    assert read_listing(title).condition == condition


def test_nothing_is_worse_than_nothing() -> None:
    assert worse([]) is None
    assert [worse([one]) for one in CONDITIONS] == list(CONDITIONS)


@pytest.mark.parametrize(
    ("title", "grader", "grade", "qualifier"),
    [
        ("PSA 9 Charizard 4/102", "PSA", "9", None),
        ("Charizard 4/102 psa10", "PSA", "10", None),
        ("Charizard 4/102 PSA GEM MT 10", "PSA", "10", None),
        ("Charizard 4/102 Beckett 9.5 (9.5/9.5/10/9)", "BGS", "9.5", None),
        ("Charizard 4/102 BGS 10 Black Label", "BGS", "10", "black label"),
        ("CGC Pristine 10 Charizard 4/102", "CGC", "10", "pristine"),
        ("Charizard 4/102 PSA 9 (OC)", "PSA", "9", "OC"),
        ("Charizard 4/102 PSA Authentic", "PSA", "Authentic", "authentic"),
        ("Charizard 4/102 MINT 9 PSA", "PSA", "9", None),
        ("Charizard 4/102 PSA, near mint 7", "PSA", "7", None),
        ("Charizard 4/102 TAG 10", "TAG", "10", None),
        ("1881-S Morgan Dollar PCGS MS-65+", "PCGS", "MS65+", None),
        ("1893-S Morgan XF Details cleaned NGC", "NGC", "XF Details", "details"),
    ],
)
def test_a_slab_has_its_grader_its_grade_and_no_condition(
    title: str, grader: str, grade: str, qualifier: str | None
) -> None:
    read = read_listing(title)

    assert (read.grader, read.grade, read.qualifier) == (grader, grade, qualifier)
    assert (read.condition, read.left_out) == (None, "graded")


@pytest.mark.parametrize(
    "title",
    [
        "Charizard 4/102 NM PSA ready",
        "Charizard 4/102 NM PSA 10?",
        "Charizard 4/102 PSA 9 or BGS 9.5 candidate, NM",
        "Charizard 4/102 not PSA 10, NM",
        "Charizard 4/102 NM potential PSA 10",
        "Charizard 4/102 NM PSA 9/10",
        "Ungraded Charizard 4/102 NM not PSA",
        "Charizard 4/102 NM never graded",
        "Charizard GX TAG TEAM 4/102 NM",
        "Prime Catcher ACE SPEC 4/102 NM",
        "Raw Charizard 4/102 NM gem mint 10?",
    ],
)
def test_what_only_sounds_like_a_slab_is_a_raw_card(title: str) -> None:
    read = read_listing(title)

    assert (read.grader, read.grade, read.left_out, read.condition) == (None, None, None, "NM")


def test_two_slabs_in_one_title_are_neither() -> None:
    two, same = read_listing("CGC Pristine 10 vs PSA 10 Umbreon"), read_listing("PSA 9 or PSA 8 Umbreon")

    assert (two.grader, two.grade, two.left_out) == (None, None, "graded")
    assert (same.grader, same.grade, same.left_out) == ("PSA", None, "graded")


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Charizard 4/102 proxy lot of 4 PSA 9 Japanese", "junk"),
        ("Charizard 4/102 lot of 4 PSA 9 Japanese", "not_a_single"),
        ("Charizard 4/102 PSA 9 Japanese signed", "graded"),
        ("Charizard 4/102 Japanese signed", "other_language"),
        ("Charizard 4/102 signed", "other_variant"),
        ("Charizard 4/102", None),
    ],
)
def test_the_gravest_reason_counts(title: str, reason: LeftOut | None) -> None:
    assert read_listing(title).left_out == reason


@pytest.mark.parametrize(
    ("title", "quantity"),
    [
        ("Charizard 4/102", 1),
        ("4x Charizard 4/102", 4),
        ("Charizard 4/102 x 3", 3),
        ("Charizard 4/102 (4)", 4),
        ("Charizard 4/102 playset", 4),
        ("Lot of 25 Charizard cards", 25),
        ("1500 Pokemon cards", 1500),
        ("Charizard 4/102 & Blastoise 2/102", 2),
        ("Pokemon bundle", None),
        ("Pokemon 151 cards Charizard", 1),
    ],
)
def test_a_quantity_is_said_or_unknown(title: str, quantity: int | None) -> None:
    read = read_listing(title)

    assert read.quantity == quantity
    assert (read.left_out == "not_a_single") == (quantity != 1)


@pytest.mark.parametrize(
    "title",
    [
        "Lotad 63/107 NM",
        "Copycat 83/109 NM",
        "Custom Catcher 171/214 NM",
        "Box of Disaster 154/196 NM",
        "Pok\u00e9mon Collector 97/123 NM",
        "Energy Removal 92/102 NM",
        "Metal Energy 19/111 NM",
        "Amulet Coin 97/111 NM",
        "Umbreon Gold Star 17/17 NM",
        "Charizard 4/102 Classic Collection NM",
        "Charizard 4/102 NM not a proxy",
        "Charizard 4/102 NM comes in toploader and sleeve",
        "Charizard 4/102 NM from my old binder collection",
    ],
)
def test_words_of_names_and_of_singles_are_no_junk(title: str) -> None:
    assert (read_listing(title).left_out, read_listing(title).condition) == (None, "NM")


def test_words_of_the_name_that_is_given_are_no_junk() -> None:
    assert read_listing("Replica Machine 12/99 NM").left_out == "junk"
    assert read_listing("Replica Machine 12/99 NM", "Replica Machine").left_out is None
    assert read_listing("Machine: Replica 12/99 NM", "Replica Machine").left_out is None
    assert read_listing("Replica Machine replica 12/99", "Replica Machine").left_out == "junk"


@pytest.mark.parametrize(
    ("title", "wanted", "is_other"),
    [
        ("Charizard 4/130 NM", "4/102", True),
        ("Charizard 5/102 NM", "4", True),
        ("Charizard 4/102 NM", "4", False),
        ("Charizard 004/102 NM", "4/102", False),
        ("Charizard #4 NM", "4/102", False),
        ("Charizard NM", "4/102", False),
        ("Charizard TG03/TG30 NM", "TG03", False),
        ("Charizard SWSH066 NM", "SWSH67", True),
    ],
)
def test_another_number_than_the_given_one_is_another_card(title: str, wanted: str, is_other: bool) -> None:
    assert (read_listing(title, "Charizard", wanted).left_out == "other_card") == is_other


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("Charizard 4 / 102", "4/102"),
        ("Charizard #4/102", "4/102"),
        ("Charizard 4 of 102", "4/102"),
        ("Charizard No. 4", "4"),
        ("Charizard tg12/tg30", "TG12/TG30"),
        ("Pikachu SWSH 020", "SWSH020"),
        ("Jirachi xy67a", "XY67a"),
        ("Pikachu 001/SV-P", "001/SV-P"),
        ("Luffy op05-119", "OP05-119"),
        ("Unown A/28", "A/28"),
        ("PSA 9 Charizard 1999", None),
    ],
)
def test_a_number_is_given_as_it_is_written(title: str, number: str | None) -> None:
    assert read_listing(title).number == number


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Charizard 4/102", "en"),
        ("Charizard 4/102 Japanese", "ja"),
        ("\u30ea\u30b6\u30fc\u30c9\u30f3 4/102", "ja"),
        ("Charizard 4/102 \U0001f1ef\U0001f1f5", "ja"),
        ("Glurak 4/102 deutsch", "de"),
        ("Charizard 4/102 1a edizione", "it"),
        ("Charizard 4/102 (FR)", "fr"),
        ("Charizard 4/102 not Japanese", "en"),
        ("Charizard 4/102 35PT toploader", "en"),
    ],
)
def test_a_language_is_its_code_and_english_where_none_is_said(title: str, language: str) -> None:
    assert read_listing(title).language == language


def test_a_coin_is_read_as_one_where_its_words_or_the_caller_say_so() -> None:
    assert read_listing("1921 Morgan Dollar copy").left_out == "junk"
    assert read_listing("Charizard 4/102 nice copy").left_out is None
    assert read_listing("1921 S nice copy", game="coin").left_out == "junk"
    assert read_listing("1921 Morgan Dollar copy", game="card").left_out is None


@pytest.mark.parametrize(
    "title", ["", " ", "\U0001f525" * 40, "?" * 500, "x" * 10_000, "a " * 5_000, "\0", "4/102" * 99]
)
def test_any_line_has_a_reading(title: str) -> None:
    assert read_listing(title).condition is None


def test_a_title_that_says_nothing_is_a_plain_reading() -> None:
    assert read_listing("\U0001f525\U0001f525") == PLAIN


def test_why_names_the_words_that_said_so() -> None:
    assert read_listing("Charizard 4/102 near mint").why == "NM: near mint"
    assert read_listing("3x Charizard 4/102 proxy LP as is").why == "junk: proxy; LP: lp; risk: as is"
    assert read_listing("Lot of 500 cards").why == "not_a_single: lot of 500; no condition named"


@given(
    st.text(max_size=120)
    | st.lists(
        st.sampled_from(
            [
                "PSA",
                "10",
                "NM",
                "/",
                "x",
                "4",
                "lot",
                "of",
                "not",
                "?",
                "HP",
                "(4)",
                "4/102",
                "#",
                "MS65",
                "raw",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_nothing_in_a_title_is_an_error_and_no_graded_card_has_a_condition(title: str) -> None:
    read = read_listing(title)

    assert read.condition in {None, *CONDITIONS}
    assert read.left_out != "graded" or read.condition is None
    assert (read.grade is None) or read.left_out is not None
    assert read == read_listing(title)
