"""What a listing's title says: its words, numbers, years, language, and what speaks against a single card."""

import re
from dataclasses import dataclass

from worker.pricing.collector_numbers import TitleNumber, lettered, numbered, numbers_in_words, surest
from worker.pricing.folding import fold
from worker.pricing.junk import Junk, find_junk
from worker.pricing.languages import other_language
from worker.pricing.not_numbers import BREAK, without_other_figures
from worker.pricing.phrases import Found

LONGEST_TITLE = 500
"""eBay's own are 80 characters at most; of anything longer the rest is not read."""
GONE = BREAK.strip()
NUMBER = ""
"""Stands among the words where a collector number with a slash or a sign stood."""

_PARTS = re.compile(
    r"""
    (?P<pair>(?<![\w/])(?<!\d\.)\#?(?P<prefix>[a-z]{0,5})-?(?P<value>\d{1,3})(?P<suffix>[a-d]?)
        (?:\s*/\s*[a-z]{0,5}|\s+of\s+)(?P<total>\d{1,3})(?!\d|\s*/\s*\d|\.\d))
  | (?P<letter>(?<![\w/.])(?P<one>[a-z!?])\s*/\s*(?P<of>\d\d\d?)(?![\d/]))
  | (?P<sign>(?:\#|\b(?:no|nr|num|number)\b[.:]?\s?\#?)\s?
        (?P<before>[a-z]{0,5})-?(?P<own>\d{1,3})(?P<after>[a-d]?)(?![\w/]))
  | (?P<lvx>\b(?:lv|lvl|level)[.\s]*x\b)
  | (?P<joined>\bv[ -](?:max|star|union)\b)
  | (?P<word>[a-z0-9]+(?:'[a-z]+)*)
  | (?P<mark>[\u2605\u03b4\u25c7\u2642\u2640;])
    """,
    re.VERBOSE,
)
COPIES = re.compile(r"\(\s*(\d\d?)\s*\)")
"""A number alone in brackets is how many there are: "Pikachu 58/102 (4)"."""
YEAR = re.compile(r"(?:199|200|201|202|203)\d")
NUMBERS = frozenset({"pair", "letter", "sign"})
JOINING = re.compile(r"[' -]")
SEXES = {"m": "\u2642", "male": "\u2642", "f": "\u2640", "female": "\u2640"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a title says.

    ``words`` are small and without accents and apostrophes; ``owners`` are the places of those that ended in
    "'s", ``capitals`` of those in capitals in a title that is not all capitals. ``numbers`` are those given
    in the surest way that the title has.
    """

    words: tuple[str, ...]
    owners: frozenset[int]
    capitals: frozenset[int]
    numbers: tuple[TitleNumber, ...]
    years: frozenset[int]
    language: str | None
    junk: tuple[Found[Junk], ...]


def read_title(title: str) -> Reading:
    """Read a title; nothing in it is an error."""
    folded = fold(title[:LONGEST_TITLE])
    words, numbers, owners, capitals = _parts(folded)
    return Reading(
        words=tuple(words),
        owners=frozenset(owners),
        capitals=frozenset(capitals),
        numbers=tuple(surest(numbers + numbers_in_words(words))),
        years=frozenset(int(word) for word in words if len(word) == 4 and YEAR.fullmatch(word)),  # noqa: PLR2004
        language=other_language(folded, words),
        junk=tuple(find_junk(words)),
    )


def read_words(name: str) -> tuple[str, ...]:
    """The words of a card's or a set's name, folded as those of titles are."""
    return tuple(word for word in _parts(fold(name))[0] if word not in {NUMBER, GONE})


def _parts(folded: str) -> tuple[list[str], list[TitleNumber], list[int], list[int]]:
    """Take a folded title apart: words, numbers with a slash or sign, places of owners and of capitals."""
    if "(" in folded:
        folded = COPIES.sub(r" x\1 ", folded)
    words, numbers, owners, capitals = list[str](), list[TitleNumber](), list[int](), list[int]()
    shouted = set() if folded.isupper() else set(re.findall(r"\b[A-Z]{2,5}\b", folded))
    for part in _PARTS.finditer(without_other_figures(folded.lower())):
        kind, at = part.lastgroup or "", len(words)
        if kind in NUMBERS:
            numbers.append(_number(kind, part, at))
            words += [part["one"], NUMBER] if kind == "letter" else [NUMBER]
        elif (word := _word(kind, part[0], words)) != "and":
            words.append(word)
            if part[0].endswith("'s"):
                owners.append(at)
            if shouted and word.upper() in shouted:
                capitals.append(at)
    return words, numbers, owners, capitals


def _number(kind: str, part: re.Match[str], at: int) -> TitleNumber:
    if kind == "letter":
        return lettered(part["one"], part["of"], at)
    if kind == "sign":
        return numbered(part["before"], part["own"], part["after"], None, "sign", at)
    return numbered(part["prefix"], part["value"], part["suffix"], part["total"], "pair", at)


def _word(kind: str, text: str, before: list[str]) -> str:
    """One word; "M" is Mega, but beside a Nidoran it is a sex."""
    if kind == "lvx":
        return "lvx"
    word = JOINING.sub("", text)
    if word in SEXES and before and before[-1] == "nidoran":
        return SEXES[word]
    return "mega" if word == "m" else word
