"""``mintmark run …``: start, watch and steer runs."""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from worker.commands.progress import watch_run
from worker.commands.session import (
    MOST_ROWS,
    OUT,
    TALK,
    JsonFlag,
    payload_from,
    print_json,
    print_rows,
    shown,
    with_database,
)
from worker.db import Database, statements
from worker.errors import Refused, UserError

SQL = statements(Path(__file__).with_name("queries.sql"))
app = typer.Typer(no_args_is_help=True, help="Start, watch and steer runs.")
RunId = Annotated[str, typer.Argument(help="The run's id, or its first characters.")]
Reason = Annotated[str | None, typer.Option(help="Why; it stands in the run's log.")]
Cents = Annotated[str | None, typer.Option("--budget-cents", help="The most it may spend, in cents.")]


def _cents(text: str | None) -> Decimal | None:
    try:
        amount = None if text is None else Decimal(text)
    except InvalidOperation:
        amount = Decimal("nan")
    if amount is not None and not amount.is_finite():
        raise UserError(f"--budget-cents takes an amount such as 250 or 12.5, not {text!r}")
    return amount


async def find_run(db: Database, text: str) -> UUID:
    """Find the one run whose id begins so; raises ``Refused`` (MM004) for none or several."""
    if not text:
        raise UserError("a run's id, or its first characters, must be given; see: mintmark run list")
    found = [row["id"] for row in await db.fetch(SQL["find_runs"], text.lower())]
    if len(found) != 1:
        what = "no run's id begins" if not found else "several runs' ids begin"
        raise Refused(f"{what} with {text!r}; see: mintmark run list", code="MM004")
    return UUID(str(found[0]))


@app.command()
def start(
    kind: Annotated[str, typer.Argument(help="What to do; mintmark kinds lists them.")],
    params: Annotated[str, typer.Argument(help="JSON, @file, or - for standard input.")] = "{}",
    name: Annotated[str | None, typer.Option(help="Made up if not given.")] = None,
    budget_cents: Cents = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay until it has ended.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start a run and print its id; with --watch, exit 1 unless it completes."""
    text, cap = payload_from(params), _cents(budget_cents)

    async def ask(db: Database) -> None:
        run = await db.fetchval(SQL["start_run"], kind, text, name, cap)
        if as_json:
            print_json({"run": run})
        else:
            typer.echo(run)
        if watch and (await watch_run(db, run, console=TALK))["state"] != "completed":
            raise typer.Exit(1)

    with_database(ask)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, newest first.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List runs, newest first."""
    rows = with_database(lambda db: db.fetch(SQL["runs"], limit))
    columns = ["id", "name", "state", "reason", "processed_items", "total_items", "failed_items"]
    columns += ["spent_cents", "budget_cap_cents", "created_at"]
    print_rows([dict(row) for row in rows], as_json=as_json, columns=columns, empty="no runs yet")


@app.command()
def show(run: RunId, as_json: JsonFlag = False) -> None:
    """Show one run: its state, its totals and its log."""

    async def ask(db: Database) -> dict[str, Any]:
        id_ = await find_run(db, run)
        row = await db.fetchrow(SQL["run"], id_)
        assert row is not None
        events = [
            dict(one) | {"data": json.loads(one["data"])} for one in await db.fetch(SQL["run_events"], id_)
        ]
        found = dict(row) | {"params": json.loads(row["params"]), "events": events}
        return found | {"summary": json.loads(row["summary"]) if row["summary"] else None}

    found = with_database(ask)
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if key != "events" and value is not None:
            OUT.print(f"[bold]{key.replace('_', ' '):18}[/] {shown(value)}", highlight=False)
    print_rows(found["events"], as_json=False, columns=["at", "level", "event", "actor", "data"], empty="")


@app.command()
def watch(run: RunId) -> None:
    """Show a run's progress until it ends or pauses."""

    async def ask(db: Database) -> None:
        await watch_run(db, await find_run(db, run), console=TALK)

    with_database(ask)


@app.command()
def pause(run: RunId, reason: Reason = None) -> None:
    """Hold a run at its next safe point; nothing is lost."""
    in_flight = _steer(run, "pause_run", reason)
    TALK.print(f"paused; {in_flight} job(s) at work stop at their next safe point")


@app.command()
def resume(run: RunId, budget_cents: Cents = None) -> None:
    """Let a paused run go on from its checkpoint, perhaps with another budget."""
    _steer(run, "resume_run", _cents(budget_cents))
    TALK.print("resumed")


@app.command()
def cancel(run: RunId, reason: Reason = None) -> None:
    """End a run; what it has done stays."""
    in_flight = _steer(run, "cancel_run", reason)
    TALK.print(f"cancelled; {in_flight} job(s) at work stop at their next safe point")


@app.command("retry-failed")
def retry_failed(run: RunId) -> None:
    """Work a run's failed jobs again."""
    TALK.print(f"{_steer(run, 'retry_failed')} job(s) wait again")


def _steer(run: str, function: str, *args: object) -> Any:
    async def ask(db: Database) -> Any:
        return await db.fetchval(SQL[function], await find_run(db, run), *args)

    return with_database(ask)
