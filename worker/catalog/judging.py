"""From what a title says and the prints it may mean to a verdict: this one, or none and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from worker.catalog.questions import Question
from worker.catalog.weighing import Print, Scales, Weighed
from worker.pricing.card_names import SCATTERED, shape_of
from worker.pricing.collector_numbers import TitleNumber
from worker.pricing.set_names import SetNames

MAPS_ABOVE = 900
MARGIN = 30
"""The best maps only where the next is behind by so much."""
WORTH_A_LOOK = 500


class Claim(NamedTuple):
    """A print that a listing is said to be, by its item id or by a SKU; ``made``: somebody mapped it so.

    A SKU that is only equal to the id of a card was not: it is no more than a likeness.
    """

    print: Print
    made: bool


class Verdict(NamedTuple):
    """What a title was found to mean: ``mapped`` is the best of ``ranked``, or ``why`` says why none is."""

    why: str
    ranked: list[Weighed]

    @property
    def mapped(self) -> bool:
        """Whether the best of those ranked is the card."""
        return self.why == "mapped"


class Shelf:
    """The prints that were found for a page of titles, by set and by number."""

    def __init__(self, prints: Iterable[Print]) -> None:
        self._by_number: dict[tuple[str, int | None], dict[int, list[Print]]] = {}
        self._by_set: dict[int, list[Print]] = {}
        for one in prints:
            of_number = self._by_number.setdefault((one.prefix.upper(), one.value), {})
            of_number.setdefault(one.set_id, []).append(one)
            self._by_set.setdefault(one.set_id, []).append(one)

    def of_number(self, number: TitleNumber) -> Mapping[int, Sequence[Print]]:
        """Prints whose number has this prefix and value, by set."""
        return self._by_number.get((number.prefix, number.value), {})

    def of_sets(self, sets: Iterable[int]) -> Iterator[Print]:
        """Prints of these sets."""
        for one in sets:
            yield from self._by_set.get(one, ())


def _of_suffix(prints: Iterable[Print], suffix: str) -> Iterable[Print]:
    """Those with the suffix; what a source puts behind a "_" tells reprints apart, and is not printed."""
    return (one for one in prints if _printed(one) == suffix)


def _printed(one: Print) -> str:
    return "" if one.suffix.startswith("_") else one.suffix.lower()


def judge(asked: Question, shelf: Shelf, names: SetNames, species: set[str]) -> Verdict:
    """Decide what a title means, with every print that it may mean on the shelf."""
    scales = Scales(asked.reading, asked.mentions, names, species)
    weighed = sorted(
        _weigh(asked, shelf, names, scales), key=lambda one: (-one.score, one.print.source_card_id)
    )
    ranked = [one for one in weighed if one.score >= WORTH_A_LOOK or not asked.numbers]
    best = ranked[0] if ranked else None
    against = _against(asked, best, species)
    return Verdict(against or _among(asked, ranked), ranked)


def hold(claim: Claim, asked: Question, shelf: Shelf, names: SetNames, species: set[str]) -> Verdict:
    """Hold a claim against what the title says: its print, or none where the title speaks against it."""
    scales, own = Scales(asked.reading, asked.mentions, names, species), judge(asked, shelf, names, species)
    one = claim.print
    number = asked.number_of(one.prefix.upper(), one.value, _printed(one))
    found = scales.weigh(one, number)
    conflicting = (number is None and asked.is_sure_of_its_number) or found.contradicted
    if not (conflicting or scales.names(found)):
        conflicting = _others(asked, found, species) or _names_another(claim, asked, own)
    against = _no_single(asked, found) or ("conflict" if conflicting else _two(asked, found, species))
    if against is None:
        return Verdict("mapped", [found])
    ranked = sorted([found, *own.ranked], key=lambda each: (-each.score, each.print.source_card_id))
    return Verdict(against, ranked)


def _names_another(claim: Claim, asked: Question, own: Verdict) -> bool:
    """Tell whether a title without the claim's name means another card.

    Against a claim that nobody made, any word will do that may be a name.
    """
    whole = any(each.likeness >= SCATTERED and each.print.id != claim.print.id for each in own.ranked)
    return whole or (not claim.made and bool(asked.words()))


def _weigh(asked: Question, shelf: Shelf, names: SetNames, scales: Scales) -> Iterator[Weighed]:
    for number in asked.numbers:
        yield from _weigh_number(number, asked.sets_for(number, names), shelf.of_number(number), scales)
    if not asked.numbers:
        for one in shelf.of_sets(asked.sets):
            if (found := scales.weigh(one, None)).likeness >= SCATTERED:
                yield found


def _weigh_number(
    number: TitleNumber, sets: frozenset[int], by_set: Mapping[int, Sequence[Print]], scales: Scales
) -> Iterator[Weighed]:
    """Weigh the prints of a number: of the sets that it may be of, or of all where a prefix says enough.

    Where nothing says anything, those are looked at that have the name: none of them will do.
    """
    alone = bool(number.prefix) and number.value is not None and len(by_set) == 1
    for set_id in by_set if number.prefix or not sets else sets.intersection(by_set):
        for one in _of_suffix(by_set[set_id], number.suffix):
            found = scales.weigh(one, number, only_of_prefix=alone)
            if number.prefix or sets or found.likeness >= SCATTERED:
                yield found


def _against(asked: Question, best: Weighed | None, species: set[str]) -> str | None:
    """What speaks against any single English card, whichever it is."""
    if not any(word.isalpha() for word in asked.reading.words):
        return "no_title"
    return _no_single(asked, best) or _two(asked, best, species)


def _no_single(asked: Question, best: Weighed | None) -> str | None:
    reading = asked.reading
    if reading.language is not None:
        return "other_language"
    explained = best.explained if best else _spans(asked)
    junk = {one.meaning for one in reading.junk if not explained.issuperset(range(one.start, one.end))}
    if junk:
        return "other_product" if junk == {"other_product"} else "not_a_single"
    return None


def _two(asked: Question, best: Weighed | None, species: set[str]) -> str | None:
    return "two_cards" if asked.several or (best and _others(asked, best, species)) else None


def _spans(asked: Question) -> frozenset[int]:
    return frozenset(place for found in asked.mentions for place in range(found.start, found.end))


def _others(asked: Question, best: Weighed, species: set[str]) -> bool:
    own = shape_of(best.print.name).words
    return any(
        word in species and place not in best.explained and word not in own
        for place, word in enumerate(asked.reading.words)
    )


def _among(asked: Question, ranked: Sequence[Weighed]) -> str:
    """Whether the best of several is good enough, and alone."""
    if not asked.numbers:
        return "no_number"
    if not ranked:
        return "no_print"
    best = ranked[0]
    rivals = [one for one in ranked[1:] if one.print.id != best.print.id and best.score - one.score < MARGIN]
    if best.score > MAPS_ABOVE:
        return "tie" if rivals else "mapped"
    return "tie" if rivals and not best.placed and best.likeness >= SCATTERED else "low_score"
