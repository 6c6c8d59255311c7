"""Offers: what a source says that somebody asks, got or suggests for a thing, before it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

OfferStatus = Literal["active", "ended", "sold", "guide"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing, sale or guide price, as its source gives it.

    ``unit_price`` is that of one piece, None where the source says none that can be read (then ``raw`` holds
    what it said); ``shipping`` that of the whole quantity, None where it is not known. ``currency`` is the
    one in which it was said, never a converted one. ``item_id`` is the source's own name for it: seen again
    it is the same row. ``item_group`` is the listing of many variations that it is one of. ``raw`` keeps what
    judging reads: ``conditionId``, ``conditionDescriptors``, ``buyingOptions``; of people nothing but the
    seller's public name.
    """

    item_id: str
    title: str | None
    unit_price: Decimal | None
    shipping: Decimal | None
    currency: str | None
    quantity: int
    observed_at: datetime
    status: OfferStatus
    listing_type: str | None
    condition: str | None
    seller: str | None
    item_group: str | None
    external_id: str | None
    """A catalogue's name for the product, if the source tells one: ``epid:…``; for the mapping."""
    raw: Mapping[str, Any]
