"""What a page of a source brought, kept: its offers, its sellers, and what each row was found to be."""

from collections.abc import Sequence
from uuid import UUID

from worker.catalog.evidence import judge_prints
from worker.catalog.market import Kept, Origin, keep
from worker.catalog.offers import Offer
from worker.catalog.sellers import SellerSeen, keys_of_names, see
from worker.collecting.source import Page, SourceRow
from worker.db import Connection


async def keep_page(
    connection: Connection,
    row: SourceRow,
    page: Page,
    *,
    org_id: UUID,
    run_id: UUID | None,
    wanted: int | None,
) -> Kept:
    """Keep a page within a transaction: rows, sellers, and the judgement of every print it is about."""
    origin = Origin(org_id, row.name, row.basis, row.marketplace, row.platform)
    kept = await keep(connection, origin, page.offers, wanted=wanted)
    if page.also is not None:
        await page.also(connection)
    await _see_sellers(connection, row, page.offers, org_id, run_id)
    await judge_prints(connection, sorted(kept.prints | ({wanted} if wanted is not None else set())))
    return kept


async def _see_sellers(
    connection: Connection, row: SourceRow, offers: Sequence[Offer], org_id: UUID, run_id: UUID | None
) -> None:
    named = {one.seller: one for one in offers if one.seller}
    if not named:
        return
    keys = await keys_of_names(connection, org_id, row.platform, named)
    seen = [
        SellerSeen(keys[name], name, one.feedback_score, one.feedback_percentage)
        for name, one in named.items()
    ]
    await see(connection, org_id, row.platform, seen, run_id)
