"""Inventory: what sellers have now, a row for each listing of a print; days of it are kept by snapshots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

from worker.catalog.offers import Offer
from worker.catalog.sellers import SellerSeen, keys_of_names, see
from worker.db import Connection, statements

SQL = statements(Path(__file__).with_name("inventory.sql"))
NORMAL = "normal"
CENT = Decimal("0.01")
HIGHEST_PRICE = Decimal("9999999999.99")
MOST_PIECES = 2**31 - 1

ToldBy = Literal["ask", "sync", "csv"]


@dataclass(frozen=True, slots=True)
class Stocked:
    """What a seller has of a print: ``price`` of one piece in ``currency``, None where nobody said any.

    ``listing_id`` is the platform's; None is a key as good as any: there is one such row.
    """

    seller_id: int
    card_print_id: int
    quantity: int
    price: Decimal | None = None
    currency: str = "USD"
    treatment: str = NORMAL
    listing_id: str | None = None
    listed_at: datetime | None = None
    notes: str | None = None

    @property
    def key(self) -> tuple[int, int, str, str]:
        """What tells it from the others, in the order in which rows are locked."""
        return (self.seller_id, self.card_print_id, self.treatment, self.listing_id or "")


class Kept(NamedTuple):
    """What came of rows: how many were new, said otherwise, or stood there already."""

    new: int
    changed: int
    unchanged: int


class Found(NamedTuple):
    """An offer, and the print that it was found to be; None: it was not."""

    offer: Offer
    card_print_id: int | None
    treatment: str = NORMAL


async def stock(
    connection: Connection, org_id: UUID, told_by: ToldBy, rows: Sequence[Stocked], *, verify: bool = True
) -> Kept:
    """Keep rows of inventory; of one that is told twice the later counts.

    ``verify`` notes on every row that it was seen now, so that a pass can take out what it has not seen;
    without it a row that says nothing new is not touched.
    """
    latest = {one.key: one for one in rows}
    if not latest:
        return Kept(0, 0, 0)
    columns = map(list, zip(*(_row(latest[key]) for key in sorted(latest)), strict=True))
    row = await connection.fetchrow(SQL["stock"], org_id, told_by, verify, *columns)
    assert row is not None
    return Kept(row["new"], row["changed"], len(latest) - row["new"] - row["changed"])


async def compare(connection: Connection, org_id: UUID, rows: Sequence[Stocked]) -> Kept:
    """What ``stock`` would do with rows, and does not."""
    latest = {one.key: one for one in rows}
    if not latest:
        return Kept(0, 0, 0)
    columns = map(list, zip(*(_row(latest[key]) for key in sorted(latest)), strict=True))
    row = await connection.fetchrow(SQL["compare"], org_id, *columns)
    assert row is not None
    return Kept(row["new"], row["changed"], len(latest) - row["new"] - row["changed"])


async def note_offers(
    connection: Connection, org_id: UUID, platform: str, run_id: UUID | None, offers: Sequence[Found]
) -> Kept:
    """Keep who offers what, of a page of asks, in the transaction that keeps the page.

    Sellers are kept of every offer that names one; inventory of those that are active and have a print. An
    offer that is not active any more, or is another print by now, takes its row out.
    """
    named = [one for one in offers if one.offer.seller and one.offer.seller.strip()]
    keys = await keys_of_names(connection, org_id, platform, (one.offer.seller or "" for one in named))
    seen = [
        SellerSeen(keys[name], name, one.offer.feedback_score, one.offer.feedback_percentage)
        for one in named
        if (name := one.offer.seller)
    ]
    ids = await see(connection, org_id, platform, seen, run_id)
    sellers = [ids[keys[one.offer.seller or ""]] for one in named]
    pairs = list(zip(named, sellers, strict=True))
    kept = [_asked(one, print_id, id_) for one, id_ in pairs if (print_id := _on_sale(one)) is not None]
    await _take_out_others(connection, org_id, pairs, kept)
    return await stock(connection, org_id, "ask", kept)


async def forget_of_seller(
    connection: Connection, org_id: UUID, seller_id: int, told_by: ToldBy, since: datetime
) -> int:
    """Take out what a whole pass over a seller, begun at ``since``, has not seen; answers how many rows.

    They are deleted, not set to 0: a 0 is what a seller says of a listing that stands, and the days on which
    there was more are kept by the snapshots. Only what was told in the same way goes.
    """
    gone: int = await connection.fetchval(SQL["forget_of_seller"], org_id, seller_id, told_by, since)
    return gone


async def forget_of_print(
    connection: Connection, org_id: UUID, platform: str, card_print_id: int, since: datetime
) -> int:
    """The same of asks for a print, where a whole pass has gone through all of a platform's."""
    gone: int = await connection.fetchval(SQL["forget_of_print"], org_id, platform, card_print_id, since)
    return gone


def price_of(amount: Decimal | None) -> Decimal | None:
    """An amount as a price, to the cent; None where it is none that anybody could pay."""
    if amount is None or not amount.is_finite() or not 0 <= amount <= HIGHEST_PRICE:
        return None
    return amount.quantize(CENT)


async def _take_out_others(
    connection: Connection, org_id: UUID, pairs: Sequence[tuple[Found, int]], kept: Iterable[Stocked]
) -> None:
    """An offer is one print at most: what else stands there under its id goes."""
    stays = {(one.seller_id, one.listing_id): (one.card_print_id, one.treatment) for one in kept}
    told = sorted({(id_, found.offer.item_id) for found, id_ in pairs})
    rows = [(*one, *stays.get(one, (None, None))) for one in told]
    if rows:
        await connection.execute(SQL["take_out_others"], org_id, *map(list, zip(*rows, strict=True)))


def _on_sale(found: Found) -> int | None:
    return found.card_print_id if found.offer.status == "active" else None


def _asked(found: Found, card_print_id: int, seller_id: int) -> Stocked:
    offer = found.offer
    return Stocked(
        seller_id=seller_id,
        card_print_id=card_print_id,
        quantity=min(max(offer.quantity, 0), MOST_PIECES),
        price=price_of(offer.unit_price) if offer.currency else None,
        currency=offer.currency or "USD",
        treatment=found.treatment,
        listing_id=offer.item_id,
    )


def _row(one: Stocked) -> tuple[Any, ...]:
    what = (one.seller_id, one.card_print_id, one.treatment, one.listing_id)
    return (*what, one.quantity, one.price, one.currency, one.listed_at, one.notes)
