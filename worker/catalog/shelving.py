"""From what a connected account tells of its stock and its offers to its rows of inventory."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from worker.catalog.inventory import NORMAL
from worker.catalog.matching import Listing, resolve
from worker.catalog.stock import StockItem
from worker.db import Connection, statements

SQL = statements(Path(__file__).with_name("shelving.sql"))


async def map_items(
    connection: Connection, org_id: UUID, account_id: UUID, platform: str, items: Sequence[StockItem]
) -> None:
    """Note which print each item is, by its SKU or its title; items are looked at again each time.

    So a SKU that somebody has verified since is believed with the next pass.
    """
    listings = [Listing(one.title or "", one.sku) for one in items]
    found = await resolve(connection, org_id, listings, platform=platform)
    rows = [
        (one.sku, match.card_print_id, match.variant or NORMAL)
        for one, match in zip(items, found, strict=True)
    ]
    if rows:
        await connection.execute(SQL["map_items"], account_id, *map(list, zip(*rows, strict=True)))


async def shelve(connection: Connection, org_id: UUID, account_id: UUID, seller_id: int) -> int:
    """Make a seller's inventory of what is known of the account; answers its rows.

    A row for each listing that can be bought from, with its price; a SKU that is in no such listing is a row
    without a price, under the listing id ``sku:…``. Items without a print have none: see docs/inventory.md.
    Rows that came from the account before and are not among these are taken out.
    """
    rows: int = await connection.fetchval(SQL["shelve"], org_id, account_id, seller_id)
    await connection.execute(SQL["take_out"], org_id, seller_id)
    return rows
