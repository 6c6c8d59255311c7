"""EBay's listings and sales as offers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from worker.catalog.offers import UNREADABLE, Offer
from worker.clients.ebay_browse import Found
from worker.clients.ebay_finding import EndedFound
from worker.clients.ebay_insights import SaleFound
from worker.clients.ebay_listings import Said, SaidPrice, cheapest
from worker.clients.ebay_shapes import BadRecord
from worker.collecting.source import BadOffer

MOST_SHOWN = 100
FINDING_TYPES = {"Auction": "AUCTION", "AuctionWithBIN": "AUCTION"}


def ask_of(found: Found, seen_at: datetime) -> Offer:
    """What somebody asks, as it was seen; an auction that runs has no price."""
    item, said = found.item, _said(found.item.price)
    currency = said.currency if said else None
    return Offer(
        item_id=item.id,
        title=item.title,
        unit_price=said.value if said else None,
        shipping=cheapest(item.shipping or (), currency) if currency else None,
        currency=currency,
        quantity=1,
        observed_at=seen_at,
        status="active",
        listing_type=item.listing_type,
        condition=item.condition,
        seller=item.seller.username if item.seller else None,
        item_group=item.group,
        external_id=item.product,
        raw=_with_unreadable(found.kept, "price", readable=said is not None),
        feedback_score=item.seller.feedback_score if item.seller else None,
        feedback_percentage=item.seller.feedback_percentage if item.seller else None,
    )


def sale_of(found: SaleFound) -> Offer:
    """What was sold; several sales of a listing are one, with the last price. Sending it is not told."""
    sale, said = found.sale, _said(found.sale.price)
    return Offer(
        item_id=sale.id,
        title=sale.title,
        unit_price=said.value if said else None,
        shipping=None,
        currency=said.currency if said else None,
        quantity=sale.quantity or 1,
        observed_at=sale.sold_at,
        status="sold",
        listing_type=sale.listing_type,
        condition=sale.condition,
        seller=sale.seller.username if sale.seller else None,
        item_group=sale.group,
        external_id=sale.product,
        raw=_with_unreadable(found.kept, "lastSoldPrice", readable=said is not None),
        feedback_score=sale.seller.feedback_score if sale.seller else None,
        feedback_percentage=sale.seller.feedback_percentage if sale.seller else None,
    )


def ended_of(found: EndedFound) -> Offer:
    """What was sold, as the retired API told it."""
    item, price = found.item, found.item.status.price
    cost = item.shipping.cost if item.shipping else None
    same = price is not None and cost is not None and cost.currency == price.currency
    condition = item.condition
    raw = {**found.kept, "conditionId": condition.id} if condition and condition.id else dict(found.kept)
    return Offer(
        item_id=item.id,
        title=item.title,
        unit_price=price.value if price else None,
        shipping=cost.value if same and cost else None,
        currency=price.currency if price else None,
        quantity=1,
        observed_at=item.info.ended_at,
        status="sold",
        listing_type=FINDING_TYPES.get(item.info.type or "", "FIXED_PRICE") if item.info.type else None,
        condition=condition.name if condition else None,
        seller=item.seller.name if item.seller else None,
        item_group=item.id if item.many == "true" else None,
        external_id=item.id,
        raw=_with_unreadable(raw, "sellingStatus", readable=price is not None),
    )


def bad_of(records: Sequence[BadRecord]) -> list[BadOffer]:
    """What could not be read, as a page tells it."""
    return [BadOffer(one.id, one.code, one.sentence) for one in records]


def _said(price: SaidPrice | None) -> Said | None:
    return price.said if price is not None else None


def _with_unreadable(raw: Mapping[str, Any], name: str, *, readable: bool) -> dict[str, Any]:
    if readable or raw.get(name) is None:
        return dict(raw)
    said = json.dumps(raw[name], ensure_ascii=False)[:MOST_SHOWN]
    return {**raw, UNREADABLE: f"its price cannot be read: {said}"}
