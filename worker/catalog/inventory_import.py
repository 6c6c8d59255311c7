"""Importing a CSV of inventory: each row finds its print, or is told with the reason why it did not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from uuid import UUID

from worker.catalog.inventory import NORMAL, Stocked, compare, stock
from worker.catalog.inventory_csv import BadRow, CsvRow, read_inventory
from worker.catalog.matching import Listing, resolve
from worker.catalog.sellers import SellerSeen, keys_of_names, see
from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("inventory_import.sql"))
ROWS_A_COMMIT = 500
OWN_ID = re.compile(r"\d{1,18}")


@dataclass(slots=True)
class InventoryReport:
    """What an import did, or would do: rows read, what came of those taken, and each that was not."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    not_taken: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Mapped:
    row: CsvRow
    card_print_id: int
    treatment: str


async def import_inventory(
    db: Database, org_id: UUID, data: bytes, platform: str, *, dry_run: bool = False
) -> InventoryReport:
    """Import a file's rows, five hundred a transaction; what is not in the file stays as it is.

    A row is known by its seller and its listing id, else its SKU: the same file again changes nothing, and
    one that was cut off goes on by being imported again. Raises ``UserError`` for a file that is no table.
    """
    rows = list(read_inventory(data, platform))
    report = InventoryReport(read=len(rows), not_taken=[one for one in rows if isinstance(one, BadRow)])
    latest = _latest([one for one in rows if isinstance(one, CsvRow)], report)
    for name, some in groupby(sorted(latest, key=lambda one: one.platform), lambda one: one.platform):
        of_platform = list(some)
        for first in range(0, len(of_platform), ROWS_A_COMMIT):
            part = of_platform[first : first + ROWS_A_COMMIT]
            async with db.transaction() as connection:
                mapped = await _map(connection, org_id, name, part, report)
                await _keep(connection, org_id, name, mapped, report, dry_run=dry_run)
    report.not_taken.sort(key=lambda one: one.line)
    return report


def _latest(rows: Sequence[CsvRow], report: InventoryReport) -> list[CsvRow]:
    """Of rows about one thing the last; the others are told."""
    latest: dict[tuple[object, ...], CsvRow] = {}
    for one in rows:
        card = None if _listing_id(one) else one.print or one.title
        key = (one.platform, one.seller.lower(), one.treatment, _listing_id(one), card)
        if (earlier := latest.get(key)) is not None:
            why = f"line {one.line} is about the same thing, and counts"
            report.not_taken.append(BadRow(earlier.line, "duplicate", why, earlier.sku))
        latest[key] = one
    return list(latest.values())


def _listing_id(row: CsvRow) -> str | None:
    return row.listing_id or (f"sku:{row.sku.lower()}" if row.sku else None)


async def _map(
    connection: Connection,
    org_id: UUID,
    platform: str,
    rows: Sequence[CsvRow],
    report: InventoryReport,
) -> list[_Mapped]:
    listings = [Listing(one.title or "", one.sku) for one in rows]
    found = await resolve(connection, org_id, listings, platform=platform)
    named = await _named(connection, {one.print for one in rows if one.print})
    mapped = []
    for row, match in zip(rows, found, strict=True):
        by_sku = match.card_print_id if match.how == "sku" else None
        by_print = named.get(row.print) if row.print else None
        card = by_sku or by_print or (None if row.print else match.card_print_id)
        if card is None:
            report.not_taken.append(_unmapped(row, match.why))
        else:
            mapped.append(_Mapped(row, card, row.treatment or match.variant or NORMAL))
    return mapped


def _unmapped(row: CsvRow, why: str) -> BadRow:
    if row.print:
        return BadRow(row.line, "unknown_print", f"there is no print {row.print!r}", row.sku)
    if row.title:
        return BadRow(row.line, why, f"its title does not say which print it is ({why})", row.sku)
    return BadRow(row.line, "unmapped_sku", f"nobody has verified which print {row.sku!r} is", row.sku)


async def _named(connection: Connection, names: set[str]) -> dict[str, int]:
    """Prints by what a row calls them: our id, or a source and its id: ``pokemonapi:base1-4``."""
    own = [int(one) for one in names if OWN_ID.fullmatch(one)]
    theirs = [one.partition(":")[::2] for one in names if ":" in one]
    columns = [list(column) for column in zip(*theirs, strict=True)] or [[], []]
    rows = await connection.fetch(SQL["named"], own, *columns)
    return {row["name"]: row["id"] for row in rows}


async def _keep(
    connection: Connection,
    org_id: UUID,
    platform: str,
    mapped: Sequence[_Mapped],
    report: InventoryReport,
    *,
    dry_run: bool,
) -> None:
    names = sorted({one.row.seller for one in mapped})
    keys = await keys_of_names(connection, org_id, platform, names)
    if dry_run:
        rows = await connection.fetch(SQL["sellers"], org_id, platform, sorted(set(keys.values())))
        known = {row["platform_seller_id"]: row["id"] for row in rows}
        ids = {key: known.get(key, -place) for place, key in enumerate(sorted(set(keys.values())), 1)}
    else:
        ids = await see(connection, org_id, platform, [SellerSeen(keys[one], one) for one in names], None)
    stocked = [_stocked(one, ids[keys[one.row.seller]]) for one in mapped]
    kept = await (
        compare(connection, org_id, stocked)
        if dry_run
        else stock(connection, org_id, "csv", stocked, verify=False)
    )
    report.new, report.changed = report.new + kept.new, report.changed + kept.changed
    report.unchanged += kept.unchanged


def _stocked(one: _Mapped, seller_id: int) -> Stocked:
    row = one.row
    return Stocked(
        seller_id=seller_id,
        card_print_id=one.card_print_id,
        quantity=row.quantity,
        price=row.price,
        currency=row.currency,
        treatment=one.treatment,
        listing_id=_listing_id(row),
        notes=row.notes,
    )
