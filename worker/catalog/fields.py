"""The fields that every source's records share, read forgivingly; what was odd goes into ``notes``.

Written by hand, not as pydantic models: an import reads tens of thousands of records a second.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from unicodedata import normalize

from worker.catalog.facts import Legalities
from worker.catalog.numbers import LONGEST_NUMBER
from worker.catalog.rarity import read_rarity

LONGEST_TEXT = 1000
HIGHEST_HP = 10_000
HIGHEST_COUNT = 1_000_000

HP = re.compile(r"\s*([0-9]{1,5})\s*(?:HP)?\s*", re.IGNORECASE)
COUNT = re.compile(r"\s*([0-9]{1,7})\s*")
SUPERTYPES = {"pokemon": "Pokémon", "pokémon": "Pokémon", "trainer": "Trainer", "energy": "Energy"}
LOOSE_SUBTYPES = {"Basic Stage": "Basic"}
WORD_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|[^0-9A-Za-z]+")

Notes = list[str]


def storable(text: str) -> bool:
    """Tell whether Postgres can hold a text: it refuses NUL and halves of surrogate pairs."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def usable(text: str) -> bool:
    """Tell whether a text says something and can be stored."""
    return text != "" and len(text) <= LONGEST_TEXT and storable(text)


def text_or_none(record: Mapping[str, Any], key: str, notes: Notes) -> str | None:
    """Read an optional text; anything else under that key is left out with a note."""
    value = record.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and storable(value):
        return value if value.isascii() else normalize("NFC", value)
    notes.append(f'"{key}" is not usable text and was left out: check it at its source')
    return None


def text_list(record: Mapping[str, Any], key: str, notes: Notes) -> tuple[str, ...]:
    """Read a list of texts; a lone text counts as a list of one, what is not text is left out."""
    value = record.get(key)
    if value is None:
        return ()
    if isinstance(value, str) and usable(value):
        notes.append(f'"{key}" came as a text, not as a list; it was read as a list of one')
        return (LOOSE_SUBTYPES.get(value, value),)
    if not isinstance(value, list):
        notes.append(f'"{key}" is not a list and was left out: check it at its source')
        return ()
    kept = tuple([entry for entry in value if isinstance(entry, str) and usable(entry)])
    if len(kept) != len(value):
        notes.append(f'entries of "{key}" that are not text were left out: check them at their source')
    return kept


def hit_points(record: Mapping[str, Any], notes: Notes, *, usual: type) -> int | None:
    """Read ``hp``: 120, "120" or "120 HP"; a note where it did not come as the ``usual`` type."""
    value = record.get("hp")
    if value is None:
        return None
    points = _whole_number(value, HP)
    if points is None or not 0 < points <= HIGHEST_HP:
        notes.append('"hp" is not a number of hit points and was left out: check the printed card')
        return None
    if not isinstance(value, usual):
        notes.append(f'"hp" came as {_json_kind(value)}; it was read as {points}')
    elif isinstance(value, str) and not value.isdecimal():
        notes.append(f'"hp" came with more than digits; it was read as {points}')
    return points


def count_or_none(record: Mapping[str, Any], key: str, notes: Notes) -> int | None:
    """Read how many cards a set has; a number written as text is taken, anything else left out."""
    value = record.get(key)
    if value is None:
        return None
    count = _whole_number(value, COUNT)
    if count is None or not 0 <= count <= HIGHEST_COUNT:
        notes.append(f'"{key}" is not a whole number and was left out: count the cards of the set')
        return None
    if not isinstance(value, int):
        notes.append(f'"{key}" came as {_json_kind(value)}; it was read as {count}')
    return count


def _whole_number(value: object, pattern: re.Pattern[str]) -> int | None:
    if isinstance(value, str):
        found = pattern.fullmatch(value) if len(value) <= LONGEST_NUMBER else None
        return int(found[1]) if found else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _json_kind(value: object) -> str:
    return "text" if isinstance(value, str) else "a number"


def sane_totals(printed: int | None, total: int | None, notes: Notes) -> None:
    """Note a set that says it has fewer cards than the number printed on them."""
    if printed is not None and total is not None and total < printed:
        notes.append(f"the set says {total} cards in all but prints {printed} on them: some may be missing")


def release_date(record: Mapping[str, Any], notes: Notes) -> date | None:
    """Read ``releaseDate``, ``1999/01/09`` or ``1999-01-09``."""
    value = record.get("releaseDate")
    if value is None:
        return None
    try:
        return date.fromisoformat(value.replace("/", "-"))
    except (AttributeError, ValueError):
        notes.append('"releaseDate" is not a date like 1999/01/09 and was left out: check it at its source')
        return None


def legalities(record: Mapping[str, Any], key: str, notes: Notes) -> Legalities:
    """Read where a card may be played: rulings stay the text they are, TCGdex' true becomes ``Legal``."""
    value = record.get(key)
    if value is None:
        return ()
    if not isinstance(value, dict):
        notes.append(f'"{key}" is not an object and was left out: check it at its source')
        return ()
    # Omitting what is false is how the Pokémon TCG API says it, too.
    told = [
        (name, "Legal" if ruling is True else ruling) for name, ruling in value.items() if ruling is not False
    ]
    kept = [pair for pair in told if isinstance(pair[1], str) and usable(pair[1]) and usable(pair[0])]
    if len(kept) != len(told):
        notes.append(f'entries of "{key}" that are neither text nor true were left out')
    return tuple(sorted(kept))


def supertype(record: Mapping[str, Any], key: str, notes: Notes) -> str | None:
    """Read what kind of card it is; the three kinds there are in one spelling, others as they came."""
    value = text_or_none(record, key, notes)
    if value is None:
        notes.append("the supertype is missing: check whether it is a Pokémon, a Trainer or an Energy")
        return None
    return SUPERTYPES.get(value.casefold(), value)


def rarity(record: Mapping[str, Any], notes: Notes) -> str | None:
    """Read the rarity in our spelling."""
    found = read_rarity(text_or_none(record, "rarity", notes) or "")
    if found.note is not None:
        notes.append(found.note)
    return found.name


def snake(key: str) -> str:
    """Write a printing's key in snake case: ``1stEditionHolofoil`` -> ``first_edition_holofoil``."""
    words = WORD_BORDER.sub("_", key.replace("1st", "first")).strip("_")
    return words.lower()
