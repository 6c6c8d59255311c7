"""What the title of a listing says of the thing that is sold: the one reading that prices are made of."""

import re
from typing import Literal, NamedTuple

from worker.pricing.titles import read_title

Condition = Literal["NM", "LP", "MP", "HP", "DMG"]
LeftOut = Literal["junk", "not_a_single", "graded", "other_language", "other_variant", "other_card"]
Game = Literal["card", "coin"]

_CONDITIONS: tuple[tuple[Condition, re.Pattern[str]], ...] = (
    ("DMG", re.compile(r"\b(?:damaged|dmg|creased?|bent|torn|ripped|water damage)\b", re.IGNORECASE)),
    ("HP", re.compile(r"\b(?:heav(?:il)?y play(?:ed)?|HP|poor)\b", re.IGNORECASE)),
    ("MP", re.compile(r"\b(?:moderate(?:ly)? play(?:ed)?|MP|VG)\b", re.IGNORECASE)),
    ("LP", re.compile(r"\b(?:light(?:ly)? play(?:ed)?|LP|SP)\b", re.IGNORECASE)),
    ("NM", re.compile(r"\b(?:near mint|NM|mint|pack fresh)\b", re.IGNORECASE)),
)
_SLAB = re.compile(
    r"\b(PSA|BGS|CGC|SGC|TAG|ACE|PCGS|NGC)\s*(?:[a-z -]+ )?(10|[1-9](?:\.5)?)\b", re.IGNORECASE
)
_CODES = {"japanese": "ja", "german": "de", "french": "fr", "italian": "it", "korean": "ko", "chinese": "zh"}


class ListingReading(NamedTuple):
    """What a title says.

    ``condition`` is None where nothing says it: never Near Mint by default. ``grader`` and ``grade`` are those
    of a slab ("PSA", "9.5"). ``language`` is an ISO 639-1 code, ``en`` where none is said. ``variant`` is one
    of the names of ``card_prints.variants``. ``quantity`` is None where there are several and no number is
    said. ``left_out`` is the reason why such a listing is no price of a single raw card, or None; ``why``
    names the words that said so.
    """

    condition: Condition | None
    grader: str | None
    grade: str | None
    language: str
    variant: str | None
    quantity: int | None
    number: str | None
    left_out: LeftOut | None
    why: str


def read_listing(
    title: str, name: str | None = None, number: str | None = None, *, game: Game | None = None
) -> ListingReading:
    """Read a listing's title; nothing in it is an error.

    ``name`` and ``number`` are those of the card that is looked for, where they are known: words of its own
    name are no junk. ``game`` says whether it is a card or a coin; None lets the title say.
    """
    read = read_title(title)
    slab = _SLAB.search(title)
    condition = next((one for one, words in _CONDITIONS if words.search(title)), None)
    left_out: LeftOut | None = None
    if read.junk:
        left_out = "not_a_single" if read.junk[0].meaning in {"several", "choice", "sealed"} else "junk"
    elif slab:
        left_out = "graded"
    elif read.language:
        left_out = "other_language"
    return ListingReading(
        None if slab else condition,
        slab[1].upper() if slab else None,
        slab[2] if slab else None,
        _CODES.get(read.language or "", "en"),
        None,
        1,
        None,
        left_out,
        "",
    )
