"""Price observations: a row for each raw price fact, written again only where its source says otherwise."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

from worker.catalog.matching import Listing, Match, resolve
from worker.db import Connection, Record, statements

SQL = statements(Path(__file__).with_name("observations.sql"))

Basis = Literal["sold", "ask", "guide"]
Status = Literal["sold", "unpaid", "cancelled", "refunded", "partially_refunded"]


class LineKey(NamedTuple):
    """Which line item of which order, in which marketplace."""

    marketplace: str
    order_id: str
    line_id: str


@dataclass(frozen=True, slots=True)
class Sale:
    """A line item that was sold: ``unit_price`` of one piece, ``shipping`` of the line, in ``currency``."""

    key: LineKey
    item_id: str | None
    title: str | None
    sku: str | None
    quantity: int
    unit_price: Decimal
    shipping: Decimal | None
    currency: str
    observed_at: datetime
    listing_type: str | None
    condition: str | None
    status: Status
    modified_at: datetime
    """When its source changed it last: what is older never overwrites what is newer."""
    raw: Mapping[str, Any]

    def content_hash(self) -> bytes:
        """What tells this from another say of the same source about the same line item."""
        facts = (*self.key, self.item_id, self.title, self.sku, self.quantity, self.unit_price, self.shipping)
        more = (self.currency, self.observed_at, self.listing_type, self.condition, self.status, self.raw)
        said = json.dumps((*facts, *more), sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(said.encode()).digest()[:16]

    def listing(self) -> Listing:
        """What a print is looked for by. A title that is only the item's id says nothing (a policy hold)."""
        return Listing("" if self.title in {None, self.item_id} else self.title or "", self.sku, self.item_id)


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose observations are written, and from where they come."""

    org_id: UUID
    account_id: UUID | None
    source: str
    basis: Basis
    platform: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sale to be written, with its hash and what it is mapped to."""

    sale: Sale
    content_hash: bytes
    match: Match


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with a page of sales."""

    new: Sequence[Chosen]
    changed: Sequence[Chosen]
    unchanged: int
    elsewhere: int = 0
    """Line items that another org has: they are counted there, and nothing is done here."""

    @property
    def unmapped(self) -> int:
        """How many of those to be written find no print."""
        return sum(one.match.card_print_id is None for one in (*self.new, *self.changed))


async def plan(connection: Connection, writer: Writer, sales: Sequence[Sale]) -> Plan:
    """Compare sales with what is there; also those that found no print before are looked at again.

    A line item that comes twice counts as it came last.
    """
    latest = {sale.key: sale for sale in sales}
    keys = list(zip(*latest, strict=True)) or [(), (), ()]
    rows = await connection.fetch(SQL["known"], writer.source, *keys)
    known = {(row["marketplace_id"], row["order_id"], row["order_line_item_id"]): row for row in rows}
    elsewhere = {key for key, row in known.items() if row["org_id"] != writer.org_id}
    latest = {key: sale for key, sale in latest.items() if key not in elsewhere}
    hashes = {key: sale.content_hash() for key, sale in latest.items()}
    asked = [key for key in latest if _is_open(known.get(key), hashes[key], latest[key].modified_at)]
    listings = [latest[key].listing() for key in asked]
    found = await resolve(connection, writer.org_id, listings, platform=writer.platform) if asked else []
    chosen = [Chosen(latest[key], hashes[key], match) for key, match in zip(asked, found, strict=True)]
    new = [one for one in chosen if one.sale.key not in known]
    changed = [one for one in chosen if one.sale.key in known and _differs(one, known[one.sale.key])]
    return Plan(new, changed, len(latest) - len(new) - len(changed), len(elsewhere))


def _is_open(row: Record | None, content_hash: bytes, modified_at: datetime) -> bool:
    """Tell whether a line item is to be looked at: it is new, has changed, or found no print before."""
    if row is None:
        return True
    if row["source_modified_at"] is not None and modified_at < row["source_modified_at"]:
        return False  # Somebody has read a newer one meanwhile.
    if row["content_hash"] != content_hash:
        return True
    return row["card_print_id"] is None and row["mapped_by"] != "manual"


def _differs(one: Chosen, row: Record) -> bool:
    return row["content_hash"] != one.content_hash or one.match.card_print_id is not None


async def write(connection: Connection, writer: Writer, chosen: Plan) -> None:
    """Write what a plan holds; what others have written since is written over where it differs."""
    if chosen.changed:
        keys = zip(*(one.sale.key for one in chosen.changed), strict=True)
        await connection.execute(SQL["hold"], writer.source, *keys)
    rows = [_row(one) for one in (*chosen.new, *chosen.changed)]
    if rows:
        whose = (writer.org_id, writer.source, writer.basis, writer.account_id)
        await connection.execute(SQL["write"], *whose, *map(list, zip(*rows, strict=True)))


def _row(one: Chosen) -> tuple[Any, ...]:
    sale, match = one.sale, one.match
    candidates = [
        {"card_print_id": each.card_print_id, "card": each.source_card_id, "score": str(each.score)}
        for each in match.candidates
    ]
    return (
        *sale.key,
        sale.item_id,
        sale.title,
        sale.sku,
        sale.quantity,
        sale.unit_price,
        sale.shipping,
        sale.currency,
        sale.observed_at,
        sale.listing_type,
        sale.condition,
        sale.status,
        match.card_print_id,
        match.how,
        match.score,
        match.why,
        json.dumps(candidates),
        json.dumps(sale.raw),
        one.content_hash,
        sale.modified_at,
    )
