"""What the market says, as observations: a row for each offer, written again only where it says otherwise."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

from worker.catalog.matching import CERTAIN, Listing, Match, resolve
from worker.catalog.offers import Offer
from worker.db import Connection, Record, statements

SQL = statements(Path(__file__).with_name("market.sql"))
CENT = Decimal("0.01")
MOST_LOOKED_AT_AGAIN = 500

Basis = Literal["sold", "ask", "guide"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose observations these are, and from where they come.

    ``marketplace`` is the site of the source; ``platform`` is what its items are called by in mappings.
    """

    org_id: UUID
    source: str
    basis: Basis
    marketplace: str
    platform: str


class Mapped(NamedTuple):
    """What an offer was found to be; ``how`` is "search" where a search found it, and not its title."""

    card_print_id: int | None
    how: str | None
    match: Match


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a page of offers: counts, and every print that has a row of it, new or known."""

    new: int
    changed: int
    seen_again: int
    unchanged: int
    elsewhere: int
    """Offers that another org has: nothing is done here."""
    unmapped: int
    """How many of those that were written find no print."""
    prints: frozenset[int]

    def tally(self) -> dict[str, int]:
        """The counts by their names."""
        counted = {"new": self.new, "changed": self.changed, "unchanged": self.unchanged + self.seen_again}
        return {**counted, "of_another_org": self.elsewhere}


async def keep(
    connection: Connection, origin: Origin, offers: Sequence[Offer], *, wanted: int | None
) -> Kept:
    """Write a page of offers; what is there as it is said stays as it is: a second look writes nothing.

    An offer is stored for the print that its title says, else for the one that was ``wanted``. One that comes
    twice counts as it came last. What is older never overwrites what is newer.
    """
    latest = {offer.item_id: offer for offer in offers}
    await connection.execute(SQL["take_turn"])
    rows = await connection.fetch(SQL["known"], origin.source, origin.marketplace, list(latest))
    known = {row["external_item_id"]: row for row in rows}
    hashes = {item: offer.content_hash() for item, offer in latest.items()}
    ours = {item: offer for item, offer in latest.items() if _is_ours(origin, known.get(item))}
    asked = {item: one for item, one in ours.items() if _is_open(one, known.get(item), hashes[item])}
    mapped = await _map(connection, origin, asked, wanted)
    written = {item for item in asked if _differs(mapped[item], known.get(item), hashes[item])}
    told = [_row(latest[item], mapped[item], hashes[item]) for item in sorted(written)]
    again = [one for item, one in ours.items() if item not in written and _is_stale(one, known.get(item))]
    if old := [*(written & known.keys()), *(one.item_id for one in again)]:
        await connection.execute(SQL["hold"], origin.source, origin.marketplace, old)
    await _write(connection, origin, told)
    await _see_again(connection, origin, again)
    new = sum(item not in known for item in written)
    prints = {row["card_print_id"] for row in rows} | {one.card_print_id for one in mapped.values()}
    return Kept(
        new=new,
        changed=len(written) - new,
        seen_again=len(again),
        unchanged=len(ours) - len(written) - len(again),
        elsewhere=len(latest) - len(ours),
        unmapped=sum(mapped[item].card_print_id is None for item in written),
        prints=frozenset(one for one in prints if one is not None),
    )


async def unmapped_sales(
    connection: Connection, org_id: UUID, source: str, card_print_id: int
) -> list[Record]:
    """Sales of an org that found no print, and for which this one was a candidate; some hundreds at most."""
    return await connection.fetch(SQL["unmapped_sales"], org_id, source, card_print_id, MOST_LOOKED_AT_AGAIN)


async def map_again(connection: Connection, org_id: UUID, sales: Sequence[Record], *, platform: str) -> int:
    """Look again at sales that found no print; answers how many find one now."""
    listings = [Listing(row["title"] or "", row["sku"], row["external_item_id"]) for row in sales]
    found = await resolve(connection, org_id, listings, platform=platform) if listings else []
    rows = [
        (sale["id"], one.card_print_id, one.how, one.score, one.why)
        for sale, one in zip(sales, found, strict=True)
        if one.card_print_id is not None
    ]
    if rows:
        await connection.execute(SQL["map"], *map(list, zip(*rows, strict=True)))
    return len(rows)


def _is_ours(origin: Origin, row: Record | None) -> bool:
    return row is None or row["org_id"] == origin.org_id


def _is_open(offer: Offer, row: Record | None, content_hash: bytes) -> bool:
    """Tell whether an offer is to be looked at: it is new, says otherwise, or found no print before."""
    if row is None:
        return True
    if row["source_modified_at"] is not None and offer.observed_at < row["source_modified_at"]:
        return False  # Somebody has read a newer one meanwhile.
    return bytes(row["content_hash"] or b"") != content_hash or row["mapped_by"] in (None, "search")


def _differs(mapped: Mapped, row: Record | None, content_hash: bytes) -> bool:
    if row is None or bytes(row["content_hash"] or b"") != content_hash:
        return True
    found = mapped.how not in (None, "search")
    return found or (row["card_print_id"] is None and mapped.card_print_id is not None)


def _is_stale(offer: Offer, row: Record | None) -> bool:
    return row is not None and row["is_old"] and offer.status == "active"


async def _map(
    connection: Connection, origin: Origin, offers: Mapping[str, Offer], wanted: int | None
) -> dict[str, Mapped]:
    asked = [item for item, one in offers.items() if one.card_print_id is None]
    listings = [Listing(offers[item].title or "", None, offers[item].external_id) for item in asked]
    found = await resolve(connection, origin.org_id, listings, platform=origin.platform) if asked else []
    matches = dict(zip(asked, found, strict=True))
    return {item: _mapped(one, matches.get(item), wanted) for item, one in offers.items()}


def _mapped(offer: Offer, match: Match | None, wanted: int | None) -> Mapped:
    if match is None:
        known = Match(offer.card_print_id, "external", CERTAIN, (), "mapped")
        return Mapped(offer.card_print_id, "external", known)
    if match.card_print_id is not None:
        return Mapped(match.card_print_id, match.how, match)
    return Mapped(wanted, None if wanted is None else "search", match)


async def _write(connection: Connection, origin: Origin, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        whose = (origin.org_id, origin.source, origin.basis, origin.marketplace)
        await connection.execute(SQL["write"], *whose, *map(list, zip(*rows, strict=True)))


async def _see_again(connection: Connection, origin: Origin, offers: Sequence[Offer]) -> None:
    if offers:
        items, moments = [one.item_id for one in offers], [one.observed_at for one in offers]
        whose = (origin.org_id, origin.source, origin.marketplace)
        await connection.execute(SQL["see_again"], *whose, items, moments)


def _row(offer: Offer, mapped: Mapped, content_hash: bytes) -> tuple[Any, ...]:
    match = mapped.match
    candidates = [
        {"card_print_id": each.card_print_id, "card": each.source_card_id, "score": str(each.score)}
        for each in match.candidates
    ]
    without_price = offer.without_price()
    price, shipping = (None, None) if without_price else (offer.unit_price, offer.shipping)
    return (
        offer.item_id,
        offer.title,
        offer.quantity,
        _in_cents(price),
        _in_cents(shipping),
        None if without_price else offer.currency,
        offer.observed_at,
        offer.listing_type,
        offer.condition,
        offer.status,
        offer.seller,
        offer.item_group,
        mapped.card_print_id,
        mapped.how,
        match.score,
        match.why,
        json.dumps(candidates),
        json.dumps(offer.raw, default=str, ensure_ascii=False),
        content_hash,
        "rule" if without_price else None,
        without_price,
    )


def _in_cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(CENT, rounding=ROUND_HALF_EVEN)
