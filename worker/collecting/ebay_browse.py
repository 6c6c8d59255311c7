"""EBay Browse: what is asked for a card just now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from worker.accounts.asking import Asker
from worker.catalog.offers import Offer
from worker.clients.ebay_browse import (
    API,
    LARGEST_PAGE,
    Search,
    get_item,
    read_item,
    read_search,
    search,
)
from worker.clients.ebay_listings import FIXED
from worker.collecting.ebay_offers import ask_of, bad_of
from worker.collecting.source import Page, SourceRow, Wanted
from worker.db import Database, statements
from worker.errors import NotYet, SourceError, UserError
from worker.pricing.listing import read_listing
from worker.runs.work import Work

SQL = statements(Path(__file__).with_name("ebay_browse.sql"))
GRADED = "2750"
DETAILED = "detailed"
"""Set in ``raw`` once a listing was asked for in full: it is not asked for again."""
NO_EBAY = "this worker cannot ask eBay: set WORKER_EBAY__CLIENT_ID and its companions"


@dataclass(frozen=True, slots=True)
class Details:
    """How often a listing is asked for in full: of a print at most so many, and only out of plenty.

    ``spare_percent`` of the day's calls are left alone: searching comes first.
    """

    most: int = 5
    spare_percent: int = 25


class EbayBrowse:
    """Searches a page; asks for details of what says nothing of its condition, and was not asked before."""

    adapter: ClassVar[str] = "ebay_browse"
    api: ClassVar[str | None] = API

    def __init__(self, db: Database, asker: Asker | None, details: Details) -> None:
        self._db, self._asker, self._details = db, asker, details

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:
        """One page of asks, the best match first."""
        asker = require_asker(self._asker)
        offset, size = int(position or 0), min(LARGEST_PAGE, wanted.most)
        asked = Search(wanted.words, wanted.category, country=row.said("country"), site=row.marketplace)
        step = wanted.step(row.name, position)
        answer = await asker.ask_as_application(work, search(asked, limit=size, offset=offset), step=step)
        read = read_search(answer, offset=offset)
        seen_at = datetime.now(UTC)
        offers = [ask_of(found, seen_at) for found in read.records]
        offers = await self._detailed(
            work, asker, row, wanted, offers, first=offset == 0 and wanted.card_print_id is not None
        )
        following = read.offset if read.offset is not None and read.offset < wanted.most else None
        return Page(offers, bad_of(read.bad), str(following) if following is not None else None)

    async def _detailed(
        self,
        work: Work,
        asker: Asker,
        row: SourceRow,
        wanted: Wanted,
        offers: Sequence[Offer],
        *,
        first: bool,
    ) -> list[Offer]:
        """With what is known of them in full; of some, on a print's first page, that is asked for now."""
        rows = await self._db.fetch(
            SQL["known_details"], row.name, row.marketplace, [one.item_id for one in offers]
        )
        known = {one["external_item_id"]: json.loads(one["details"]) for one in rows}
        unclear = [one.item_id for one in offers if one.item_id not in known and _is_unclear(one, wanted)]
        if first and unclear and await self._is_plenty():
            known |= await self._ask_for(work, asker, row, unclear[: self._details.most])
        return [
            replace(one, raw={**one.raw, **known[one.item_id]}) if one.item_id in known else one
            for one in offers
        ]

    async def _ask_for(
        self, work: Work, asker: Asker, row: SourceRow, items: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        """What some listings say in full, as many of them as eBay answers for."""
        found: dict[str, Mapping[str, Any]] = {}
        for item in items:
            question = get_item(item, site=row.marketplace)
            try:
                answer = await asker.ask_as_application(work, question, step=f"{row.name}/{item}")
                found[item] = {**read_item(answer), DETAILED: True}
            except NotYet:
                break
            except SourceError:
                continue  # It may be gone by now: the summary stands.
        return found

    async def _is_plenty(self) -> bool:
        if self._details.most == 0:
            return False
        return bool(await self._db.fetchval(SQL["is_plenty"], API, self._details.spare_percent))


def require_asker(asker: Asker | None) -> Asker:
    """What asks eBay; raises ``UserError`` where it is not set up."""
    if asker is None:
        raise UserError(NO_EBAY)
    return asker


def _is_unclear(offer: Offer, wanted: Wanted) -> bool:
    """Tell whether its condition is all that is missing."""
    if offer.unit_price is None or offer.item_group is not None or offer.listing_type != FIXED:
        return False
    if offer.raw.get("conditionId") == GRADED:
        return False
    read = read_listing(offer.title or "", wanted.name, wanted.number)
    return read.condition is None and read.left_out is None and read.grader is None
