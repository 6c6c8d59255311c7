"""``mintmark import inventory``: what sellers have in stock, from a CSV."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from worker.catalog.inventory_import import InventoryReport, import_inventory
from worker.commands.org import DEFAULT, Org
from worker.commands.session import TALK, JsonFlag, print_json, print_rows, with_database
from worker.errors import UserError

MOST_MIB = 64


def inventory(
    file: Annotated[Path, typer.Argument(help="A CSV with a line of column names.")],
    platform: Annotated[str, typer.Option(help="Where it is sold, for rows that do not say.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be.")] = False,
    org: Org = DEFAULT,
    as_json: JsonFlag = False,
) -> None:
    """Import what sellers have from a CSV, and list each row that was not taken."""
    data, name = _bytes_of(file), platform.strip().lower()
    if not name:
        raise UserError("--platform must name one, as ebay")
    report = with_database(lambda db: import_inventory(db, org, data, name, dry_run=dry_run))
    _tell(report, dry_run=dry_run, as_json=as_json)
    if report.read and len(report.not_taken) == report.read:
        raise typer.Exit(1)


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_MIB << 20:
            raise UserError(f"{file} has more than {MOST_MIB} MiB: divide it")
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


def _tell(report: InventoryReport, *, dry_run: bool, as_json: bool) -> None:
    counts = {name: getattr(report, name) for name in ("read", "new", "changed", "unchanged")}
    if as_json:
        print_json({**counts, "dry_run": dry_run, "not_taken": list(map(asdict, report.not_taken))})
        return
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    TALK.print(
        f"{said}, {len(report.not_taken):,} not taken{'; nothing was written' if dry_run else ''}",
        highlight=False,
    )
    if report.not_taken:
        columns = ["line", "code", "sku", "sentence"]
        print_rows(list(map(asdict, report.not_taken)), as_json=False, columns=columns, empty="")
