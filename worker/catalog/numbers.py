"""Card numbers: ``4``, ``TG01``, ``SWSH020``, ``15_A1``, ``XY67a``, ``?``, taken apart so that they sort."""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST_NUMBER = 40
"""No printed number comes near it; whatever is longer is not a card number."""

# Nine digits at most, so that the value fits a Postgres integer.
PARTS = re.compile(r"([^0-9]*)([0-9]{1,9})(?![0-9])(.*)", re.DOTALL)


class CardNumber(NamedTuple):
    """A number in three parts; it sorts as it stands where ``value`` is known.

    ``value`` is None where the number holds no digits (``?``, ``A``): then all of it is the prefix.
    """

    prefix: str
    value: int | None
    suffix: str


@lru_cache(maxsize=8192)
def split_number(number: str) -> CardNumber:
    """Take a printed number apart; what follows a slash is the size of the set, and no part of it."""
    text = number.strip().partition("/")[0].strip()
    parts = PARTS.fullmatch(text)
    if parts is None:
        return CardNumber(text, None, "")
    return CardNumber(parts[1], int(parts[2]), parts[3])


def number_key(number: str) -> str:
    """Return the form in which two spellings of one number are equal: ``tg1``, ``TG01/TG30`` -> ``TG1``."""
    prefix, value, suffix = split_number(number)
    return f"{prefix}{'' if value is None else value}{suffix}".upper()
