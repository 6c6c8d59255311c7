"""What the Finding API answered while it was there: rows that somebody kept, and why it cannot be asked.

Every value is a list of one. Source: real answers of findCompletedItems.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import Field

from worker.clients.ebay_listings import Perhaps, Text, kept
from worker.clients.ebay_shapes import BadRecord, Id, Moment, Price, Shape, read_page
from worker.errors import SourceGarbled, SourceRetired

API = "ebay_finding"
RETIRED = (
    "eBay retired the Finding API on 2025-02-05: ebay_browse (asks) and ebay_insights (sold) take its place"
)
SOLD = "EndedWithSales"
MONEY = {"__value__": "value", "@currencyId": "currency"}
KEPT = (
    "itemId",
    "condition",
    "sellingStatus",
    "listingInfo",
    "shippingInfo",
    "primaryCategory",
    "productId",
    "isMultiVariationListing",
)
"""What is kept of a row, its lists of one undone: where it was, or to where it was sent, is not."""


class Status(Shape):
    """How it ended, and at which price."""

    state: Perhaps[str] = Field(None, alias="sellingState")
    price: Perhaps[Price] = Field(None, alias="currentPrice")


class Info(Shape):
    """What sort of listing it was, and when it ended."""

    type: Perhaps[str] = Field(None, alias="listingType")
    ended_at: Moment = Field(alias="endTime")


class Shipping(Shape):
    """What sending it cost, where that was said."""

    cost: Perhaps[Price] = Field(None, alias="shippingServiceCost")


class Condition(Shape):
    """Its condition, as an id and in words."""

    id: Perhaps[str] = Field(None, alias="conditionId")
    name: Perhaps[str] = Field(None, alias="conditionDisplayName")


class SellerInfo(Shape):
    """Who sold it, by the public name."""

    name: Perhaps[Id] = Field(None, alias="sellerUserName")


class EndedItem(Shape):
    """A listing that had ended."""

    id: Id = Field(alias="itemId")
    title: Perhaps[Text] = None
    site: Perhaps[str] = Field(None, alias="globalId")
    status: Status = Field(alias="sellingStatus")
    info: Info = Field(alias="listingInfo")
    shipping: Perhaps[Shipping] = Field(None, alias="shippingInfo")
    condition: Perhaps[Condition] = None
    seller: Perhaps[SellerInfo] = Field(None, alias="sellerInfo")
    many: Perhaps[str] = Field(None, alias="isMultiVariationListing")


@dataclass(frozen=True, slots=True)
class EndedFound:
    """A listing that was sold, and what is kept of it."""

    item: EndedItem
    kept: Mapping[str, Any]


def ask() -> NoReturn:
    """Say that it is retired, for good, without asking anybody."""
    raise SourceRetired(RETIRED)


def read_rows(stored: object) -> tuple[list[EndedFound], list[BadRecord]]:
    """Read what somebody kept of it: a whole answer, its items, or one of them.

    What ended without a sale is no price: it is among the bad, as ``not_sold``. Raises ``SourceGarbled`` for
    what is none of these.
    """
    items = [_plain(one) for one in _items(stored)]
    name = f"{API} stored rows"
    good, bad, _ = read_page(name, {"item": items}, array="item", key="itemId", shape=EndedItem)
    unsold = [
        BadRecord(item.id, "not_sold", "it ended without a sale, which is no price")
        for item, _ in good
        if item.status.state != SOLD
    ]
    found = [EndedFound(item, kept(raw, KEPT)) for item, raw in good if item.status.state == SOLD]
    return found, [*bad, *unsold]


def _items(stored: object) -> Sequence[object]:
    match stored:
        case {"findCompletedItemsResponse": [answer]}:
            return _items(answer)
        case {"searchResult": [{"item": [*items]}]}:
            return items
        case {"searchResult": _}:
            return []  # There is no list where nothing was found.
        case {"itemId": _}:
            return [stored]
        case [*items]:
            return items
        case _:
            raise SourceGarbled("this is no answer of findCompletedItems, and no list of its items")


def _plain(value: object) -> Any:
    """Undo the lists of one, and write money as the other APIs do."""
    match value:
        case [one]:
            return _plain(one)
        case [*several]:
            return [_plain(one) for one in several]
        case dict():
            return {MONEY.get(name, name): _plain(inner) for name, inner in value.items()}
        case _:
            return value
