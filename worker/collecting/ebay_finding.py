"""EBay's Finding API, which is gone: rows that were kept come in by ``mintmark import finding``."""

from typing import ClassVar

from worker.clients.ebay_finding import ask
from worker.collecting.source import Page, SourceRow, Wanted
from worker.runs.work import Work


class EbayFinding:
    """Says that it is retired, whatever it is asked."""

    adapter: ClassVar[str] = "ebay_finding"
    api: ClassVar[str | None] = None

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:  # noqa: ARG002
        """Raises ``SourceRetired``: nothing is sent, and no quota is used."""
        ask()
