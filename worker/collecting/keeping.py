"""What a page of a source brought, kept: its offers, its sellers, and what each row was found to be."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from worker.catalog.evidence import judge_prints
from worker.catalog.inventory import NORMAL, Found, note_offers
from worker.catalog.market import Kept, Origin, keep
from worker.catalog.offers import Offer
from worker.collecting.source import Page, SourceRow
from worker.db import Connection, statements

SQL = statements(Path(__file__).with_name("keeping.sql"))


async def keep_page(
    connection: Connection,
    row: SourceRow,
    page: Page,
    *,
    org_id: UUID,
    run_id: UUID | None,
    wanted: int | None,
) -> Kept:
    """Keep a page within a transaction: rows, their judgement, who sells, and what they have."""
    origin = Origin(org_id, row.name, row.basis, row.marketplace, row.platform)
    kept = await keep(connection, origin, page.offers, wanted=wanted)
    if page.also is not None:
        await page.also(connection)
    await judge_prints(connection, sorted(kept.prints | ({wanted} if wanted is not None else set())))
    if row.basis != "guide":
        shelved = await _shelved(connection, origin, page.offers)
        await note_offers(connection, org_id, row.platform, run_id, shelved)
    return kept


async def _shelved(connection: Connection, origin: Origin, offers: Sequence[Offer]) -> list[Found]:
    """What stands on sellers' shelves: offers that were found to be one raw card, and their printings."""
    asked = [one.item_id for one in offers if one.seller]
    rows = await connection.fetch(SQL["shelved"], origin.source, origin.marketplace, origin.org_id, asked)
    known = {row["external_item_id"]: (row["card_print_id"], row["variant"]) for row in rows}
    found = ((one, *known.get(one.item_id, (None, None))) for one in offers if one.seller)
    return [Found(one, print_id, variant or NORMAL) for one, print_id, variant in found]
