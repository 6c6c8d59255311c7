"""A seller's stock in the Inventory API's shape: only what was made through that API is seen by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from worker.sandbox.ebay.amounts import Purse
from worker.sandbox.ebay.members import Seller
from worker.sandbox.ebay.titles import Condition
from worker.sandbox.ebay.wares import Ware

Json = dict[str, object]

SINGLES = "183454"  # The category of single cards of collectible card games.
CARD_CONDITION, GRADER, GRADE = "40001", "27501", "27502"
PSA, NINE = "275010", "275022"
# eBay knows no word for damaged.
DESCRIPTORS: dict[Condition, str] = {
    "NM": "400010",
    "LP": "400015",
    "MP": "400016",
    "HP": "400017",
    "DMG": "400017",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer of a stock item."""

    offer_id: str
    ware: Ware
    format: Literal["FIXED_PRICE", "AUCTION"]


def items_of(wares: Iterable[Ware]) -> dict[str, Ware]:
    """Return what the Inventory API knows, by SKU; of two with one SKU it knows the first."""
    items: dict[str, Ware] = {}
    for ware in wares:
        if ware.managed and ware.sku is not None:
            items.setdefault(ware.sku, ware)
    return items


def offers_of(ware: Ware) -> tuple[Offer, ...]:
    """Return the offers of a stock item: none, one, or an auction beside a fixed price."""
    number = int(ware.legacy_item_id)
    if not ware.published and number % 2:
        return ()
    fixed = Offer(f"9{number}0", ware, "FIXED_PRICE")
    return (fixed, Offer(f"9{number}1", ware, "AUCTION")) if number % 11 == 0 else (fixed,)


def item_shape(ware: Ware) -> Json:
    """Return the InventoryItemWithSkuLocaleGroupid, without aspects: eBay's schema is not what eBay sends."""
    return {
        "sku": ware.sku,
        "locale": "en_US",
        "condition": "LIKE_NEW" if ware.kind == "graded" else "USED_VERY_GOOD",
        "conditionDescriptors": _descriptors(ware),
        "product": {"title": ware.title, "imageUrls": []},
        "availability": {"shipToLocationAvailability": {"quantity": ware.stock}},
        "groupIds": [],
    }


def _descriptors(ware: Ware) -> list[Json]:
    if ware.kind == "graded":
        return [{"name": GRADER, "values": [PSA]}, {"name": GRADE, "values": [NINE]}]
    if ware.condition is None:
        return []
    return [{"name": CARD_CONDITION, "values": [DESCRIPTORS[ware.condition]]}]


def offer_shape(offer: Offer, seller: Seller, *, sold: int) -> Json:
    """Return the EbayOfferDetailsWithAll; ``sold`` is how many of it were sold."""
    ware = offer.ware
    shape: Json = {
        "offerId": offer.offer_id,
        "sku": ware.sku,
        "marketplaceId": seller.marketplace,
        "format": offer.format,
        "availableQuantity": ware.stock,
        "categoryId": SINGLES,
        "listingDuration": "GTC",
        "status": "PUBLISHED" if ware.published else "UNPUBLISHED",
        "pricingSummary": _pricing(offer, seller),
    }
    if ware.published:
        state = "ACTIVE" if ware.stock else "OUT_OF_STOCK"
        shape["listing"] = {
            "listingId": ware.legacy_item_id,
            "listingStatus": state,
            "soldQuantity": sold,
        }
    return shape


def _pricing(offer: Offer, seller: Seller) -> Json:
    price = Purse(seller.currency).amount(offer.ware.price)
    return {"price": price} if offer.format == "FIXED_PRICE" else {"auctionStartPrice": price}
