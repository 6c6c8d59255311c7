"""Offers: what a source says that somebody asks, got or suggests for a thing, before it is judged."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

OfferStatus = Literal["active", "ended", "sold", "guide"]
UNREADABLE = "unreadable"
"""Where ``raw`` says, in a sentence, what of an offer could not be read."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing, sale or guide price, as its source gives it.

    ``unit_price`` is that of one piece, None where the source says none that can be read (then ``raw`` holds
    what it said, and under ``unreadable`` a sentence); ``shipping`` that of the whole quantity, None where it
    is not known. ``currency`` is the one in which it was said, never a converted one. ``item_id`` is the
    source's own name for it: seen again it is the same row. ``item_group`` is the listing of many variations
    that it is one of. ``raw`` keeps what judging reads: ``conditionId``, ``conditionDescriptors``,
    ``printing``; of people nothing.
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
    card_print_id: int | None = None
    """Which print it is, where the source itself knows: then no title is asked."""
    feedback_score: int | None = None
    feedback_percentage: Decimal | None = None
    """What the seller's buyers say of them, where the source shows it; no part of what the offer is."""

    def content_hash(self) -> bytes:
        """What tells this from another say of the same source about the same thing.

        When an ask was seen is no part of it, nor what others say of its seller.
        """
        facts = (self.item_id, self.title, self.unit_price, self.shipping, self.currency, self.quantity)
        when = None if self.status == "active" else self.observed_at
        more = (self.status, self.listing_type, self.condition, self.seller, self.item_group, when, self.raw)
        said = json.dumps((*facts, *more), sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(said.encode()).digest()[:16]

    def without_price(self) -> str | None:
        """Why it has no price, in a sentence; None where it has one."""
        if self.unit_price is not None and self.currency is not None:
            return None
        return str(self.raw.get(UNREADABLE) or "it has no price")
