"""``mintmark org …``: what an organisation's runs may spend, and how many may run at once."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from worker.commands.amounts import cents, read_cents
from worker.commands.session import OUT, JsonFlag, print_json, shown, with_database
from worker.db import Database, statements
from worker.errors import Refused, UserError

SQL = statements(Path(__file__).with_name("org.sql"))
DEFAULT = UUID("00000000-0000-0000-0000-000000000001")
"""The organisation that every database has from the start."""
LARGEST = 2**31 - 1
app = typer.Typer(no_args_is_help=True, help="What an organisation's runs may spend, and how many may run.")
Org = Annotated[UUID, typer.Option(help="The organisation's id.", show_default="the first one")]


@app.command()
def show(org: Org = DEFAULT, as_json: JsonFlag = False) -> None:
    """Show an organisation's limits, and what it has spent today."""
    _print(with_database(lambda db: _org(db, org)), as_json=as_json)


@app.command("set")
def set_(
    budget_cents: Annotated[str | None, typer.Option(help="The cap of a run that names none.")] = None,
    warn: Annotated[
        str | None, typer.Option(help="Percentages of a budget to warn at: 50,80; or none.")
    ] = None,
    max_concurrent_runs: Annotated[
        int | None, typer.Option(max=LARGEST, help="So many run at once; others wait.")
    ] = None,
    daily_cap_cents: Annotated[
        str | None, typer.Option(help="All its runs together, in a day (UTC).")
    ] = None,
    no_daily_cap: Annotated[bool, typer.Option("--no-daily-cap", help="No cap for a day.")] = False,
    org: Org = DEFAULT,
    as_json: JsonFlag = False,
) -> None:
    """Change an organisation's limits; a run keeps the cap and the warnings that it began with."""
    cap, daily = read_cents(budget_cents), read_cents(daily_cap_cents, "--daily-cap-cents")
    percents = None if warn is None else read_percents(warn)
    if daily is not None and no_daily_cap:
        raise UserError("give --daily-cap-cents or --no-daily-cap, not both")
    if not no_daily_cap and (cap, percents, max_concurrent_runs, daily) == (None, None, None, None):
        raise UserError(
            "say what to change: --budget-cents, --warn, --max-concurrent-runs, --daily-cap-cents"
        )

    async def ask(db: Database) -> dict[str, Any]:
        await db.execute(SQL["set_org"], org, cap, percents, max_concurrent_runs, daily, no_daily_cap)
        return await _org(db, org)

    _print(with_database(ask), as_json=as_json)


def read_percents(text: str) -> list[int]:
    """Read thresholds such as ``50,80``, or ``none``; raises ``UserError``."""
    if text == "none":
        return []
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and 1 <= int(part) <= 100 for part in parts):  # noqa: PLR2004
        raise UserError(f"--warn takes percentages from 1 to 100 such as 50,80,100, or none: not {text!r}")
    return sorted({int(part) for part in parts})


async def _org(db: Database, org: UUID) -> dict[str, Any]:
    row = await db.fetchrow(SQL["org"], org)
    if row is None:
        raise Refused(f"there is no org {org}", code="MM004")
    return dict(row)


def _print(org: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(org)
        return
    told = org | {
        "warn_percents": ", ".join(f"{percent} %" for percent in org["warn_percents"]) or "none",
        "daily_cap_cents": "none" if org["daily_cap_cents"] is None else org["daily_cap_cents"],
    }
    for key, value in told.items():
        text = cents(value) if isinstance(value, Decimal) else shown(value)
        OUT.print(f"[bold]{key.replace('_', ' '):20}[/] {text}", highlight=False)
