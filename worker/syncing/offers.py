"""Offers: what the account asks for its stock, SKU by SKU."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from worker.catalog.stock import OFFERS, Offer, next_sku
from worker.clients import ebay_inventory
from worker.clients.answers import AnsweredNo
from worker.clients.ebay_inventory import get_offers, means_none, read_offers
from worker.clients.ebay_shapes import NOTHING, BadRecord, Following
from worker.db import Connection, Database
from worker.syncing.keeping import in_cents, keep_state
from worker.syncing.resource import Ask, Outcome, Page, Reading
from worker.syncing.shelving import shelve

BAD_REQUEST = 400


class Offers:
    """Goes through the SKUs in stock as they are stored, a page for each: eBay wants one call for one SKU.

    So inventory is read before it. What a whole pass has not seen is not offered any more.
    """

    name: ClassVar = "offers"
    slice: ClassVar[timedelta | None] = None
    reach: ClassVar[timedelta | None] = None
    again: ClassVar = timedelta(0)

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:
        """The offers of the SKU at ``position``, or of the one after it."""
        here = position or {"after": None}
        sku = here.get("sku") or await next_sku(self._db, reading.account.id, here.get("after"))
        if sku is None:
            return Page([], [], None)
        read = await _read(ask, sku, here.get("offset", 0))
        following = {"after": sku} if read.offset is None else {"sku": sku, "offset": read.offset}
        return Page(read.records, read.bad, following)

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Each offer is there once, by its id."""
        offers = list(map(_kept, page.records))
        return await keep_state(connection, reading, self.name, OFFERS, offers, page.bad)

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:
        """Forget what the pass has not seen, and make the account's inventory of what it has."""
        gone = await OFFERS.forget_unseen(connection, reading.account.id, reading.until)
        await shelve(connection, reading.account)
        return {f"{self.name}.deleted": gone}


async def _read(ask: Ask, sku: str, offset: int) -> Following[ebay_inventory.Offer]:
    try:
        answer = await ask(get_offers(sku, offset=offset), step=f"offers/{quote(sku)}/{offset}")
    except AnsweredNo as error:
        if means_none(error):
            return NOTHING
        if error.status != BAD_REQUEST:
            raise
        return Following((), [BadRecord(sku, error.code, f"{error}: eBay takes no such SKU")], 0, None)
    return read_offers(answer, offset=offset)


def _kept(told: ebay_inventory.Offer) -> Offer:
    price, listing = told.price, told.listing
    return Offer(
        id=told.id,
        sku=told.sku,
        marketplace=told.marketplace,
        format=told.format,
        status=told.status,
        listing_id=listing.id if listing else None,
        listing_status=listing.status if listing else None,
        price=in_cents(price),
        currency=price.currency if price else None,
        quantity=told.quantity,
        sold=listing.sold if listing else None,
    )
