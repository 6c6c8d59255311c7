"""From what a title of a card says to what is read from it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from worker.pricing.card_numbers import is_another, pairs_in
from worker.pricing.conditions import Condition, worse
from worker.pricing.lexicon import Findings, Kind, Meaning
from worker.pricing.listing_junk import gravest, junk_in, quantity_of, worded
from worker.pricing.listing_reading import DEFAULT_LANGUAGE, LeftOut, ListingReading
from worker.pricing.listing_why import why
from worker.pricing.signs import LARGE, PAIR, TIMES
from worker.pricing.spelling import spell
from worker.pricing.variants import Feature, Variant, variant_of

DEPENDING = frozenset[Kind]({"weak_junk", "coin", "language_code"})
HOLON_PHANTOMS = "/110"
"""The total of the set whose code is HP: beside it "HP" may be that code."""
_OTHER_SET = re.compile("legendary", re.IGNORECASE)
"""Another set has the same total: Legendary Collection."""
ALSO_WORDS = frozenset({"DE", "IT"})
"""Codes of languages that are anything in a title of capitals, but for its last word."""


def depends_on_title(said: Findings) -> bool:
    """Tell whether what is said means one thing in one title and another in the next.

    It does where weak words, words of coins or the "HP" of a set ask for a number, a code for capitals, and a
    count for the figure that stands there.
    """
    if not DEPENDING.isdisjoint(said) or any(one.said == "hp" for one in said.get("condition", ())):
        return True
    return any(sign in one.said.split() for one in said.get("junk", ()) for sign in (TIMES, LARGE))


def read_card(
    title: str, text: str, said: Findings, number: str | None, wanted: str | None
) -> ListingReading:
    """Read what is said; ``number`` is the title's own, ``wanted`` that of the card that is looked for."""
    slab, is_graded = _slab(said)
    has_grade = slab is not None and slab.grade is not None
    junk = junk_in(said, named=number is not None or has_grade)
    if has_grade:
        junk = [one for one in junk if one.value != "merchandise"]  # Nobody grades a key-chain.
    language, spoken = _language(title, said)
    left_out, because, quantity = _no_single(title, text, junk)
    if left_out in {None, "other_variant"}:
        if wanted and number is not None and is_another(number, wanted):
            left_out, because = "other_card", Meaning("junk", number)
        elif is_graded:
            left_out, because = "graded", slab
        elif language != DEFAULT_LANGUAGE:
            left_out, because = "other_language", spoken
    if left_out == "junk" and not has_grade:
        slab = None  # "PSA label only": there is nothing that was graded.
    condition, worded = (None, ()) if is_graded else _condition(title, said, number)
    return ListingReading(
        condition,
        slab.grader if slab else None,
        slab.grade if slab else None,
        language,
        _variant(said),
        quantity,
        number,
        left_out,
        why(left_out, because, condition, worded, slab, said.get("risk")),
        slab.qualifier if slab else None,
    )


def _no_single(
    title: str, text: str, junk: Sequence[Meaning]
) -> tuple[LeftOut | None, Meaning | None, int | None]:
    """Why it is no single card, what said so, and how many there are; two numbers are two cards."""
    if junk:
        words = spell(title)
        left_out, because = gravest(junk)
        quantity = quantity_of(junk, words, text)
        if left_out == "junk" and quantity is None:
            quantity = 1
        return left_out, worded(because, words, text), quantity
    if text.count(PAIR) > 1 and (pairs := pairs_in(spell(title))) > 1:
        return "not_a_single", Meaning("junk", f"{pairs} numbers"), pairs
    return None, None, 1


def _slab(said: Findings) -> tuple[Meaning | None, bool]:
    """The one slab that is offered, and whether anything is graded at all."""
    if "raw" in said:
        return None, False
    floating = said.get("grade", [])
    if (slabs := said.get("slab")) is not None:
        return _one_slab([one for one in slabs if one.grade] or slabs, floating), True
    # "Gem Mint 10" says by itself that there is a slab; "NM 7" is a condition and some number.
    strong = next((one for one in floating if not one.value), None)
    if strong is not None:
        return strong, True
    return (said["graded"][0], True) if "graded" in said else (None, False)


def _one_slab(slabs: Sequence[Meaning], floating: Sequence[Meaning]) -> Meaning:
    """Of two that differ only what they share is kept: a title with two grades has none."""
    first = slabs[0]
    if len(slabs) > 1:
        graders, grades = {one.grader for one in slabs}, {one.grade for one in slabs}
        return first._replace(
            grader=first.grader if len(graders) == 1 else None,
            grade=first.grade if len(graders) == len(grades) == 1 else None,
            said=" and ".join([one.said for one in slabs]),
        )
    if first.grade is None and floating:
        far = floating[0]
        told = f"{first.said} … {far.said}"
        return first._replace(grade=far.grade, qualifier=far.qualifier or first.qualifier, said=told)
    return first


def _language(title: str, said: Findings) -> tuple[str, Meaning | None]:
    if spoken := said.get("language"):
        # Han is written in Japan too: another word that says so is surer.
        first = next((one for one in spoken if one.said != "han"), spoken[0])
        return first.value, first
    for one in said.get("language_code", ()):
        if not title.isupper() or one.said not in ALSO_WORDS or title.rstrip().endswith(one.said):
            return one.value, one
    if editions := said.get("foreign_edition"):
        return editions[0].value, editions[0]
    return DEFAULT_LANGUAGE, None


def _condition(title: str, said: Findings, number: str | None) -> tuple[Condition | None, Sequence[Meaning]]:
    spoken = said.get("condition") or [one for one in said.get("grade", ()) if one.value]
    if len(spoken) != 1:
        return worse(cast("list[Condition]", [one.value for one in spoken])), spoken
    if (
        spoken[0].said == "hp"
        and number is not None
        and number.endswith(HOLON_PHANTOMS)
        and not _OTHER_SET.search(title)
    ):
        return None, ()
    return spoken[0].value, spoken  # type: ignore[return-value]  # Of its kind there are only conditions.


def _variant(said: Findings) -> Variant | None:
    if "variant" not in said:
        return _variant_of(("first",)) if "foreign_edition" in said else None
    features = tuple([one.value for one in said["variant"]])
    return _variant_of((*features, "first") if "foreign_edition" in said else features)


@lru_cache(maxsize=4096)
def _variant_of(features: tuple[str, ...]) -> Variant | None:
    return variant_of(cast("set[Feature]", set(features)))
