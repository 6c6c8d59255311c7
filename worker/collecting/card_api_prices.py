"""What the card APIs say that a card is worth: guide prices, out of the records that were imported."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from worker.catalog.offers import UNREADABLE, Offer
from worker.collecting.guide_prices import Guide, guides_in
from worker.collecting.source import HOUSE, Page, SourceRow, Wanted
from worker.db import Database, Record, statements
from worker.runs.work import Work

SQL = statements(Path(__file__).with_name("card_api_prices.sql"))


class CardApiPrices:
    """Reads ``raw_imports``, and asks nobody.

    The source's name says whose prices, unless its config has a ``provider``: ``tcgplayer``, ``cardmarket``.
    """

    adapter: ClassVar[str] = "card_api_prices"
    api: ClassVar[str | None] = None

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:  # noqa: ARG002
        """All that is said of the print; of two records about one printing the later counts."""
        if wanted.card_print_id is None:
            return Page((), (), None)
        orgs = list({wanted.org_id, HOUSE})
        records = await self._db.fetch(SQL["payloads"], wanted.card_print_id, orgs)
        found = [one for record in records for one in _offers_of(row, wanted.card_print_id, record)]
        found.sort(key=lambda offer: offer.observed_at)
        return Page(list({one.item_id: one for one in found}.values()), (), None)


def _offers_of(row: SourceRow, card_print_id: int, record: Record) -> Iterator[Offer]:
    try:
        payload = json.loads(record["payload"], parse_float=Decimal)
    except (ValueError, RecursionError):
        return  # What cannot be read, normalizing has said of it.
    for guide in guides_in(payload, record["source"], row.said("provider") or row.name):
        yield _offer(guide, card_print_id, record)


def _offer(guide: Guide, card_print_id: int, record: Record) -> Offer:
    raw = {"api": record["source"], "card": record["external_id"], "printing": guide.printing}
    if guide.price is None:
        raw[UNREADABLE] = f"its price cannot be read: {str(guide.said)[:100]}"
    return Offer(
        item_id=f"{card_print_id}/{guide.printing or 'any'}",
        title=None,
        unit_price=guide.price,
        shipping=None,
        currency=guide.currency,
        quantity=1,
        observed_at=guide.at or record["received_at"],
        status="guide",
        listing_type=None,
        condition=None,
        seller=None,
        item_group=None,
        external_id=record["external_id"],
        raw={**raw, "figures": {name: str(one) for name, one in guide.figures.items()}},
        card_print_id=card_print_id,
    )
