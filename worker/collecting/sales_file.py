"""A CSV file of sales, as it comes out of a spreadsheet: its encoding, its delimiter, its rows as offers."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from worker.catalog.offers import Offer
from worker.collecting.amounts import BadCell, read_currency, read_moment, read_money
from worker.collecting.source import BadOffer
from worker.errors import UserError

T = TypeVar("T")
COLUMNS = {
    "title": ("title", "item", "name", "listing", "item title"),
    "price": ("price", "sold price", "sale price", "unit price", "amount"),
    "date": ("sold_at", "date", "sold on", "sale date", "date sold", "sold date"),
    "currency": ("currency",),
    "quantity": ("quantity", "qty"),
    "shipping": ("shipping", "shipping cost", "postage"),
    "item_id": ("item_id", "item id", "id", "order id", "item number"),
    "condition": ("condition",),
    "seller": ("seller", "sold by"),
    "print": ("print", "card id", "card_print"),
}
NEEDED = ("title", "price", "date")
"""Of these each file has a column; a row may say ``print`` instead of a title."""
LONGEST_CELL, MOST_PIECES = 1_000, 1_000_000
BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row that could be read; ``print_name`` is what it says that it is, where it does."""

    line: int
    offer: Offer
    print_name: str | None


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, else as Windows wrote it (cp1252)."""
    for mark, encoding in BOMS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_sales(text: str, *, currency: str) -> Iterator[Row | BadOffer]:
    """Read every row; one that cannot be read is bad by itself. Empty rows are passed over.

    ``currency`` is that of amounts that say none. Raises ``UserError`` where there is no such table.
    """
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=_delimiter(text))
    try:
        places = _places(next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num, _named(cells, places), currency)
    except csv.Error as error:
        raise UserError(f"line {reader.line_num} is no CSV: {error}") from None


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _places(header: list[str]) -> dict[str, int]:
    written = [" ".join(cell.replace("_", " ").lower().split()) for cell in header]
    places: dict[str, int] = {}
    for name, aliases in COLUMNS.items():
        known = [written.index(word) for one in aliases if (word := one.replace("_", " ")) in written]
        if known:
            places[name] = known[0]
    if missing := [name for name in NEEDED if name not in places]:
        raise UserError(
            f"there is no column for {', '.join(missing)}: the first line names the columns, such as "
            "title, price, currency, sold_at, item_id"
        )
    return places


def _named(cells: list[str], places: Mapping[str, int]) -> dict[str, str]:
    found = {name: cells[place].strip() for name, place in places.items() if place < len(cells)}
    return {name: cell for name, cell in found.items() if cell}


def _row(line: int, said: Mapping[str, str], currency: str) -> Row | BadOffer:
    try:
        return Row(line, _offer(said, currency), said.get("print"))
    except BadCell as error:
        return BadOffer(f"line {line}", error.code, str(error))


def _offer(said: Mapping[str, str], usual: str) -> Offer:
    _require_plain(said)
    price = read_money(_need(said, "price"))
    stated = read_currency(said["currency"]) if "currency" in said else None
    if stated is not None and price.currency not in (None, stated):
        raise BadCell("bad_currency", f"the price is in {price.currency}, the column says {stated}")
    currency = price.currency or stated or usual
    if "title" not in said and "print" not in said:
        raise BadCell("no_title", "the row says neither what was sold nor which print that is")
    moment = read_moment(_need(said, "date"))
    shipping = read_money(said["shipping"]) if "shipping" in said else None
    return Offer(
        item_id=said.get("item_id") or _key(said),
        title=said.get("title"),
        unit_price=price.value,
        shipping=shipping.value if shipping and shipping.currency in (None, currency) else None,
        currency=currency,
        quantity=_quantity(said.get("quantity", "1")),
        observed_at=moment,
        status="sold",
        listing_type=None,
        condition=said.get("condition"),
        seller=said.get("seller"),
        item_group=None,
        external_id=said.get("item_id"),
        raw={"row": dict(said)},
    )


def _require_plain(said: Mapping[str, str]) -> None:
    for name, cell in said.items():
        if len(cell) > LONGEST_CELL:
            raise BadCell("too_long", f"the {name} has more than {LONGEST_CELL} characters")
        if cell[0] in "=@" or (cell[0] in "+-" and not cell[1:2].isdigit()):
            raise BadCell("formula", f"the {name} is a formula, {cell[:30]!r}: save the file with values")


def _need(said: Mapping[str, str], name: str) -> str:
    if name not in said:
        raise BadCell(f"no_{name}", f"the row has no {name}")
    return said[name]


def _quantity(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9]) < MOST_PIECES and len(text) < 8):  # noqa: PLR2004 - digits
        raise BadCell("bad_quantity", f"{text[:30]!r} is no number of pieces")
    return int(text)


def _key(said: Mapping[str, str]) -> str:
    """What a row is known by that has no id of its own: all that it says."""
    whole = "\n".join(f"{name}={cell}" for name, cell in sorted(said.items()))
    return f"row-{hashlib.sha256(whole.encode()).hexdigest()[:24]}"
