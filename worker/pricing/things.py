"""Anything with attributes: a search made of their values, and a plain judge of what it finds."""

from collections.abc import Mapping
from typing import NamedTuple

from worker.pricing.coin_judging import ALIKE, Judged, Unlike
from worker.pricing.coin_query import BadAttributes, fitting
from worker.pricing.junk import Junk, find_junk
from worker.pricing.titles import read_words

REASONS: dict[Junk, Unlike] = {"fake": "junk", "several": "not_a_single", "choice": "not_a_single"}
"""What speaks against any single genuine thing; other junk words of cards may be the thing itself."""
FIRST = ("title", "name", "brand", "maker", "model", "year", "number")
"""Attributes whose values lead a search, in this order; the others follow as they stand."""
NOT_SEARCHED = frozenset({"condition", "category", "notes", "note", "description", "location", "quantity"})


class Thing(NamedTuple):
    """A thing and the words that name it: what a listing's title has to say, all of it."""

    words: tuple[str, ...]
    category: str | None


def read_thing(attributes: Mapping[str, object]) -> Thing:
    """Read a thing's attributes: whatever they are called, their values are its words.

    ``category`` is that of the marketplace; raises ``BadAttributes`` where no value is a text or a number.
    """
    named = [name for name in FIRST if name in attributes] + [
        name for name in attributes if name not in FIRST
    ]
    said = [attributes[name] for name in named if name.lower() not in NOT_SEARCHED]
    words = [word for value in said if isinstance(value, str | int) for word in read_words(str(value)[:200])]
    asked = tuple(fitting(words).split())
    if not asked:
        raise BadAttributes("a thing without a text or a number among its attributes cannot be searched")
    category = attributes.get("category")
    return Thing(asked, str(category) if isinstance(category, str | int) else None)


def judge_thing(thing: Thing, title: str | None) -> Judged:
    """Say whether a listing of this title is about the like of ``thing``: it has all words, and no junk."""
    words = read_words((title or "")[:500])
    if missing := [word for word in thing.words if word not in words]:
        return Judged("other_card", f'its title does not say "{missing[0]}"')
    for found in find_junk(words):
        said = words[found.start : found.end]
        if found.meaning in REASONS and not set(said) <= set(thing.words):
            return Judged(REASONS[found.meaning], f'"{" ".join(said)}"')
    return ALIKE
