"""What a seller has and offers: the Inventory API's items, and their offers by SKU.

Only what was listed through this API is seen by it. Its offsets are numbers of pages; "none" is a 404.
Source: Inventory API 1.18, getInventoryItems and getOffers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from worker.clients.answers import AnsweredNo
from worker.clients.ebay import Question, error_ids
from worker.clients.ebay_shapes import (
    NOTHING,
    Following,
    Id,
    Money,
    Price,
    Shape,
    offset_of_next,
    read_page,
    total_of,
)

LARGEST_PAGE = 200
API = "ebay_inventory"
ITEMS, OFFERS = "get_inventory_items", "get_offers"
NOT_FOUND = 404
OWN_ERRORS = range(25_000, 26_000)
"""What the Inventory API itself says; a 404 of any other number is no answer of it (its page of errors)."""
KEPT_OF_ITEM = ("sku", "locale", "condition", "conditionDescriptors", "conditionDescription", "groupIds")
KEPT_OF_PRODUCT = ("title", "aspects", "brand", "epid")
MOST = 2**31


class _Product(Shape):
    title: str | None = None


class _Shipped(Shape):
    quantity: int | None = Field(None, ge=0, lt=MOST)


class _Availability(Shape):
    shipped: _Shipped | None = Field(None, alias="shipToLocationAvailability")


class StockItem(Shape):
    """A thing in stock, known by its SKU."""

    sku: Id
    condition: str | None = None
    product: _Product | None = None
    availability: _Availability | None = None

    @property
    def title(self) -> str | None:
        """What it is called."""
        return self.product.title if self.product else None

    @property
    def quantity(self) -> int | None:
        """How many there are; None where nobody has said."""
        shipped = self.availability.shipped if self.availability else None
        return shipped.quantity if shipped else None


@dataclass(frozen=True, slots=True)
class StockItemRead:
    """A stock item, and what is kept of it as it came."""

    item: StockItem
    kept: Mapping[str, Any]


class _Pricing(Shape):
    price: Price | None = None
    start: Price | None = Field(None, alias="auctionStartPrice")


class _Listing(Shape):
    id: str | None = Field(None, alias="listingId")
    status: str | None = Field(None, alias="listingStatus")
    sold: int | None = Field(None, alias="soldQuantity", ge=0, lt=MOST)


class Offer(Shape):
    """An offer of a stock item in one marketplace; it has a listing once it is published."""

    id: Id = Field(alias="offerId")
    sku: Id
    marketplace: Id = Field(alias="marketplaceId")
    format: str | None = None
    status: str = Field(min_length=1)
    quantity: int | None = Field(None, alias="availableQuantity", ge=0, lt=MOST)
    pricing: _Pricing | None = Field(None, alias="pricingSummary")
    listing: _Listing | None = None

    @property
    def price(self) -> Money | None:
        """What it is offered for; of an auction, where that begins."""
        return (self.pricing.price or self.pricing.start) if self.pricing else None


def get_inventory_items(*, offset: int) -> Question:
    """Ask for a page of what is in stock; ``offset`` is the page's number, from 0."""
    return Question(
        api=API,
        operation=ITEMS,
        path="/sell/inventory/v1/inventory_item",
        params={"limit": LARGEST_PAGE, "offset": offset},
    )


def get_offers(sku: str, *, offset: int) -> Question:
    """Ask for the offers of one SKU."""
    return Question(
        api=API,
        operation=OFFERS,
        path="/sell/inventory/v1/offer",
        params={"sku": sku, "limit": LARGEST_PAGE, "offset": offset},
    )


def means_none(error: AnsweredNo) -> bool:
    """Tell whether a refusal says that there is nothing of what was asked for."""
    numbers = [int(one) for one in error_ids(error) if one.isascii() and one.isdigit()]
    return error.status == NOT_FOUND and any(number in OWN_ERRORS for number in numbers)


def read_inventory_items(answer: object, *, offset: int) -> Following[StockItemRead]:
    """Read what was answered to the page of this number."""
    if answer is None:
        return NOTHING
    name = f"{API} {ITEMS}"
    good, bad, page = read_page(name, answer, array="inventoryItems", key="sku", shape=StockItem)
    records = [StockItemRead(item, _kept(raw)) for item, raw in good]
    return Following(records, bad, total_of(name, page), offset_of_next(name, page, after=offset))


def read_offers(answer: object, *, offset: int) -> Following[Offer]:
    """Read what was answered to the page of this number."""
    if answer is None:
        return NOTHING
    name = f"{API} {OFFERS}"
    good, bad, page = read_page(name, answer, array="offers", key="offerId", shape=Offer)
    records = [one for one, _ in good]
    return Following(records, bad, total_of(name, page), offset_of_next(name, page, after=offset))


def _kept(item: Mapping[str, Any]) -> Mapping[str, Any]:
    product = item.get("product") or {}
    of_product = {name: product[name] for name in KEPT_OF_PRODUCT if name in product}
    return {name: item[name] for name in KEPT_OF_ITEM if name in item} | {"product": of_product}
