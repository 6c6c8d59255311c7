"""What the title of a coin's listing says: which coin it is, how it is graded, and what speaks against it."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from worker.pricing.coin_grades import CoinGrade, read_grade
from worker.pricing.coin_kinds import (
    MARKS,
    cities_in,
    coin_words,
    denominations_in,
    series_in,
    shortened,
)
from worker.pricing.phrases import Phrases

Fault = Literal["fake", "several", "choice", "goods", "problem"]

FAULTS: dict[Fault, str] = {
    "fake": """
        replica | replicas | copy | copies | plated | gold plated | silver plated | layered | clad copy |
        tribute | novelty | fantasy | counterfeit | fake | faux | reproduction | repro | restrike |
        commemorative token | token | tokens | colorized | colourized | colorised | painted | enameled |
        hobo | two headed | double headed | two tailed | magician | not real | not genuine | for display |
        souvenir | elongated
    """,
    "several": """
        roll | rolls | lot | lots | set | sets | bag | bags | tube | collection | bulk | pair | hoard |
        assorted | mixed | various | dozen | bundle | coins | album set | date set | stack
    """,
    "choice": "choose | pick | you pick | your choice | select | drop down | random | mystery | choice of",
    "goods": """
        ring | jewelry | jewellery | pendant | necklace | keychain | cufflinks | money clip | belt buckle
        | magnet | album | folder | book | holder only | box only | case only | empty | medal | medallion
        | bar | poster | filler | cull | culls | scrap
    """,
    "problem": """
        cleaned | harshly cleaned | polished | buffed | whizzed | holed | hole | ex jewelry | ex jewellery
        | damaged | damage | scratched | scratches | bent | corroded | corrosion | plugged | tooled |
        altered | graffiti | rim damage | environmental damage | mount removed | details | detail
    """,
}
HARMLESS = """
    album toned | album toning | roll fresh | original roll | from roll | from a roll | from an original
    roll | bank roll | bag marks | bag mark | bag toned | set break | from set | from mint set | from a
    mint set | mint set toned | registry set | set registry | from collection | from a collection | estate
    collection | private collection | from private collection | old collection | collection builder | lots
    of luster | lots of lustre | lots of eye | lot of luster | lot of eye | a lot of | no bag marks |
    album piece | in case | one of our coins | us coins | us coin | coins for | great coins | key date
    coins | silver coins
"""
NEGATIONS = frozenset({"not", "no", "non", "never", "un", "without"})
VARIETIES = """
    vdb | vam | ddo | ddr | double die | doubled die | rpm | repunched | overdate | over date | micro |
    error | off center | misstrike | mint error | clipped | broadstruck | wrong planchet | three legged |
    3 legged | small date | large date | wide am | close am | type 1 | type 2 | type i | type ii | high
    relief | reverse proof
"""
OVER = ("/", "over")
OVERMINTMARK = "overmintmark"

_FAULTS: Phrases[Fault | None] = Phrases(
    [
        *((" ".join(one.split()), fault) for fault, said in FAULTS.items() for one in said.split("|")),
        *((" ".join(one.split()), None) for one in HARMLESS.split("|")),
    ]
)
_VARIETIES: Phrases[str] = Phrases(
    [(" ".join(one.split()), " ".join(one.split())) for one in VARIETIES.split("|")]
)
_YEAR = re.compile(r"1[6-9]\d\d|20\d\d")
_BICENTENNIAL = frozenset({1776, 1976})


class CoinReading(NamedTuple):
    """What a title says.

    ``years`` are all that it names; ``marks`` the mint marks, none where it names none (as coins of
    Philadelphia mostly do). ``faults`` are words that speak against a single genuine sound coin, each with
    what it means; ``varieties`` what makes it another coin than most of its year.
    """

    years: frozenset[int]
    marks: frozenset[str]
    denominations: frozenset[str]
    series: frozenset[str]
    grade: CoinGrade
    varieties: frozenset[str]
    faults: tuple[tuple[str, Fault], ...]


def read_coin_title(title: str) -> CoinReading:
    """Read a title; nothing in it is an error, and what stands behind its 500th character is not read."""
    words = coin_words(title)
    small = [word.lower() for word in words]
    return CoinReading(
        years=years_in(words),
        marks=marks_in(words) or cities_in(small),
        denominations=denominations_in(small),
        series=series_in(small),
        grade=read_grade(shortened(title)),
        varieties=varieties_in(words),
        faults=tuple(_faults(small)),
    )


def years_in(words: Sequence[str]) -> frozenset[int]:
    """The years among words; the two of the Bicentennial are 1976."""
    years = frozenset(int(word) for word in words if len(word) == 4 and _YEAR.fullmatch(word))  # noqa: PLR2004
    return years - {1776} if years >= _BICENTENNIAL else years


def varieties_in(words: Sequence[str]) -> frozenset[str]:
    """The varieties that words name; one mint mark over another is one."""
    named = {found.meaning for found in _VARIETIES.find([word.lower() for word in words])}
    marks = dict(_lone(words))
    if any(at + 2 in marks and words[at + 1].lower() in OVER for at in marks):
        named.add(OVERMINTMARK)
    return frozenset(named)


def marks_in(words: Sequence[str]) -> frozenset[str]:
    """The mint marks behind a year, beside the word "mint", or else capitals that stand alone."""
    sure = {mark for at, mark in _lone(words) if _is_year(words, at - 1) or _beside_mint(words, at)}
    sure |= {mark for at, mark in _lone(words) if _lists_marks(words, at)} if sure else set()
    return frozenset(
        sure or {mark for at, mark in _lone(words) if words[at] == mark and not _is_money(words, at)}
    )


def _lone(words: Sequence[str]) -> list[tuple[int, str]]:
    return [(at, word.upper()) for at, word in enumerate(words) if word.upper() in MARKS]


def _is_year(words: Sequence[str], at: int) -> bool:
    return at >= 0 and _YEAR.fullmatch(words[at]) is not None


def _beside_mint(words: Sequence[str], at: int) -> bool:
    after = words[at + 1].lower() if at + 1 < len(words) else ""
    return after in {"mint", "mintmark"}


def _lists_marks(words: Sequence[str], at: int) -> bool:
    """Tell whether a mark follows another at once: "1921 P D S"."""
    return at > 0 and words[at - 1].upper() in MARKS


def _is_money(words: Sequence[str], at: int) -> bool:
    return words[at] == "C" and at > 0 and words[at - 1].isdigit()


def _faults(small: Sequence[str]) -> list[tuple[str, Fault]]:
    found = [
        (" ".join(small[one.start : one.end]), one.meaning)
        for one in _FAULTS.find(small)
        if one.meaning is not None and (one.start == 0 or small[one.start - 1] not in NEGATIONS)
    ]
    return found + [(" ".join(small[max(0, at - 1) : at + 2]), "several") for at in _counted(small)]


def _counted(small: Sequence[str]) -> list[int]:
    """Where it says that there are several: "x 20", "20 x", "qty 4"."""
    return [
        at
        for at, word in enumerate(small)
        if word.isdigit()
        and 1 < int(word) < 1000  # noqa: PLR2004
        and (small[at - 1 : at] in (["x"], ["qty"]) or small[at + 1 : at + 2] in (["x"], ["pcs"], ["pieces"]))
    ]
