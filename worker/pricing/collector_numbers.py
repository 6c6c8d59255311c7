"""Collector numbers as titles give them: ``4/102``, ``#4``, ``TG12/TG30``, ``SWSH123``, a bare ``4``."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Way = Literal["pair", "sign", "prefixed", "bare"]
PREFIXED = re.compile(r"([a-z]{1,5})(\d{1,3})([a-z]?)")
BARE = re.compile(r"(\d{1,3})([a-d]?)")
SPACED_PREFIXES = frozenset({"swsh", "sm", "xy", "bw", "hgss", "dp", "tg", "gg", "rc", "sv"})
"""Those that sellers also write apart from their number: "SWSH 123"."""
PREFIXES = SPACED_PREFIXES | {"h", "sl", "sh", "ar", "rt"}
"""Those that are known to be printed on cards; any others are looked for as well."""
NOT_A_PREFIX = frozenset(
    {"no", "nr", "num", "card", "x", "qty", "lot", "hp", "lv", "lvl", "gen", "vol", "pop"}
)


class TitleNumber(NamedTuple):
    """A number a title gives, taken apart as the catalogue takes its own; ``at`` is the word it stands at.

    ``total`` is what follows the slash, if anything does. ``way`` says how sure one can be that it is a
    collector number at all: pair, sign and prefixed are, bare is a guess. ``code`` is a set's code that was
    written as a prefix: "SVP044".
    """

    prefix: str
    value: int | None
    suffix: str
    total: int | None
    way: Way
    at: int
    code: str | None = None

    def with_code(self) -> "TitleNumber":
        """The same number, its prefix taken for the code of a set."""
        return self._replace(prefix="", code=self.prefix.lower())


def numbered(prefix: str, digits: str, suffix: str, total: str | None, way: Way, at: int) -> TitleNumber:
    """Make a number of the pieces that a title gives; of "No4/102" the "No" is no part of it."""
    own = "" if prefix in NOT_A_PREFIX else prefix.upper()
    return TitleNumber(own, int(digits), suffix, None if total is None else int(total), way, at)


def lettered(letter: str, total: str, at: int) -> TitleNumber:
    """Make the number of an Unown, which is a letter: "A/28"."""
    return TitleNumber(letter.upper(), None, "", int(total), "pair", at)


def numbers_in_words(words: Sequence[str]) -> list[TitleNumber]:
    """The numbers that stand as words of their own: prefixed ones, and bare ones.

    A bare number at the very beginning is a quantity or a bargain, and no collector number.
    """
    found = list[TitleNumber]()
    for at, word in enumerate(words):
        if not word or not word[-2:].isalnum() or word.isalpha():
            continue
        if (parts := BARE.fullmatch(word)) is not None:
            found += [_bare(words[at - 1], at, parts)] if at else []
        elif (parts := PREFIXED.fullmatch(word)) is not None and parts[1] not in NOT_A_PREFIX:
            found.append(numbered(parts[1], parts[2], parts[3], None, "prefixed", at))
    return found


def _bare(before: str, at: int, parts: re.Match[str]) -> TitleNumber:
    if before in SPACED_PREFIXES:
        return numbered(before, parts[1], parts[2], None, "prefixed", at)
    return numbered("", parts[1], parts[2], None, "bare", at)


def surest(numbers: Sequence[TitleNumber]) -> list[TitleNumber]:
    """Of the numbers of a title those that were given in the surest way: pairs, before all others."""
    pairs = [one for one in numbers if one.way == "pair"]
    if pairs:
        return pairs
    sure = [one for one in numbers if one.way != "bare"]
    return sure or list(numbers)
