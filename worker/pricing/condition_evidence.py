"""What is known of a listing's condition, and who said it: descriptor, then title, then condition id.

eBay gives condition descriptors with single items, never in search results; ids and texts both occur. Search
results have a condition id, which says of cards only whether they are graded.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from worker.pricing.conditions import Condition
from worker.pricing.listing import ListingReading

Basis = Literal["descriptor", "title", "condition_id", "unknown"]

GRADED_ID, UNGRADED_ID = "2750", "4000"
"""Of cards and coins; in other categories the same ids mean other things."""
GRADER, GRADE, CARD_CONDITION = "27501", "27502", "40001"
NAMES = {
    "professional grader": GRADER,
    "grader": GRADER,
    "grade": GRADE,
    "number grade": GRADE,
    "card condition": CARD_CONDITION,
}
CONDITIONS: dict[str, Condition] = {
    "400010": "NM",
    "400011": "LP",
    "400012": "MP",
    "400013": "HP",
    "400015": "LP",
    "400016": "MP",
    "400017": "HP",
    "near mint or better": "NM",
    "near mint": "NM",
    "excellent": "LP",
    "lightly played": "LP",
    "lightly played (excellent)": "LP",
    "very good": "MP",
    "moderately played": "MP",
    "moderately played (very good)": "MP",
    "poor": "HP",
    "heavily played": "HP",
    "heavily played (poor)": "HP",
}
"""There is none for damaged cards: only titles and texts say that."""
GRADERS = {
    "275010": "PSA",
    "275011": "BCCG",
    "275012": "BVG",
    "275013": "BGS",
    "275014": "CSG",
    "275015": "CGC",
    "275016": "SGC",
    "275017": "KSA",
    "275018": "GMA",
    "275019": "HGA",
    "2750110": "ISA",
    "2750111": "PCA",
    "2750112": "GSG",
    "2750113": "PGS",
    "2750114": "MNT",
    "2750115": "TAG",
    "2750116": "Rare",
    "2750117": "RCG",
    "2750118": "PCG",
    "2750119": "ACE",
    "2750120": "CGA",
    "2750121": "TCG",
    "2750122": "ARK",
    "2750123": "Other",
}
_HALVES = (
    "10",
    "9.5",
    "9",
    "8.5",
    "8",
    "7.5",
    "7",
    "6.5",
    "6",
    "5.5",
    "5",
    "4.5",
    "4",
    "3.5",
    "3",
    "2.5",
    "2",
)
GRADES = {f"27502{place}": grade for place, grade in enumerate((*_HALVES, "1.5", "1"))}
GRADES |= {f"27502{place}": "Authentic" for place in range(19, 23)}


class Evidence(NamedTuple):
    """A condition, or a slab's grader and grade, with whoever said so.

    A graded card has no condition; ``grader`` and ``grade`` are None where nobody names them.
    """

    condition: Condition | None
    grader: str | None
    grade: str | None
    is_graded: bool
    basis: Basis


UNKNOWN = Evidence(None, None, None, is_graded=False, basis="unknown")


def evidence(
    reading: ListingReading,
    condition_id: str | None = None,
    descriptors: Iterable[Mapping[str, Any]] | None = None,
) -> Evidence:
    """Weigh what is said of one listing.

    ``descriptors`` are eBay's, of an item ("Card Condition", with ``content``) or of an inventory item
    (``40001``, with ids). What is not understood of them is passed over. A descriptor is believed before the
    title, except that a card which is "Heavily Played" there and damaged in its title is damaged. A title
    that names no grade and no condition leaves the word to the condition id.
    """
    described = dict(_described(descriptors or ()))
    if (told := _by_descriptor(described, reading)) is not None:
        return told
    if reading.grade is not None or reading.condition is not None:
        return _by_title(reading)
    if condition_id == GRADED_ID:
        return Evidence(None, reading.grader, None, is_graded=True, basis="condition_id")
    if condition_id == UNGRADED_ID:
        return Evidence(None, None, None, is_graded=False, basis="condition_id")
    return _by_title(reading) if reading.left_out == "graded" else UNKNOWN


def _by_title(reading: ListingReading) -> Evidence:
    is_graded = reading.condition is None
    return Evidence(reading.condition, reading.grader, reading.grade, is_graded=is_graded, basis="title")


def _by_descriptor(described: Mapping[str, str], reading: ListingReading) -> Evidence | None:
    if GRADER in described or GRADE in described:
        grader = described.get(GRADER)
        return Evidence(
            None,
            None if grader is None else _grader(grader),
            _grade(described[GRADE]) if GRADE in described else reading.grade,
            is_graded=True,
            basis="descriptor",
        )
    condition = CONDITIONS.get(described.get(CARD_CONDITION, "").lower())
    if condition is None:
        return None
    if condition == "HP" and reading.condition == "DMG":
        condition = "DMG"
    return Evidence(condition, None, None, is_graded=False, basis="descriptor")


def _described(descriptors: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The descriptors that are understood, by their ids, with their first values."""
    for one in descriptors:
        name = str(one.get("name", "")).strip()
        values = one.get("values")
        if not isinstance(values, list) or not values:
            continue
        value = values[0].get("content") if isinstance(values[0], Mapping) else values[0]
        known = NAMES.get(name.lower(), name)
        if known in {GRADER, GRADE, CARD_CONDITION} and value and (said := str(value).strip()):
            yield known, said


def _grader(said: str) -> str:
    """A grader's short name: of an id, or of "Professional Sports Authenticator (PSA)"."""
    if said in GRADERS:
        return GRADERS[said]
    _, opened, rest = said.rpartition("(")
    name = rest.rstrip(") ") if opened else said
    return next((known for known in GRADERS.values() if known.lower() == name.lower()), name)


def _grade(said: str) -> str:
    """A grade as titles give it: "9.5", "MS65"."""
    return GRADES.get(said, said.replace("-", "") if said[:1].isalpha() and said[-1:].isdigit() else said)
