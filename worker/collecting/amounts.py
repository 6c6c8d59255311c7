"""Amounts and moments as people write them: "$1,234.50", "12,50 €", "2026-11-01", "1 Nov 2026"."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

SIGNS = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "C$": "CAD",
    "CA$": "CAD",
    "AU$": "AUD",
    "A$": "AUD",
}
AMOUNT = re.compile(r"([^\d\s.,+-]*)\s*([+-]?[\d.,'\s]*\d[\d.,'\s]*)\s*([^\d\s.,+-]*)")
GROUPED = re.compile(r"\d{1,3}([.,' ]\d{3})+")
CODE = re.compile(r"[A-Z]{3}")
LARGEST = Decimal(10) ** 8
FORMATS = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y")
SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
MONTHS = 12


class BadCell(ValueError):
    """Raised where a text is no such thing; ``code`` is stable, the message a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Money(NamedTuple):
    """An amount that is not below nothing; ``currency`` is None where none is written beside it."""

    value: Decimal
    currency: str | None


def read_money(text: str) -> Money:
    """Read an amount; raises ``BadCell`` with ``bad_price`` for a percentage, words, or less than nothing.

    Where one sign could part thousands or cents ("1,234"), three digits behind it are thousands.
    """
    shown = text.strip().replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    found = AMOUNT.fullmatch(shown)
    if found is None:
        raise BadCell("bad_price", f"{text[:50]!r} is no price")
    before, digits, after = (part.strip() for part in found.groups())
    value = _number(digits)
    if value is None or not 0 <= value < LARGEST:
        raise BadCell("bad_price", f"{text[:50]!r} is no price")
    return Money(value, _currency(text, before or after) if before or after else None)


def read_currency(text: str) -> str:
    """Read a currency on its own; raises ``BadCell`` with ``bad_currency``."""
    return _currency(text, text.strip())


def read_moment(text: str) -> datetime:
    """Read a day or a moment, UTC where it says no zone; raises ``BadCell`` with ``bad_date``.

    "03/04/2026" is two days, depending on who writes it: it is refused, "13/04/2026" is not.
    """
    shown = " ".join(text.split())
    try:
        found = datetime.fromisoformat(shown)
    except ValueError:
        found = _slashed(shown) or _by_format(shown)
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 1990 <= moment.year <= 2200:  # noqa: PLR2004 - what no sale has seen
        raise BadCell("bad_date", f"{text[:50]!r} is no day on which anything was sold")
    return moment


def _number(digits: str) -> Decimal | None:
    plain = re.sub(r"[\s']", "", digits)
    last = max(plain.rfind("."), plain.rfind(","))
    whole, fraction = (plain[:last], plain[last + 1 :]) if last >= 0 else (plain, "")
    signs = {sign for sign in ".," if sign in plain}
    if len(signs) == 1 and GROUPED.fullmatch(plain.lstrip("+-")):
        whole, fraction = plain, ""  # "1,234" and "1.234.567": thousands.
    elif any(plain.count(sign) > 1 for sign in signs) and plain.count(plain[last]) > 1:
        return None
    kept = re.sub(r"[.,]", "", whole) or "0"
    if not re.fullmatch(r"[+-]?\d{1,12}", kept) or not re.fullmatch(r"\d{0,6}", fraction):
        return None
    return Decimal(f"{kept}.{fraction}" if fraction else kept)


def _currency(text: str, word: str) -> str:
    if (known := SIGNS.get(word.upper() if word.isascii() else word)) is not None:
        return known
    if CODE.fullmatch(word.upper()) and word.isascii():
        return word.upper()
    code = "bad_price" if any(each.isdigit() for each in text) else "bad_currency"
    raise BadCell(code, f"{text[:50]!r} is in no currency that we know")


def _slashed(text: str) -> datetime | None:
    if (found := SLASHED.fullmatch(text)) is None:
        return None
    first, second, year = map(int, found.groups())
    if first <= MONTHS and second <= MONTHS and first != second:
        raise BadCell("bad_date", f"{text!r} may be two days: write it as {year}-{first:02}-{second:02}")
    month, day = (first, second) if first <= MONTHS else (second, first)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise BadCell("bad_date", f"{text!r} is no day") from None


def _by_format(text: str) -> datetime:
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadCell("bad_date", f"{text[:50]!r} is no day: write it as 2026-11-01")
