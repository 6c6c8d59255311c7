"""Where a title says a card's name, and whether it says a longer one."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from worker.pricing.titles import Reading, read_words

DELTA = "\u03b4"
MARKS = frozenset("\u2605\u03b4\u25c7\u2642\u2640")
"""Star, delta, prism star and the sexes: sellers leave them out, and put stars where there are none."""
KINDS = frozenset({"ex", "gx", "v", "vmax", "vstar", "vunion", "break", "lvx", "gl", "fb"})
"""Words that make another card of a Pokémon's name when they follow it."""
OWNERS = frozenset(
    """
    rockets brocks mistys surges erikas sabrinas kogas blaines giovannis magmas aquas holons ethans cynthias
    ns lillies hops ionos arvens stevens marnies larrys
    """.split()  # noqa: SIM905
)
"""Trainers whose cards are others than those without them."""
KINDS_BEFORE = OWNERS | frozenset(
    """
    dark light shining mega primal radiant galarian alolan hisuian paldean super hyper max ultra detective
    armored teal flying surfing
    """.split()  # noqa: SIM905
)
"""Words that make another card of a name when they stand before it."""
CONDITIONS = frozenset({"nm", "mt", "mint", "condition", "cond", "excellent", "lp", "vg", "near", "played"})

WHOLE, SCATTERED, MISSPELT = 1000, 950, 850
"""How well a name is found: in one piece; all its words; all but for a letter or two. Of a thousand."""
ALIKE = 0.82
SHORTEST_MISSPELT = 6


class NameFit(NamedTuple):
    """How a name stands in a title: how well (0 to 1000), and which words are its own.

    ``longer`` tells that the title goes on to the name of another card: "Dark …", "… VMAX".
    """

    likeness: int
    places: frozenset[int]
    longer: bool


@dataclass(frozen=True, slots=True)
class NameShape:
    """A card's name as titles say it: its words, and the marks that it has besides."""

    words: tuple[str, ...]
    marks: frozenset[str]


@lru_cache(maxsize=32_768)
def shape_of(name: str) -> NameShape:
    """Read a print's name; what stands in brackets ("(Professor Oak)") is nothing that a seller must say."""
    words = read_words(name.partition("(")[0]) or read_words(name)
    plain = tuple(word for word in words if word not in MARKS)
    if len(plain) > 1 and plain[0] == "s":  # "_____'s Pikachu"
        plain = plain[1:]
    return NameShape(plain, MARKS.intersection(words))


def find_name(reading: Reading, name: str, taken: AbstractSet[int] = frozenset()) -> NameFit:
    """Find a card's name in a title, rather outside the places that are taken by the name of a set.

    A likeness of less than ``MISSPELT`` means that words of the name are missing: it is half of their share
    that is there.
    """
    shape = shape_of(name)
    starts = _starts(reading.words, shape.words)
    if starts:
        start = next((one for one in starts if one not in taken), starts[0])
        places = frozenset(range(start, start + len(shape.words)))
        return NameFit(
            WHOLE, places, _is_longer(reading, shape, places, taken) or _another_sex(reading, shape)
        )
    if (joined := _joined(reading.words, shape.words)) is not None:
        return NameFit(WHOLE, joined, _is_longer(reading, shape, joined, taken))
    there = frozenset(place for place, word in enumerate(reading.words) if word in shape.words)
    missing = set(shape.words) - {reading.words[place] for place in there}
    if not missing and shape.words and not any(_needs_its_place(word) for word in shape.words):
        return NameFit(SCATTERED, there, _is_longer(reading, shape, there, taken))
    return NameFit(500 * (len(shape.words) - len(missing)) // max(1, len(shape.words)), there, longer=False)


def misspelt(reading: Reading, name: str) -> tuple[int, ...]:
    """The places of a name of which one word is wrong by a letter or two; none when it is not so.

    The first of them is the wrong word's. Whoever knows that this word is another card's name knows better.
    """
    words = shape_of(name).words
    missing = [word for word in words if word not in reading.words]
    if len(missing) != 1 or len(missing[0]) < SHORTEST_MISSPELT:
        return ()
    wanted = SequenceMatcher(None, b=missing[0], autojunk=False)
    for place, word in enumerate(reading.words):
        if abs(len(word) - len(missing[0])) <= 1 and word[:1] == missing[0][0]:
            wanted.set_seq1(word)
            if wanted.quick_ratio() >= ALIKE and wanted.ratio() >= ALIKE:
                return place, *(reading.words.index(one) for one in words if one != missing[0])
    return ()


def _starts(words: Sequence[str], wanted: tuple[str, ...]) -> list[int]:
    if not wanted or wanted[0] not in words:
        return []
    return [
        place
        for place, word in enumerate(words)
        if word == wanted[0] and tuple(words[place : place + len(wanted)]) == wanted
    ]


def _joined(words: Sequence[str], wanted: tuple[str, ...]) -> frozenset[int] | None:
    """Find a name that is written as one word where it has two, or as two where it has one: "Pokeball"."""
    whole = "".join(wanted)
    if len(wanted) > 1 and whole in words:
        return frozenset((words.index(whole),))
    if len(wanted) == 1 and len(whole) >= SHORTEST_MISSPELT:
        for place, word in enumerate(words[:-1]):
            if word and whole.startswith(word) and word + words[place + 1] == whole:
                return frozenset((place, place + 1))
    return None


def _needs_its_place(word: str) -> bool:
    """Tell whether a word says little by itself: "V", "ex", "GX"."""
    return word in KINDS or len(word) < 3  # noqa: PLR2004


def _is_longer(reading: Reading, shape: NameShape, places: frozenset[int], taken: AbstractSet[int]) -> bool:
    before, after = min(places) - 1, max(places) + 1
    words = reading.words
    if (
        before >= 0
        and before not in taken
        and words[before] not in shape.words
        and (words[before] in KINDS_BEFORE or before in reading.owners)
    ):
        return True
    if after < len(words) and after not in taken and words[after] in KINDS - set(shape.words):
        return not (words[after] == "ex" and any(word in CONDITIONS for word in words[after + 1 : after + 2]))
    return False


def _another_sex(reading: Reading, shape: NameShape) -> bool:
    sexes = {"\u2642", "\u2640"}
    said = sexes.intersection(reading.words)
    return bool(said and shape.marks & sexes and not said & shape.marks)
