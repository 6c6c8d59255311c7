"""What is read from a title, without a catalogue: numbers, junk, languages, folding."""

import pytest

from worker.pricing.titles import LONGEST_TITLE, read_title, read_words


def numbers(title: str) -> list[str]:
    """The numbers of a title, as prefix, value, suffix and total."""
    return [
        f"{one.prefix}{'' if one.value is None else one.value}{one.suffix}"
        + (f"/{one.total}" if one.total else "")
        for one in read_title(title).numbers
    ]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Charizard 4/102", ["4/102"]),
        ("Charizard 004/102", ["4/102"]),
        ("Charizard 4 / 102 Holo", ["4/102"]),
        ("Charizard (4/102).", ["4/102"]),
        ("Charizard 4/102holo", ["4/102"]),
        ("Charizard 4\N{FRACTION SLASH}102", ["4/102"]),
        ("Charizard 4 of 102", ["4/102"]),
        ("Charizard No.4/102", ["4/102"]),
        ("Charizard VMAX TG03/TG30", ["TG3/30"]),
        ("Mewtwo GG44/GG70", ["GG44/70"]),
        ("Ampharos H1/H32", ["H1/32"]),
        ("Charizard SV49/94", ["SV49/94"]),
        ("Unown A/28", ["A/28"]),
        ("Charizard #4", ["4"]),
        ("Charizard # 4", ["4"]),
        ("Charizard No. 4", ["4"]),
        ("Pikachu SWSH020", ["SWSH20"]),
        ("Pikachu SWSH 020", ["SWSH20"]),
        ("Rowlet SM01", ["SM1"]),
        ("Jirachi XY67a", ["XY67a"]),
        ("pikachu base set 58", ["58"]),
        ("58 pikachu base set", []),
        ("Charizard", []),
    ],
)
def test_a_collector_number_is_read_in_every_form(title: str, expected: list[str]) -> None:
    assert numbers(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "PSA 9 Charizard 4/102",
        "PSA10 Charizard 4/102",
        "Charizard 4/102 BGS 9.5 (subs 9.5/9.5/10/9)",
        "Charizard 4/102 PSA NM-MT 8",
        "Charizard 4/102 Gem Mint 10",
        "PSA GEM MT 10 Charizard 4 / 102",
        "CGC Pristine 10 Charizard 4/102",
        "Charizard 120 HP 4/102",
        "Charizard HP 120 4/102",
        "Charizard LV.76 4/102",
        "Charizard 4/102 $25.50",
        "Charizard 4/102 1st Edition 1999",
        "Charizard 4/102 1st ed gen 1 stage 2",
        "Charizard 4/102 HP",
        "Charizard 4/102 #1234567",
        "Charizard 4/102  HP",
        "Blaine's Charizard #1 4/102",
    ],
)
def test_grades_hit_points_levels_prices_and_years_are_no_collector_numbers(title: str) -> None:
    assert numbers(title) == ["4/102"]


def test_a_grade_is_no_bare_number_either() -> None:
    assert numbers("Charizard Base Set PSA 9 120 HP 1999") == []


@pytest.mark.parametrize(
    ("title", "meaning"),
    [
        ("Charizard 4/102 PROXY", "fake"),
        ("Charizard 4/102 orica", "fake"),
        ("Charizard fan-made 4/102", "fake"),
        ("Lot of 25 Pokemon cards", "several"),
        ("Charizard 4/102 x4", "several"),
        ("4x Charizard 4/102", "several"),
        ("Charizard 4/102 \N{MULTIPLICATION SIGN}3", "several"),
        ("Charizard 4/102 (4)", "several"),
        ("25 cards Base Set", "several"),
        ("Charizard qty 3", "several"),
        ("Charizard 4/102 two cards", "several"),
        ("Charizard 4/102 three copies", "several"),
        ("Charizard 4/102 pair", "several"),
        ("Charizard 4/102 extended", "fake"),
        ("Charizard 4/102 acrylic case", "merchandise"),
        ("case for Charizard 4/102", "merchandise"),
        ("Charizard 4/102 mousepad", "merchandise"),
        ("Charizard 4/102 mouse pad", "merchandise"),
        ("Charizard 4/102 Lego", "merchandise"),
        ("Charizard 4/102 pin", "merchandise"),
        ("Charizard 4/102 token", "merchandise"),
        ("Charizard 4/102 card not included", "merchandise"),
        ("Charizard 4/102 art print", "merchandise"),
        ("Charizard 4/102 NFT", "digital"),
        ("Charizard 4/102 svg", "digital"),
        ("Charizard 4/102 png", "digital"),
        ("Charizard 4/102 file", "digital"),
        ("Charizard 4/102 wooden", "fake"),
        ("Charizard 4/102 holo foil swap", "fake"),
        ("Charizard 4/102 altered", "fake"),
        ("Charizard 4/102 painted", "fake"),
        ("Choose your card! Base Set", "choice"),
        ("Booster box Base Set", "sealed"),
        ("Charizard ex code card", "digital"),
        ("Charizard jumbo card", "merchandise"),
        ("Pikachu red cheeks error", "other_product"),
        ("Pikachu prerelease stamped", "other_product"),
    ],
)
def test_words_that_say_it_is_no_single_card_are_found(title: str, meaning: str) -> None:
    assert {found.meaning for found in read_title(title).junk} == {meaning}


@pytest.mark.parametrize(
    "title",
    [
        "Lotad 63/107",
        "Copycat 83/109",
        "slot Charizard 4/102",
        "Charizard 4/102 pack fresh",
        "Charizard 4/102 not a proxy, no replica",
        "Charizard 4/102 x1",
        "Charizard 4/102 from my collection",
        "Charizard 4/102 1st Edition stamp",
        "Luxray GL LV.X 109/111",
        "Pok\N{LATIN SMALL LETTER E WITH ACUTE}mon Collector 97/123",
        "Charizard 4/102 100% authentic guaranteed",
        "Charizard 4/102 with toploader",
        "Charizard 4/102 in case protector",
        "Charizard 4/102 ships in sleeve",
        "Charizard 4/102 hard case included",
        "Charizard 4/102 toploader not included",
        "Charizard 4/102 in magnetic case",
        "Charizard 4/102 pin hole in corner",
        "Charizard 4/102 not altered, not painted",
        "Pineco 61/111",
        "Charizard 4/102 first print",
    ],
)
def test_words_inside_words_and_words_of_care_are_no_junk(title: str) -> None:
    assert read_title(title).junk == ()


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Japanese Charizard 6/165", "japanese"),
        ("Charizard 6/165 JPN", "japanese"),
        ("Charizard 4/102 Deutsch", "german"),
        ("Dracaufeu 4/102 Set de Base", "french"),
        ("Charizard 4/102 prima edizione", "italian"),
        ("Charizard 4/102 FR", "french"),
        ("\N{KATAKANA LETTER RI}\N{KATAKANA LETTER ZA} 4/102", "unknown"),
        ("\N{HANGUL SYLLABLE GA} Charizard 4/102", "unknown"),
        ("Charizard 4/102 English, not Japanese", None),
        ("Charizard non-Japanese 4/102", None),
        ("Charizard 4/102 NL", "dutch"),
        ("Charizard 4/102 EU PT", "portuguese"),
        ("Charizard 4/102 in 35 PT toploader", None),
        ("Charizard 4/102 in 130 PT MAGNETIC", None),
        ("CHARIZARD 4/102 BASE SET DE", "german"),
        ("CHARIZARD 4/102 BASE SET KR", "korean"),
        ("charizard 4/102 base set nl", "dutch"),
        ("Charizard 4/102 ES", "spanish"),
        ("Charizard 4/102 JP", "japanese"),
        ("Charizard 4/102 DE/NM", "german"),
        ("CHARIZARD 4/102 BASE SET NL", "dutch"),
        ("CHARIZARD 4/102 BASE SET (IT)", "italian"),
        ("charizard 4/102 nl version", "dutch"),
        ("charizard 4/102 language: de", "german"),
        ("charizard 4/102 [pt]", "portuguese"),
        ("CHARIZARD 4/102 MINT FOR IT IS", None),
        ("Charizard 4/102 IT'S A HOLO", None),
        ("Charizard 4/102 what it is", None),
        ("Charizard 4/102 get it fast", None),
    ],
)
def test_another_language_is_heard_and_its_denial_too(title: str, language: str | None) -> None:
    assert read_title(title).language == language


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Farfetch\N{RIGHT SINGLE QUOTATION MARK}d", ("farfetchd",)),
        ("Pok&eacute;mon Trader", ("pokemon", "trader")),
        ("Fire &amp;amp; Ice", ("fire", "ice")),
        ("Chari\N{SOFT HYPHEN}zard", ("charizard",)),
        ("Chari\N{ZERO WIDTH SPACE}zard", ("charizard",)),
        ("\N{FIRE}Charizard\N{FIRE}", ("charizard",)),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER M}ew", ("mew",)),
        ("Charizard V-Max", ("charizard", "vmax")),
        ("Luxray Lv. X", ("luxray", "lvx")),
        ("M Gardevoir-EX", ("mega", "gardevoir", "ex")),
        ("Nidoran M", ("nidoran", "\N{MALE SIGN}")),
        ("Nidoran\N{FEMALE SIGN}\N{VARIATION SELECTOR-16}", ("nidoran", "\N{FEMALE SIGN}")),
        ("Umbreon \N{WHITE STAR}", ("umbreon", "\N{BLACK STAR}")),
    ],
)
def test_what_is_written_in_many_ways_is_folded_into_one(title: str, expected: tuple[str, ...]) -> None:
    assert read_words(title) == expected


def test_years_and_capitals_are_noted_and_a_title_of_capitals_has_none() -> None:
    said = read_title("1999 Charizard 4/102 BASE set")

    assert said.years == {1999}
    assert [said.words[place] for place in said.capitals] == ["base"]
    assert read_title("1999 CHARIZARD 4/102 BASE SET").capitals == frozenset()


@pytest.mark.parametrize(
    "title", ["", " ", "/", "#", "4/", "((((", "\0", "\ud800", "&#0;", "9" * 5000, "a/b/c/1/2"]
)
def test_nonsense_is_read_without_an_error(title: str) -> None:
    assert len(read_title(title).words) <= LONGEST_TITLE


def test_a_long_title_is_read_as_far_as_any_platform_lets_one_go() -> None:
    assert numbers("x" * LONGEST_TITLE + " 4/102") == []
