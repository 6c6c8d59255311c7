"""EBay Marketplace Insights: what cards were sold for, where eBay lets the application see it."""

from typing import ClassVar

from worker.accounts.asking import Asker
from worker.clients.ebay_insights import API, LARGEST_PAGE, read_search, search
from worker.collecting.ebay_browse import require_asker
from worker.collecting.ebay_offers import bad_of, sale_of
from worker.collecting.source import Page, SourceRow, Wanted
from worker.errors import AccessDenied
from worker.runs.work import Work


class EbayInsights:
    """Searches a page of sales of the last 90 days."""

    adapter: ClassVar[str] = "ebay_insights"
    api: ClassVar[str | None] = API

    def __init__(self, asker: Asker | None) -> None:
        self._asker = asker

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:
        """One page of sales; raises ``AccessDenied`` where the application may not ask (403, 100017)."""
        asker = require_asker(self._asker)
        offset, size = int(position or 0), min(LARGEST_PAGE, wanted.most)
        question = search(
            wanted.words, category=wanted.category, site=row.marketplace, limit=size, offset=offset
        )
        try:
            answer = await asker.ask_as_application(work, question, step=wanted.step(row.name, position))
        except AccessDenied as error:
            raise AccessDenied(
                "eBay grants Marketplace Insights to few applications, and not to this one: "
                "where that has changed, set enabled again"
            ) from error
        read = read_search(answer, offset=offset)
        following = read.offset if read.offset is not None and read.offset < wanted.most else None
        offers = [sale_of(found) for found in read.records]
        return Page(offers, bad_of(read.bad), str(following) if following is not None else None)
