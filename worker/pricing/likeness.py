"""What a thing's like is: by which words it is searched, in which category, and which titles are of it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from worker.pricing.coin_judging import Judged, judge_coin
from worker.pricing.coin_query import read_attributes, search_words
from worker.pricing.things import judge_thing, read_thing

COIN = "coin"


class Likeness(NamedTuple):
    """How a thing's like is found.

    ``query`` names it to a reader; ``words`` are what is asked for in ``category``; ``judge`` says of a
    listing's title whether it is one of the like.
    """

    query: str
    words: str
    category: str | None
    judge: Callable[[str | None], Judged]


def likeness_of(kind: str, attributes: Mapping[str, object]) -> Likeness:
    """The likeness of a coin, or of anything with attributes; raises ``BadAttributes``."""
    if kind == COIN:
        coin = read_attributes(attributes)
        words = search_words(coin, in_category=True)
        return Likeness(search_words(coin), words, coin.category, partial(judge_coin, coin))
    thing = read_thing(attributes)
    words = " ".join(thing.words)
    return Likeness(words, words, thing.category, partial(judge_thing, thing))
