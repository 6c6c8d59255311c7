"""``mintmark import sales`` and ``mintmark import finding``: sales out of files."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from worker.catalog import strict_json
from worker.catalog.strict_json import BadJson
from worker.collecting.importing import SalesReport, import_finding, import_sales
from worker.collecting.sales_file import decoded
from worker.collecting.source import SourceRow
from worker.collecting.sources import find_source
from worker.commands.session import TALK, JsonFlag, print_json, with_database
from worker.db import Database
from worker.errors import UserError

MOST_BYTES = 256 * 1024 * 1024
SHOWN = 20
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing, and say what would be written.")]


def sales(
    file: Annotated[Path, typer.Argument(help="A CSV file; its first line names the columns.")],
    source: Annotated[str, typer.Option(help="The source whose sales these are.")] = "sales_csv",
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Import sales from a CSV file: what came in before comes in no more."""
    text = decoded(_content(file))

    async def run(db: Database, row: SourceRow) -> SalesReport:
        return await import_sales(db, row, text, dry_run=dry_run)

    _import(source, "sales_csv", run, dry_run=dry_run, as_json=as_json)


def finding(
    file: Annotated[Path, typer.Argument(help="A JSON file: answers of findCompletedItems, or their items.")],
    source: Annotated[str, typer.Option(help="The source whose sales these are.")] = "ebay_finding",
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Import what was kept of eBay's retired Finding API: the sales, and not what ended unsold."""
    try:
        stored = strict_json.loads(_content(file))
    except BadJson as error:
        raise UserError(f"{file} is no JSON: {error}") from None

    async def run(db: Database, row: SourceRow) -> SalesReport:
        return await import_finding(db, row, stored, dry_run=dry_run)

    _import(source, "ebay_finding", run, dry_run=dry_run, as_json=as_json)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UserError(f"{file} has more than {MOST_BYTES:,} bytes: import it in parts")
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


def _import(
    source: str,
    adapter: str,
    do: Callable[[Database, SourceRow], Awaitable[SalesReport]],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    async def run(db: Database) -> SalesReport:
        return await do(db, await find_source(db, source, adapter))

    report = with_database(run)
    _tell(report, dry_run=dry_run, as_json=as_json)
    if report.bad and len(report.bad) == report.rows:
        raise typer.Exit(1)


def _tell(report: SalesReport, *, dry_run: bool, as_json: bool) -> None:
    counts = {
        "rows": report.rows,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "duplicates": report.duplicates,
        "unmapped": report.unmapped,
    }
    if as_json:
        bad = [{"row": one.item_id, "code": one.code, "why": one.sentence} for one in report.bad]
        print_json({"dry_run": dry_run, **counts, "bad": bad})
        return
    would = "would be " if dry_run else ""
    TALK.print(
        f"{report.rows:,} rows: {report.new:,} {would}new, {report.changed:,} {would}changed, "
        f"{report.unchanged:,} there already, {report.duplicates:,} twice in the file, "
        f"{len(report.bad):,} unreadable; {report.unmapped:,} {would}without a print",
        highlight=False,
    )
    for one in report.bad[:SHOWN]:
        TALK.print(f"not imported: {one.item_id}: {one.sentence} ({one.code})", highlight=False, markup=False)
    if len(report.bad) > SHOWN:
        TALK.print(f"and {len(report.bad) - SHOWN:,} more: --json lists them all", highlight=False)
