"""How well a print fits what a title says: evidence into a score.

A score is a number of thousandths, of three parts that a listing must all have:

======  ===  =========================================================================================
name    400  all of the print's name, in one piece; 380 in pieces, 340 with a slip of the pen
number  300  the collector number; 280 where it is bare, for a bare number may be anything
place   300  which set. 300 where its total and its name say so, 250 where one of them does, or a prefix
             that no other set has. Where only its series is named: 270 with the total, 210 without
======  ===  =========================================================================================

A whole name and a number with nothing for the set are 700, and each kind of place lifts them above 900. A
slip of the pen is forgiven only where total and set stand beside it. Each contradiction takes 200: another
total, another set's name or code, a title that goes on to a longer name. A year that does not fit takes 100
where total and set do not both say what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from worker.pricing.card_names import DELTA, MISSPELT, NameFit, find_name, misspelt, shape_of
from worker.pricing.collector_numbers import TitleNumber
from worker.pricing.phrases import Found
from worker.pricing.set_names import CardSet, Named, SetNames
from worker.pricing.titles import Reading

NAME, SURE_NUMBER, BARE_NUMBER = 400, 300, 280
BOTH, ONE, SERIES_AND_TOTAL, SERIES = 300, 250, 270, 210
CONTRADICTION, WRONG_YEAR = 200, 100
YEARS_BEFORE, YEARS_AFTER = 4, 1
"""Titles give a card's year or the copyright's, which is older."""


@dataclass(frozen=True, slots=True)
class Print:
    """A print of the catalogue, as far as a title can tell it from others."""

    id: int
    source_card_id: str
    set_id: int
    name: str
    prefix: str
    value: int | None
    suffix: str


class Weighed(NamedTuple):
    """A print and its score, in thousandths; ``explained`` are the title's words that it accounts for.

    ``contradicted``: the title says another total, set or year, or goes on to a longer name.
    """

    score: int
    print: Print
    likeness: int
    placed: bool
    explained: frozenset[int]
    contradicted: bool


class Place(NamedTuple):
    """What a title says of the set of a print: points, contradictions, and the words that said so."""

    points: int
    against: int
    explained: frozenset[int]


@lru_cache(maxsize=4)
def names_of(sets: tuple[CardSet, ...]) -> SetNames:
    """How these sets are named; made once for a catalogue, as long as no set of it changes."""
    return SetNames(sets)


class Scales:
    """Weighs prints against one title. ``species`` are the words that are names of Pokémon."""

    def __init__(
        self,
        reading: Reading,
        mentions: Sequence[Found[Named]],
        names: SetNames,
        species: frozenset[str] | set[str],
    ) -> None:
        self._reading = reading
        self._mentions = mentions
        self._taken = frozenset(place for found in mentions for place in range(found.start, found.end))
        self._names = names
        self._species = species

    def weigh(self, one: Print, number: TitleNumber | None, *, only_of_prefix: bool = False) -> Weighed:
        """Score a print that has this number; ``only_of_prefix``: no other set has its prefix and number."""
        fit = find_name(self._reading, one.name, self._taken)
        place = self._place(one, number, fit.places, only_of_prefix=only_of_prefix)
        if fit.likeness < MISSPELT and place.points == BOTH:
            fit = self._forgiven(one) or fit
        score = NAME * fit.likeness // 1000 + place.points + _of_number(number)
        score -= CONTRADICTION * (place.against + fit.longer)
        if wrong_year := place.points < BOTH and not self._year_fits(one):
            score -= WRONG_YEAR
        contradicted = wrong_year or fit.longer or place.against > 0
        explained = fit.places | place.explained
        return Weighed(max(score, 0), one, fit.likeness, place.points > 0, explained, contradicted)

    def names(self, found: Weighed) -> bool:
        """Whether the title gives a print's name, be it with a slip of the pen."""
        return found.likeness >= MISSPELT or self._forgiven(found.print) is not None

    def _forgiven(self, one: Print) -> NameFit | None:
        """The name with a slip of the pen in it, unless what was written is another Pokémon's name."""
        wrong = misspelt(self._reading, one.name)
        if wrong and self._reading.words[wrong[0]] not in self._species:
            return NameFit(MISSPELT, frozenset(wrong), longer=False)
        return None

    def _place(
        self, one: Print, number: TitleNumber | None, own: frozenset[int], *, only_of_prefix: bool
    ) -> Place:
        by_total = self._total(one, number)
        named, series, against, explained = self._named(one, own)
        code, code_against = self._code(one, number, own)
        named, explained = named or bool(code), explained | code
        against += code_against + (by_total is False)
        points = _points(named=named, series=series, total=by_total is True, prefix=only_of_prefix)
        return Place(points, against, explained)

    def _total(self, one: Print, number: TitleNumber | None) -> bool | None:
        """Whether the title's total is the set's; None where it says nothing about it.

        A reprint carries the total of what it reprints, a number with a prefix that of its own row.
        """
        printed = self._names.by_id[one.set_id].printed_total
        if number is None or number.total is None or printed is None:
            return None
        if number.total == printed:
            return True
        known = number.total in self._names.by_total
        return None if number.prefix or (known and one.set_id in self._names.reprints) else False

    def _named(self, one: Print, own: frozenset[int]) -> tuple[bool, bool, int, frozenset[int]]:
        """Whether its set is named, or its series; how much is against it; and which words said so."""
        named = series = against = False
        explained, beside = set[int](), False
        for found in self._mentions:
            span = range(found.start, found.end)
            if own.intersection(span):
                continue
            if one.set_id in found.meaning.sets and self._of_its_year(one, found.meaning):
                named = True
            elif one.set_id in found.meaning.series:
                series = True
            elif not found.meaning.strong:
                continue
            elif one.set_id in found.meaning.beside:
                beside = True
            else:
                against |= not self._stands_beside_others(one, found)
            explained.update(span)
        return named, series, against or (beside and not (named or series)), frozenset(explained)

    def _stands_beside_others(self, one: Print, found: Found[Named]) -> bool:
        """A reprint is said with the set it reprints, a promo of a row of its own with the box it came in.

        And "Delta Species" is a set, and what a card with a delta is.
        """
        if one.set_id in self._names.promos and one.prefix:
            return True
        if one.set_id in self._names.reprints:
            return any(one.set_id in other.meaning.sets for other in self._mentions)
        return self._reading.words[found.start] == "delta" and DELTA in shape_of(one.name).marks

    def _of_its_year(self, one: Print, named: Named) -> bool:
        """Where a phrase names sets of several years ("McDonald's"), a year in the title says which."""
        years = {self._names.by_id[other].year for other in named.sets}
        return len(years) == 1 or self._names.by_id[one.set_id].year in (self._reading.years or years)

    def _code(
        self, one: Print, number: TitleNumber | None, own: frozenset[int]
    ) -> tuple[frozenset[int], int]:
        """A set's code beside the number: the place of this one's, and whether another's stands there."""
        words, against = self._reading.words, 0
        if number is not None and one.set_id in self._names.by_code.get(number.code, ()):
            return frozenset((number.at,)), 0
        for place in () if number is None else (number.at - 1, number.at + 1):
            if not 0 <= place < len(words) or place in own or words[place] not in self._names.by_code:
                continue
            if one.set_id in self._names.by_code[words[place]]:
                return frozenset((place,)), 0
            against = int(place in self._reading.capitals)
        return frozenset(), against

    def _year_fits(self, one: Print) -> bool:
        printed, years = self._names.by_id[one.set_id].year, self._reading.years
        if printed is None or not years:
            return True
        return any(printed - YEARS_BEFORE <= year <= printed + YEARS_AFTER for year in years)


def _of_number(number: TitleNumber | None) -> int:
    if number is None:
        return 0
    return BARE_NUMBER if number.way == "bare" else SURE_NUMBER


def _points(*, named: bool, series: bool, total: bool, prefix: bool) -> int:
    if named:
        return BOTH if total or prefix else ONE
    if series:
        return SERIES_AND_TOTAL if total else ONE if prefix else SERIES
    return ONE if total or prefix else 0
