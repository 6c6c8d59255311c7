"""Sales out of a file: they come in by ``mintmark import sales``, and by no question."""

from typing import ClassVar

from worker.collecting.source import NOTHING, Page, SourceRow, Wanted
from worker.runs.work import Work


class SalesCsv:
    """Has nothing to ask: what was imported for the print is judged with the rest."""

    adapter: ClassVar[str] = "sales_csv"
    api: ClassVar[str | None] = None

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:  # noqa: ARG002
        """Nothing."""
        return NOTHING
