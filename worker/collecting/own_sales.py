"""What the connected sellers sold: it is there already, and what found no print is looked at again."""

from typing import ClassVar

from worker.catalog.market import map_again, unmapped_sales
from worker.collecting.source import Page, SourceRow, Wanted
from worker.db import Connection
from worker.runs.work import Work


class OwnSales:
    """Fetches nothing: ``seller_sync`` does, order by order."""

    adapter: ClassVar[str] = "own_sales"
    api: ClassVar[str | None] = None

    async def page(self, work: Work, row: SourceRow, wanted: Wanted, position: str | None) -> Page:  # noqa: ARG002
        """Nothing new; sales that may be this print, and were not sure to be, are mapped again."""

        async def look_again(connection: Connection) -> int:
            if wanted.card_print_id is None:
                return 0
            sales = await unmapped_sales(connection, wanted.org_id, row.name, wanted.card_print_id)
            return await map_again(connection, wanted.org_id, sales, platform=row.platform)

        return Page((), (), None, look_again)
