"""Bring sales in from a file: each row once, whoever brings it how often."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from worker.catalog.evidence import judge_prints
from worker.catalog.market import Kept, Origin, keep
from worker.catalog.offers import Offer
from worker.clients.ebay_finding import read_rows
from worker.collecting import targets
from worker.collecting.ebay_offers import bad_of, ended_of
from worker.collecting.sales_file import Row, read_sales
from worker.collecting.source import HOUSE, BadOffer, SourceRow
from worker.db import Connection, Database

ROWS_AT_ONCE = 500


@dataclass(slots=True)
class SalesReport:
    """What an import did, or in a dry run would do; ``bad`` are the rows that could not be read."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicates: int = 0
    unmapped: int = 0
    bad: list[BadOffer] = field(default_factory=list)

    def add(self, kept: Kept) -> None:
        """Count what became of some rows."""
        self.new += kept.new
        self.changed += kept.changed
        self.unchanged += kept.unchanged + kept.seen_again
        self.unmapped += kept.unmapped


class _TakeBack(Exception):
    """Raised to undo what a dry run has done."""


async def import_sales(db: Database, row: SourceRow, text: str, *, dry_run: bool) -> SalesReport:
    """Import the text of a CSV file; raises ``UserError`` where it is no table of sales."""
    report, rows = SalesReport(), list[Row]()
    for one in read_sales(text, currency=row.said("currency") or targets.CURRENCY):
        report.rows += 1
        if isinstance(one, Row):
            rows.append(one)
        else:
            report.bad.append(one)
    await _keep(db, row, await _with_prints(db, rows, report), report, dry_run=dry_run)
    return report


async def import_finding(db: Database, row: SourceRow, stored: object, *, dry_run: bool) -> SalesReport:
    """Import kept rows of the Finding API; raises ``SourceGarbled`` for what is none of it."""
    found, bad = read_rows(stored)
    report = SalesReport(rows=len(found) + len(bad), bad=bad_of(bad))
    await _keep(db, row, [ended_of(one) for one in found], report, dry_run=dry_run)
    return report


async def _with_prints(db: Database, rows: Sequence[Row], report: SalesReport) -> list[Offer]:
    """The offers, with the prints that their rows name; a row that names one that is not there is bad."""
    named = list(dict.fromkeys(row.print_name for row in rows if row.print_name is not None))
    async with db.connection() as connection:
        known = await targets.ids_of(connection, named)
    offers = []
    for row in rows:
        found = known.get(row.print_name) if row.print_name is not None else None
        if row.print_name is not None and found is None:
            sentence = f"there is no print {row.print_name!r}"
            report.bad.append(BadOffer(f"line {row.line}", "no_such_print", sentence))
        else:
            offers.append(replace(row.offer, card_print_id=found))
    return offers


async def _keep(
    db: Database, row: SourceRow, offers: Sequence[Offer], report: SalesReport, *, dry_run: bool
) -> None:
    unique = list({one.item_id: one for one in offers}.values())
    report.duplicates = len(offers) - len(unique)
    for first in range(0, len(unique), ROWS_AT_ONCE):
        try:
            async with db.transaction() as connection:
                report.add(await _keep_some(connection, row, unique[first : first + ROWS_AT_ONCE]))
                _take_back(dry_run=dry_run)
        except _TakeBack:
            continue


def _take_back(*, dry_run: bool) -> None:
    if dry_run:
        raise _TakeBack


async def _keep_some(connection: Connection, row: SourceRow, offers: Sequence[Offer]) -> Kept:
    origin = Origin(HOUSE, row.name, row.basis, row.marketplace, row.platform)
    kept = await keep(connection, origin, offers, wanted=None)
    await judge_prints(connection, sorted(kept.prints))
    return kept
