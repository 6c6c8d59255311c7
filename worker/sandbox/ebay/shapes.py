"""Listings as Browse shows them: short in a list, in full one by one (schemas ItemSummary and Item)."""

from datetime import datetime
from decimal import Decimal

from worker.sandbox.cards import Record
from worker.sandbox.ebay.listings import Listing
from worker.sandbox.ebay.money import CENT, amount

CATEGORY = "CCG Individual Cards"
COINS = "253"
PLACES = {COINS: ("Coins & Paper Money|Coins: US", "11116|253")}
"""Of a category that is none of cards: its path in words and in ids."""
Json = dict[str, object]


def moment(at: datetime) -> str:
    """Return a moment as eBay writes it: milliseconds, Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def summary(listing: Listing, base: str, marketplace: str, currency: str) -> Json:
    """Return a listing as a search shows it; what it does not say is left out."""
    group = _group(listing, base)
    shown: Json = {
        **_shared(listing, marketplace, currency),
        "leafCategoryIds": [listing.category],
        "categories": [
            {"categoryId": listing.category, "categoryName": _path(listing)[0].rpartition("|")[2]}
        ],
        "thumbnailImages": [{"imageUrl": _picture(listing)}],
        "itemHref": f"{base}/buy/browse/v1/item/{listing.item_id.replace('|', '%7C')}",
        "itemLocation": {"postalCode": "112**", "country": listing.country},
        "availableCoupons": False,
        "itemGroupType": group and "SELLER_DEFINED_VARIATIONS",
        "itemGroupHref": group,
        "shippingOptions": _shipping(listing, currency) or None,
    }
    return _said(shown)


def detail(listing: Listing, base: str, marketplace: str, currency: str, *, more_of_seller: bool) -> Json:
    """Return a listing in full, with its condition's descriptors; ``more_of_seller`` adds the seller's id."""
    group = _group(listing, base)
    shown: Json = {
        **_shared(listing, marketplace, currency),
        "categoryId": listing.category,
        "categoryPath": _path(listing)[0],
        "categoryIdPath": _path(listing)[1],
        "itemLocation": {"postalCode": "112**", "country": listing.country},
        "conditionDescriptors": [
            {"name": name, "values": [{"content": text}]} for name, text in listing.descriptors
        ]
        or None,
        "localizedAspects": _aspects(listing.card),
        "estimatedAvailabilities": [
            {
                "deliveryOptions": ["SHIP_TO_HOME"],
                "estimatedAvailabilityStatus": "IN_STOCK",
                "estimatedAvailableQuantity": listing.quantity,
                "estimatedSoldQuantity": 0,
            }
        ],
        "shippingOptions": _shipping(listing, currency) or None,
        "primaryItemGroup": group
        and {
            "itemGroupId": listing.legacy_id,
            "itemGroupType": "SELLER_DEFINED_VARIATIONS",
            "itemGroupHref": group,
            "itemGroupTitle": listing.title,
        },
        "sellerItemRevision": "1",
    }
    if more_of_seller:
        shown["seller"] = {**_seller(listing), "userId": f"opaque{listing.seller}"}
    return _said(shown)


def _shared(listing: Listing, marketplace: str, currency: str) -> Json:
    return {
        "itemId": listing.item_id,
        "legacyItemId": listing.legacy_id,
        "title": listing.title,
        "image": {"imageUrl": _picture(listing)},
        "price": _money(listing.price, listing, currency),
        "currentBidPrice": _money(listing.bid, listing, currency),
        "bidCount": None if listing.bid is None else listing.bids,
        "marketingPrice": _discount(listing, currency),
        "condition": listing.condition,
        "conditionId": listing.condition_id,
        "buyingOptions": list(listing.options),
        "seller": _seller(listing),
        "itemWebUrl": f"https://sandbox.invalid/itm/{listing.legacy_id}",
        "itemCreationDate": moment(listing.created),
        "itemEndDate": listing.ends and moment(listing.ends),
        "adultOnly": False,
        "topRatedBuyingExperience": False,
        "priorityListing": False,
        "listingMarketplaceId": marketplace,
    }


def _path(listing: Listing) -> tuple[str, str]:
    """Its category's path, in words and in ids."""
    of_cards = f"Toys & Hobbies|Collectible Card Games|{CATEGORY}", f"220|2536|{listing.category}"
    return PLACES.get(listing.category, of_cards)


def _money(value: Decimal | None, listing: Listing, currency: str) -> dict[str, str] | None:
    return None if value is None else amount(value, listing.currency, currency)


def _said(shown: Json) -> Json:
    return {name: value for name, value in shown.items() if value is not None}


def _seller(listing: Listing) -> Json:
    score = 100 + sum(listing.seller.encode()) * 7
    return {"username": listing.seller, "feedbackPercentage": "99.9", "feedbackScore": score}


def _picture(listing: Listing) -> str:
    return f"https://sandbox.invalid/images/{listing.legacy_id}/s-l225.jpg"


def _group(listing: Listing, base: str) -> str | None:
    if listing.variation == "0":
        return None
    return f"{base}/buy/browse/v1/item/get_items_by_item_group?item_group_id={listing.legacy_id}"


def _shipping(listing: Listing, currency: str) -> list[Json]:
    if not listing.says_shipping:
        return []
    if listing.shipping is None:
        return [{"shippingCostType": "CALCULATED"}]
    cost = amount(listing.shipping.quantize(CENT), listing.currency, currency)
    return [{"shippingCostType": "FIXED", "shippingCost": cost}]


def _discount(listing: Listing, currency: str) -> Json | None:
    if listing.was is None or listing.price is None:
        return None
    return {
        "originalPrice": amount(listing.was, listing.currency, currency),
        "discountPercentage": "20",
        "discountAmount": amount(listing.was - listing.price, listing.currency, currency),
    }


def _aspects(card: Record) -> list[Json]:
    card_set, own = card.get("set"), card.get("aspects")
    facts = (
        own
        if isinstance(own, dict)
        else {
            "Card Name": card.get("name"),
            "Card Number": card.get("number"),
            "Set": card_set.get("name") if isinstance(card_set, dict) else None,
            "Language": "English",
        }
    )
    return [{"type": "STRING", "name": name, "value": str(value)} for name, value in facts.items() if value]
