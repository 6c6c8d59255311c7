"""What one title asks of the catalogue, and what a page of them has to be looked up by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from worker.pricing.collector_numbers import PREFIXES, TitleNumber
from worker.pricing.phrases import Found
from worker.pricing.set_names import Named, SetNames
from worker.pricing.titles import Reading

SMALLEST_TOTAL = 10
"""A pair out of so few is a mark ("condition 9/10") where the title has another."""
SHORTEST_SPECIES = 3
EVERYDAY = frozenset(
    """
    pokemon pokmon card cards tcg holo reverse rare ultra secret full art alt near mint played lightly lp the
    for and with new base set promo edition first shadowless unlimited common uncommon graded ungraded raw psa
    nm condition free shipping ship holofoil foil english rainbow gold star vintage wotc black trainer energy
    """.split()  # noqa: SIM905
)
"""Words of nearly every title; none of them is a Pokémon, so none is asked about."""


@dataclass(frozen=True, slots=True)
class Question:
    """A title's reading beside the sets of the catalogue.

    ``sets`` are those that it names, ``series`` those of a series it names; ``named_by_name``: not only by
    the series. ``several`` tells that it has numbers of more than one card.
    """

    reading: Reading
    mentions: tuple[Found[Named], ...]
    numbers: tuple[TitleNumber, ...]
    sets: frozenset[int]
    series: frozenset[int]
    named_by_name: bool
    several: bool

    def sets_for(self, number: TitleNumber, names: SetNames) -> frozenset[int]:
        """The sets in which the card with this number may be; none where nothing tells."""
        if number.total is None:
            return self.sets if self.named_by_name else self.sets | self.series
        return self.sets | names.by_total.get(number.total, frozenset())

    def number_of(self, prefix: str, value: int | None, suffix: str) -> TitleNumber | None:
        """The title's number that a card with this one may have; titles may leave a prefix out."""
        for one in self.numbers:
            if (one.value, one.suffix) == (value, suffix) and one.prefix in {prefix, ""}:
                return one
        return None

    @property
    def is_sure_of_its_number(self) -> bool:
        """Whether it gives a collector number that cannot be anything else."""
        return any(one.way != "bare" for one in self.numbers)

    def words(self) -> set[str]:
        """The words that may be the name of another Pokémon."""
        return {
            word
            for place, word in enumerate(self.reading.words)
            if len(word) >= SHORTEST_SPECIES
            and word.isalpha()
            and word not in EVERYDAY
            and not any(found.covers(place) and found.meaning.strong for found in self.mentions)
        }


def question(reading: Reading, names: SetNames) -> Question:
    """Put a reading beside the sets."""
    mentions = tuple(names.mentions(reading.words))
    numbers = _numbers(reading, mentions, names)
    return Question(
        reading,
        mentions,
        numbers,
        sets=frozenset().union(*(m.meaning.sets for m in mentions), *_coded(reading, numbers, names)),
        series=frozenset().union(*(m.meaning.series for m in mentions)),
        named_by_name=any(m.meaning.sets and not m.meaning.series for m in mentions),
        several=sum(one.way == "pair" or one.prefix.lower() in PREFIXES for one in numbers) > 1,
    )


def _numbers(reading: Reading, mentions: Sequence[Found[Named]], names: SetNames) -> tuple[TitleNumber, ...]:
    """A title's numbers, each once, without those that name a set ("151") and what is no number after all."""
    given = [
        one.with_code() if one.prefix.lower() in names.by_code else one
        for one in reading.numbers
        if one.way in {"pair", "sign"} or not any(found.covers(one.at) for found in mentions)
    ]
    distinct = list({one[:4]: one for one in reversed(given)}.values())[::-1]
    likely = [one for one in distinct if _is_likely(one, names)]
    doubled = {one[:3] for one in likely}  # The same number out of two totals is a doubt, whatever they are.
    return tuple(one for one in distinct if one in likely or one[:3] in doubled) or tuple(distinct)


def _is_likely(one: TitleNumber, names: SetNames) -> bool:
    if one.total is None or one.prefix:
        return True
    return one.total in names.by_total and one.total > SMALLEST_TOTAL


def _coded(reading: Reading, numbers: Iterable[TitleNumber], names: SetNames) -> Iterable[frozenset[int]]:
    words = reading.words
    for number in numbers:
        yield names.by_code.get(number.code, frozenset())
        for place in (number.at - 1, number.at + 1):
            if 0 <= place < len(words):
                yield names.by_code.get(words[place], frozenset())


@dataclass(slots=True)
class Keys:
    """What a page of titles has to be looked up by, each thing once; empty at first."""

    by_set: set[tuple[int, str, int]] = field(default_factory=set)
    by_number: set[tuple[str, int]] = field(default_factory=set)
    by_letter: set[str] = field(default_factory=set)
    by_value: set[tuple[int, str]] = field(default_factory=set)
    by_name: set[tuple[int, str]] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def add(self, asked: Question, names: SetNames) -> None:
        """Add what one title asks for."""
        self.words |= asked.words()
        for number in asked.numbers:
            self._add_number(asked, number, asked.sets_for(number, names))
        if not asked.numbers:
            words = " ".join(asked.reading.words)
            self.by_name.update((one, words) for one in asked.sets)

    def _add_number(self, asked: Question, number: TitleNumber, sets: frozenset[int]) -> None:
        if number.value is None:
            self.by_letter.add(number.prefix)
        elif number.prefix:
            self.by_number.add((number.prefix, number.value))
        elif sets:
            self.by_set.update((one, number.prefix, number.value) for one in sets)
        else:
            self.by_value.add((number.value, " ".join(asked.reading.words)))

    def columns(self) -> list[list[object]]:
        """As the statement wants them: a list for each column."""
        return [
            *_columns(self.by_set, 3),
            *_columns(self.by_number, 2),
            list(self.by_letter),
            *_columns(self.by_value, 2),
            *_columns(self.by_name, 2),
            list(self.words),
        ]


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    found = list(rows)
    return [[row[column] for row in found] for column in range(width)]
