"""What in a title speaks against a single genuine card or coin, and how many it offers."""

from collections.abc import Sequence

from worker.pricing.lexicon import Findings, Meaning
from worker.pricing.listing_reading import LeftOut
from worker.pricing.signs import LARGE, TIMES

PRECEDENCE: tuple[tuple[LeftOut, frozenset[str]], ...] = (
    ("junk", frozenset({"fake"})),
    ("junk", frozenset({"digital", "merchandise"})),
    ("not_a_single", frozenset({"several", "choice", "sealed"})),
)
"""Reasons, and the sorts of junk that they are for, the gravest first; what is left is another product."""


CONTENTS = frozenset({"ct", "count", "pack", "packs", "sleeves", "toploaders"})
"""How many of these there are in a product says nothing of how many products are offered."""
PRODUCTS = frozenset("box boxes blister bundle mystery tin etb collection".split())  # noqa: SIM905


def _is_one(junk: Meaning) -> bool:
    """Tell whether this is a product with several things in it."""
    return junk.value == "merchandise" or (
        junk.value == "sealed" and not PRODUCTS.isdisjoint(junk.said.split())
    )


def junk_in(said: Findings, *, named: bool) -> list[Meaning]:
    """Everything that speaks against it; weak words do unless the title has ``named`` one card or slab."""
    junk = said.get("junk", [])
    if "weak_junk" in said and (not named or any(one.value != "other_product" for one in junk)):
        junk = junk + said["weak_junk"]
    if "with_pokemon" in said and "pokemon" in said:
        junk = junk + said["with_pokemon"]
    return junk


def gravest(junk: Sequence[Meaning]) -> tuple[LeftOut, Meaning]:
    """The gravest reason among these, and what said it."""
    for reason, sorts in PRECEDENCE:
        for one in junk:
            if one.value in sorts:
                return reason, one
    return "other_variant", junk[0]


def worded(because: Meaning, words: Sequence[str], text: str) -> Meaning:
    """The same, with the numbers of a title where the meaning has only what kind of number stood there."""
    for sign in (TIMES, LARGE):
        if sign in because.said.split():
            said = [words[text.index(sign)] if word == sign else word for word in because.said.split()]
            return because._replace(said=" ".join(said))
    return because


def quantity_of(junk: Sequence[Meaning], words: Sequence[str], text: str) -> int | None:
    """How many are offered: 1 where nothing speaks of several, None where their number is not said."""
    several = [one for one in junk if one.value == "several" or one.how_many is not None]
    if any(_is_one(one) for one in junk):
        several = [one for one in several if CONTENTS.isdisjoint(one.said.split())]
    for one in several:
        if one.how_many is not None:
            return one.how_many
        # Numbers of a kind without signs of their own are looked up where they stand.
        if TIMES in one.said.split():
            return int(words[text.index(TIMES)][1:])
        if LARGE in one.said.split():
            return int(words[text.index(LARGE)])
    return None if several else 1
