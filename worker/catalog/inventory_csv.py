"""Reading a CSV of inventory: what a row says, or why it cannot be used. No database here."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from worker.catalog.inventory import HIGHEST_PRICE, MOST_PIECES
from worker.errors import UserError

ALIASES = {"seller_id": "seller_identifier", "seller": "seller_identifier", "qty": "quantity"}
COLUMNS = (
    "platform",
    "seller_identifier",
    "sku",
    "quantity",
    "price",
    "currency",
    "title",
    "print",
    "treatment",
    "listing_id",
    "notes",
)
NEEDED = ("seller_identifier", "quantity")
TELLS_THE_CARD = ("sku", "title", "print")
CURRENCIES = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP"}
AMOUNT = re.compile(r"(?P<before>[A-Z]{3}|US\$|[$€£])?\s*(?P<digits>[\d.,]+)\s*(?P<after>[A-Z]{3}|[$€£])?")
ENGLISH = re.compile(r"\d+(\.\d{1,2})?|\d{1,3}(,\d{3})+(\.\d{1,2})?")
CONTINENTAL = re.compile(r"\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d{1,2}")
WHOLE = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.0+)?")
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,\s]*$)")
"""How a cell begins that a spreadsheet would take for a formula; a number with a sign is none."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row that can be used. ``line`` is where it ends in the file, ``print`` names a print."""

    line: int
    platform: str
    seller: str
    sku: str | None
    quantity: int
    price: Decimal | None
    currency: str
    title: str | None
    print: str | None
    treatment: str | None
    listing_id: str | None
    notes: str | None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: a stable code, and a sentence that says what to mend."""

    line: int
    code: str
    sentence: str
    sku: str | None = None


class _Unfit(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def read_inventory(data: bytes, platform: str) -> Iterator[CsvRow | BadRow]:
    """Read a file row by row; ``platform`` is that of rows that name none.

    UTF-8, with or without a mark at its beginning, else Windows-1252; lines end as they like; columns are
    divided by commas, semicolons or tabs. Raises ``UserError`` where it is no table with the columns needed.
    """
    text = _decoded(data)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        names = _header(next(rows, []))
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield _read(names, cells, rows.line_num, platform)
    except csv.Error as error:
        raise UserError(f"line {rows.line_num} is no CSV: {error}") from None


def neutral(text: str) -> str:
    """A text that a spreadsheet takes for text: with an apostrophe where it would be a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _header(cells: Sequence[str]) -> list[str]:
    names = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    names = [ALIASES.get(name, name) for name in names]
    missing = [name for name in NEEDED if name not in names]
    if missing or not set(names).intersection(TELLS_THE_CARD):
        wanted = ", ".join((*missing, *([] if set(names).intersection(TELLS_THE_CARD) else ["sku"])))
        raise UserError(
            f"the file has no column {wanted}: the first line names the columns, of {', '.join(COLUMNS)}"
        )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UserError(f"the file has the column {twice[0]} more than once")
    return names


def _read(names: Sequence[str], cells: Sequence[str], line: int, platform: str) -> CsvRow | BadRow:
    told = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
    try:
        _count(names, cells)
        return _row(told, line, platform)
    except _Unfit as error:
        sku = neutral(UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", told.get("sku", "")))[:LONGEST]
        return BadRow(line, error.code, str(error), sku or None)


def _count(names: Sequence[str], cells: Sequence[str]) -> None:
    if len(cells) > len(names):
        raise _Unfit("columns", f"it has {len(cells)} cells, and there are {len(names)} columns")


def _row(told: Mapping[str, str], line: int, platform: str) -> CsvRow:
    for name, text in told.items():
        _check(name, text)
    if not told.get("seller_identifier"):
        raise _Unfit("no_seller", "its seller_identifier is empty")
    if not any(told.get(name) for name in TELLS_THE_CARD):
        raise _Unfit("no_card", "it has neither a sku nor a title nor a print")
    price, currency = _price(told.get("price", ""))
    return CsvRow(
        line=line,
        platform=told.get("platform", "").lower() or platform,
        seller=told["seller_identifier"],
        sku=told.get("sku") or None,
        quantity=_quantity(told.get("quantity", "")),
        price=price,
        currency=_currency(told.get("currency", ""), currency),
        title=told.get("title") or None,
        print=told.get("print") or None,
        treatment=told.get("treatment") or None,
        listing_id=told.get("listing_id") or None,
        notes=neutral(told.get("notes", "")) or None,
    )


def _check(name: str, text: str) -> None:
    if UNSTORABLE.search(text):
        raise _Unfit("unstorable", f"its {name} holds NUL or half a character, which no database text can")
    if len(text) > LONGEST and name != "notes":
        raise _Unfit("too_long", f"its {name} has {len(text):,} characters: {LONGEST} are taken")
    if name not in ("notes", "quantity", "price") and FORMULA.match(text):
        raise _Unfit("formula", f"its {name} begins like a formula of a spreadsheet: {text[:40]!r}")


def _quantity(text: str) -> int:
    if WHOLE.fullmatch(text) is None:
        raise _Unfit("bad_quantity", f"its quantity is {text[:40]!r}: a whole number, 0 or more, is wanted")
    found = int(text.partition(".")[0].replace(",", ""))
    if found > MOST_PIECES:
        raise _Unfit("bad_quantity", f"its quantity is {found:,}: nobody has so many")
    return found


def _price(text: str) -> tuple[Decimal | None, str | None]:
    """A price and the currency beside it; an empty cell is no price."""
    if not text:
        return None, None
    found = AMOUNT.fullmatch(text.upper())
    digits = found["digits"] if found else ""
    if ENGLISH.fullmatch(digits):
        amount = Decimal(digits.replace(",", ""))
    elif CONTINENTAL.fullmatch(digits):
        amount = Decimal(digits.replace(".", "").replace(",", "."))
    else:
        raise _Unfit(
            "bad_price", f"its price is {text[:40]!r}: an amount like 1,234.50 is wanted, or nothing"
        )
    if amount > HIGHEST_PRICE:
        raise _Unfit("bad_price", f"its price is {text[:40]!r}: more than anything can cost")
    named = (found["before"] or found["after"]) if found else None
    return amount, CURRENCIES.get(named, named) if named else None


def _currency(told: str, beside: str | None) -> str:
    chosen = told.upper() or beside or "USD"
    if not re.fullmatch("[A-Z]{3}", chosen) or (beside and beside != chosen):
        raise _Unfit("bad_currency", f"its currency is {told or beside!r}: three letters are wanted, once")
    return chosen
