"""A coin by its attributes: what it is, and the few words by which its like are searched."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from worker.pricing.coin_grades import CoinGrade, band_of, read_grade
from worker.pricing.coin_kinds import MARKS, coin_words, denominations_in, named_in, series_in
from worker.pricing.coins import marks_in, varieties_in, years_in

MOST_WORDS, MOST_CHARACTERS = 8, 100
"""What a search may be long: every word has to stand in a title, and eBay takes no more characters."""
HOME = frozenset({"", "us", "usa", "u.s.", "u.s.a.", "united states", "united states of america", "america"})
NO_MARK = frozenset({"", "-", "none", "no", "no mark", "no mint mark", "plain", "p"})
UNKNOWN = frozenset({"?", "unknown", "any"})
US_COINS, WORLD_COINS = "253", "256"
"""eBay's categories."""
NOISE = frozenset(
    {"us", "usa", "united", "states", "of", "america", "coin", "coins", "the", "a", "and", "in"}
)
NOISE |= {
    "silver",
    "gold",
    "copper",
    "rare",
    "nice",
    "old",
    "mint",
    "mintmark",
    "no",
    "none",
    "grade",
    "graded",
}
KNOWN = frozenset({"year", "mintmark", "mint_mark", "denomination", "title", "country", "grade", "grader"})
KNOWN |= {"strike", "designation", "details", "variety", "series"}


class BadAttributes(ValueError):
    """Raised when a thing cannot be searched by its attributes; the sentence says what to mend."""


class Coin(NamedTuple):
    """A coin. ``mark`` is None where nobody has said its mint mark, and "P" where it has none or a P.

    ``words`` are those of its title, series and variety.
    """

    year: int
    mark: str | None
    denomination: str | None
    series: frozenset[str]
    words: tuple[str, ...]
    country: str | None
    """None for the United States."""
    grade: CoinGrade
    varieties: frozenset[str]

    @property
    def category(self) -> str:
        """The category of eBay's in which it is offered."""
        return US_COINS if self.country is None else WORLD_COINS


def read_attributes(attributes: Mapping[str, object]) -> Coin:
    """Read a coin's attributes: ``year`` and a ``denomination`` or ``title`` have to be there.

    The others are ``mintmark``, ``country``, ``grade``, ``grader``, ``designation``, ``strike``, ``details``,
    ``variety`` and ``series``; more may stand there and are not looked at. Raises ``BadAttributes``.
    """
    said = {
        name: _text(name, value) for name, value in attributes.items() if name in KNOWN and value is not None
    }
    if not said:
        raise BadAttributes('a coin has no attributes: give at least "year" and "denomination" or "title"')
    words = coin_words(f"{said.get('title', '')} {said.get('series', '')} {said.get('variety', '')}")
    country = _country(said.get("country", ""))
    small = [word.lower() for word in words]
    return Coin(
        year=_year(said),
        mark=_mark(said, country),
        denomination=_denomination(said, small, country),
        series=series_in(small),
        words=tuple(words),
        country=country,
        grade=_grade(said),
        varieties=varieties_in(words),
    )


def search_words(coin: Coin, *, in_category: bool = False) -> str:
    """A coin as a search for its like: "US coin 1921 S Morgan dollar".

    Every word narrows a search, so they are few. Within a category of coins the words "US coin" say nothing
    that the category does not, and would only lose the titles that leave them out.
    """
    lead = () if in_category else (coin.country or "US", "coin")
    mark = () if coin.mark in {None, "P"} else (str(coin.mark),)
    grader = sorted(coin.grade.graders)[:1]
    asked = [*lead, str(coin.year), *mark, *_naming(coin), *grader]
    return fitting(asked)


def fitting(words: Sequence[str]) -> str:
    """The first of these words, each once, as far as a search takes them."""
    chosen: list[str] = []
    seen = set[str]()
    for word in words:
        if word.lower() in seen:
            continue
        if len(chosen) == MOST_WORDS or len(" ".join([*chosen, word])) > MOST_CHARACTERS:
            break
        seen.add(word.lower())
        chosen.append(word)
    return " ".join(chosen)


def _naming(coin: Coin) -> list[str]:
    """The words of its title that name it, and its denomination where they do not."""
    silver = "silver eagle" in coin.series
    noise = NOISE - {"silver"} if silver else NOISE
    named = [
        word
        for word in coin.words
        if word.isalpha()
        and (len(word) > 1 or word == "V")
        and word.lower() not in noise
        and word.upper() not in MARKS
        and not _grades(word)
    ]
    small = [word.lower() for word in named]
    more = (
        [] if coin.denomination is None or coin.denomination in named_in(small) else coin.denomination.split()
    )
    return [*named, *more]


def _grades(word: str) -> bool:
    read = read_grade(word)
    return bool(read.grade or read.graders or read.details or read.designations)


def _text(name: str, value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise BadAttributes(f'a coin\'s "{name}" is a text or a number, not {type(value).__name__}')


def _year(said: Mapping[str, str]) -> int:
    given = said.get("year", "")
    if not given:
        raise BadAttributes('a coin needs its "year": without it no two coins can be compared')
    years = years_in(coin_words(given))
    if len(years) != 1 or re.search(r"[A-Za-z]{2}", given):
        raise BadAttributes(
            f'"year" is {given[:40]!r}: one year of four figures, from 1600 to 2099, is needed'
        )
    return next(iter(years))


def _mark(said: Mapping[str, str], country: str | None) -> str | None:
    given = said.get("mintmark", said.get("mint_mark"))
    if given is None:
        marks = marks_in(coin_words(f"{said.get('year', '')} {said.get('title', '')}"))
        return next(iter(marks)) if len(marks) == 1 else None
    if given.lower() in UNKNOWN:
        return None
    if given.lower() in NO_MARK:
        return "P"
    if given.upper() in MARKS or (country is not None and given.isalpha() and len(given) <= 2):  # noqa: PLR2004
        return given.upper()
    raise BadAttributes(
        f'"mintmark" is {given[:40]!r}: it is one of {", ".join(sorted(MARKS))}, "none" where there is none, '
        "or left out where nobody knows it"
    )


def _denomination(said: Mapping[str, str], small: list[str], country: str | None) -> str | None:
    given = said.get("denomination", "")
    named = denominations_in([word.lower() for word in coin_words(given)]) or denominations_in(small)
    if len(named) == 1:
        return next(iter(named))
    if given and country is not None:
        return given.lower()[:40]
    if given:
        raise BadAttributes(
            f'"denomination" is {given[:40]!r}, which is no one denomination of the United States'
        )
    if not small:
        raise BadAttributes(
            'a coin needs its "denomination" or its "title": a year alone finds every coin of it'
        )
    return None


def _country(given: str) -> str | None:
    return None if given.lower() in HOME else " ".join(given.split())[:40]


def _grade(said: Mapping[str, str]) -> CoinGrade:
    given, strike = said.get("grade", ""), said.get("strike", "").lower()
    if given.isdigit() and 1 <= int(given) <= 70:  # noqa: PLR2004
        given = f"{'PF' if strike == 'proof' else band_of(int(given))}{given}"
    asked = " ".join((said.get("grader", ""), given, said.get("designation", "")))
    read = read_grade(asked)
    if given and read.grade is None:
        raise BadAttributes(
            f'"grade" is {given[:40]!r}: it is one such as "MS65", "VF30", "XF" or "XF Details"'
        )
    if len(read.graders) > 1 or (
        said.get("grader", "").lower() not in {"", "raw", "none"} and not read.graders
    ):
        raise BadAttributes(f'"grader" is {said.get("grader", "")[:40]!r}: it is one such as "PCGS" or "NGC"')
    if read.grade is None and strike == "proof":
        read = read._replace(grade="PF")
    return read._replace(details=read.details or said.get("details", "").lower() in {"true", "yes", "1"})
