"""What is read from a listing's title, as a value."""

from typing import Literal, NamedTuple

from worker.pricing.conditions import Condition
from worker.pricing.variants import Variant

LeftOut = Literal["junk", "not_a_single", "other_card", "graded", "other_language", "other_variant"]
"""The reasons that a title alone can say, in the order of their precedence."""
Game = Literal["card", "coin"]
DEFAULT_LANGUAGE = "en"


class ListingReading(NamedTuple):
    """What a title says.

    ``condition`` is None where nothing says it, and for what is graded: never Near Mint by default.
    ``grader`` and ``grade`` are those of a slab: ``PSA`` and ``9.5``, ``PCGS`` and ``MS65``; None where
    they are not said, or two different ones are. ``language`` is an ISO 639-1 code, ``en`` where none is
    said. ``quantity`` is None where there are several and their number is not said. ``number`` is the
    collector number as it is written. ``left_out`` is why such a listing is no price of a single raw card
    in English, or None; ``why`` are the words that said all this. ``qualifier`` keeps slabs of one grade
    apart that are different markets: ``black label``, ``pristine``, ``OC``, ``authentic``, ``details``.
    """

    condition: Condition | None
    grader: str | None
    grade: str | None
    language: str
    variant: Variant | None
    quantity: int | None
    number: str | None
    left_out: LeftOut | None
    why: str
    qualifier: str | None = None
