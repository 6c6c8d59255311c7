"""Inventory: what the account has in stock, as it stands."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from worker.catalog.shelving import map_items
from worker.catalog.stock import ITEMS, StockItem
from worker.clients.answers import AnsweredNo
from worker.clients.ebay_inventory import (
    StockItemRead,
    get_inventory_items,
    means_none,
    read_inventory_items,
)
from worker.db import Connection
from worker.syncing.keeping import keep_state
from worker.syncing.resource import Ask, Outcome, Page, Reading
from worker.syncing.shelving import PLATFORM, shelve


class Inventory:
    """Reads all stock items; what a whole pass has not seen is not in stock any more."""

    name: ClassVar = "inventory"
    slice: ClassVar[timedelta | None] = None
    reach: ClassVar[timedelta | None] = None
    again: ClassVar = timedelta(0)

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:  # noqa: ARG002
        """One page of items; nothing where a page was, as where nothing ever was, are none in all."""
        offset = position["offset"] if position else 0
        try:
            answer = await ask(get_inventory_items(offset=offset), step=f"inventory/{offset}")
        except AnsweredNo as error:
            if not means_none(error):
                raise
            answer = None
        read = read_inventory_items(answer, offset=offset)
        following = {"offset": read.offset} if read.offset is not None else None
        return Page(read.records, read.bad, following, read.total)

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Each item is there once, by its SKU, with the print that it is."""
        items = list(map(_kept, page.records))
        outcome = await keep_state(connection, reading, self.name, ITEMS, items, page.bad)
        if not reading.dry_run:
            account = reading.account
            await map_items(connection, account.org_id, account.id, PLATFORM, items)
        return outcome

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:
        """Forget what the pass has not seen, and make the account's inventory of what it has."""
        gone = await ITEMS.forget_unseen(connection, reading.account.id, reading.until)
        await shelve(connection, reading.account)
        return {f"{self.name}.deleted": gone}


def _kept(read: StockItemRead) -> StockItem:
    item = read.item
    return StockItem(item.sku, item.title, item.condition, item.quantity, read.kept)
