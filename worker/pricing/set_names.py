"""How titles name sets: by the catalogue's own names, by series and name, by codes, by totals."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.pricing.phrases import Found, Phrases
from worker.pricing.set_aliases import ALSO_WORDS, REPRINTS, spoken_names
from worker.pricing.titles import read_words


@dataclass(frozen=True, slots=True)
class CardSet:
    """A set as the catalogue knows it."""

    id: int
    source_set_id: str
    name: str
    series: str | None
    printed_total: int | None
    code: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """The sets that a phrase names.

    ``series`` are those that it names only by their series; ``beside`` those that it does not name, and may
    well stand beside. ``strong``: it means a set and nothing else, so it contradicts every other one.
    """

    sets: frozenset[int]
    series: frozenset[int]
    beside: frozenset[int]
    strong: bool


class SetNames:
    """Every way in which the sets of a catalogue are named in titles."""

    def __init__(self, sets: Sequence[CardSet]) -> None:
        self.by_id: Mapping[int, CardSet] = {one.id: one for one in sets}
        self.by_total = _grouped((one.printed_total, one.id) for one in sets if one.printed_total)
        self.by_code = _grouped((code, one.id) for one in sets for code in _codes(one))
        self.reprints = frozenset(one.id for one in sets if _is_reprint(one))
        self.promos = frozenset(one.id for one in sets if _is_promo(one))
        self._phrases = _phrases(sets)

    def mentions(self, words: Sequence[str]) -> list[Found[Named]]:
        """Every phrase of a title that names sets, with its place."""
        return self._phrases.find(words)


def _grouped(pairs: Iterable[tuple[int | str | None, int]]) -> Mapping[int | str | None, frozenset[int]]:
    grouped = defaultdict[int | str | None, set[int]](set)
    for key, one in pairs:
        grouped[key].add(one)
    return {key: frozenset(ids) for key, ids in grouped.items()}


def _codes(one: CardSet) -> set[str]:
    """The codes that sellers put beside a number ("OBF 125"); those of two letters mean too much."""
    codes = {one.code.lower().removeprefix("pr-")} if one.code else set[str]()
    if _is_promo(one):
        codes.add(one.source_set_id.lower())
    return {code for code in codes if len(code) > 2}  # noqa: PLR2004


def _is_promo(one: CardSet) -> bool:
    return "promos" in one.name.lower()


def _is_reprint(one: CardSet) -> bool:
    """Tell whether its cards carry the numbers and totals of the cards that they reprint."""
    return "classic collection" in " ".join(read_words(one.name))


def _phrases(sets: Sequence[CardSet]) -> Phrases[Named]:
    named, series = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for one in sets:
        series[_joined(one.series or "")].add(one.id)
        for phrase in _names(one):
            named[phrase].add(one.id)
    for phrases, ids in _families(sets):
        for phrase in phrases:
            named[phrase] |= ids
    for phrase in REPRINTS:
        named[phrase] |= set[int]()  # Known even where its set is not, so that it contradicts the original.
    beside = frozenset(one.id for one in sets if one.series and one.series in {"Base", one.name})
    return Phrases((phrase, _meaning(phrase, ids, series[phrase], beside)) for phrase, ids in named.items())


def _meaning(phrase: str, ids: set[int], series: set[int], beside: frozenset[int]) -> Named:
    """What a phrase means; "Base Set" is also said beside the first set of a series, and those after Base."""
    is_base = phrase in {"base", "base set"}
    return Named(
        frozenset(ids),
        frozenset() if is_base else frozenset(series),
        beside if is_base else frozenset(),
        phrase not in ALSO_WORDS,
    )


@lru_cache(maxsize=4096)
def _joined(name: str) -> str:
    return " ".join(read_words(name))


def _names(one: CardSet) -> set[str]:
    """Every way to say one set's name."""
    name, series = _joined(one.name), _joined(one.series or "")
    names = spoken_names(name, series) | spoken_names(_joined(_parted(one.name)), series)
    for mark in ("\N{EM DASH}", ":"):
        if mark in one.name:
            last = _joined(one.name.rpartition(mark)[2])
            names |= {last, f"{series} {last}"}
    return {phrase.strip() for phrase in names}


def _parted(name: str) -> str:
    """Part words that are written as one: "FireRed & LeafGreen"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _families(sets: Sequence[CardSet]) -> Iterable[tuple[set[str], set[int]]]:
    """A main set's name also names its gallery, which stands in the same boosters.

    A gallery is told by its name: it begins with the main set's, and ends in a word for such.
    """
    for main in sets:
        name = _joined(main.name)
        galleries = {
            one.id for one in sets if _joined(one.name).startswith(f"{name} ") and _gallery(one.name)
        }
        if galleries:
            yield _names(main), galleries


def _gallery(name: str) -> bool:
    return _joined(name).endswith(
        ("trainer gallery", "galarian gallery", "shiny vault", "classic collection")
    )
