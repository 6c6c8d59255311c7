"""``mintmark run list``, ``show``, ``watch`` and ``items``: look at runs."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

import typer
from rich.console import RenderableType
from rich.table import Table

from worker.commands.amounts import cents
from worker.commands.bars import COLUMNS as COLUMNS_OF_RUNS
from worker.commands.bars import budget_bar, items_bar, state_of, table_of_runs
from worker.commands.following import follow, tell_as_json, tell_in_a_line
from worker.commands.progress import changes_as_json, told_on, watch_run
from worker.commands.run_facts import SQL, facts_of, find_run
from worker.commands.session import (
    MOST_ROWS,
    OUT,
    TALK,
    JsonFlag,
    print_json,
    print_rows,
    shown,
    with_database,
)
from worker.db import Database
from worker.runs.states import RunState

RunId = Annotated[str, typer.Argument(help="The run's id, or its first characters.")]
Limit = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, newest first.")]
ItemState: TypeAlias = Literal["pending", "processing", "completed", "failed", "skipped"]
ROOMY = 120
"""Characters of a line in which there is room for when a run was made."""
SHOWN_JOBS = 20
SHOWN_EVENTS = 20
TABLES = ("jobs", "items", "spending", "events")
COLUMNS = {
    "jobs": ("id", "kind", "state", "attempt", "crashes", "checkpoint", "error_code", "error_message"),
    "items": ("type", "state", "error_code", "items", "cost_cents"),
    "spending": ("api", "operation", "calls", "spent_cents", "held_cents", "unknown_cents"),
    "events": ("at", "level", "event", "actor", "data"),
}
IN_BARS = {
    "id",
    "name",
    "state",
    "reason",
    "total_items",
    "processed_items",
    "failed_items",
    "skipped_items",
    "budget_cap_cents",
    "estimated_cents",
    "reserved_cents",
    "spent_cents",
}


def list_runs(
    state: Annotated[RunState | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only those of this kind.")] = None,
    limit: Limit = 20,
    as_json: JsonFlag = False,
) -> None:
    """List runs, newest first, each with a bar for its items and one for its budget."""
    rows = [dict(row) for row in with_database(lambda db: db.fetch(SQL["runs"], state, kind, limit))]
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        columns = COLUMNS_OF_RUNS if OUT.width >= ROOMY else COLUMNS_OF_RUNS[:-1]
        OUT.print(table_of_runs(rows, drawn=OUT.is_terminal, columns=columns))
    else:
        TALK.print("no such runs" if state or kind else "no runs yet")


def show(
    run: RunId,
    following: Annotated[
        bool, typer.Option("--follow", help="Go on with its log until it has ended.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show one run: its state, jobs, items, spending and log; with --follow and --json its log alone."""

    async def ask(db: Database) -> None:
        id_ = await find_run(db, run)
        told = set[int]()
        if not (following and as_json):
            found = await facts_of(db, id_, most_jobs=MOST_ROWS if as_json else SHOWN_JOBS)
            told = {event["id"] for event in found["events"]}
            print_json(found) if as_json else _print_facts(found)
        if following:
            await follow(db, id_, tell_as_json if as_json else tell_in_a_line, told=told)

    with suppress(KeyboardInterrupt):  # How one stops following.
        with_database(ask)


def watch(run: RunId, as_json: JsonFlag = False) -> None:
    """Show a run's progress until it ends or pauses; exit 1 unless it completes."""

    async def ask(db: Database) -> str:
        id_ = await find_run(db, run)
        if as_json:
            row = await watch_run(db, id_, changes_as_json())
        else:
            with told_on(TALK) as progress:
                row = await watch_run(db, id_, progress)
            TALK.print(f"{row['name']}: {state_of(row)}", markup=False, highlight=False)
        return str(row["state"])

    if with_database(ask) != RunState.COMPLETED:
        raise typer.Exit(1)


def items(
    run: RunId,
    state: Annotated[ItemState | None, typer.Option(help="Only those in this state.")] = None,
    code: Annotated[str | None, typer.Option(help="Only those with this error code.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_ROWS, help="How many, in the order of working.")
    ] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List a run's items: what it worked on, how each ended, and what it cost."""

    async def ask(db: Database) -> list[dict[str, Any]]:
        rows = await db.fetch(SQL["run_items"], await find_run(db, run), state, code, limit)
        return [dict(row) | {"data": json.loads(row["data"]) if row["data"] else None} for row in rows]

    rows = with_database(ask)
    columns = ("type", "external_id", "state", "cost_cents", "error_code", "error_message")
    print_rows(rows if as_json else _in_text(rows), as_json=as_json, columns=columns, empty="no such items")


def _print_facts(run: Mapping[str, Any]) -> None:
    facts = Table.grid(padding=(0, 2))
    for name, told in _told(run).items():
        facts.add_row(f"[bold]{name}[/]", told)
    OUT.print(facts)
    for name in TABLES:
        if rows := _in_text(run[name]):
            shown_rows = rows[-SHOWN_EVENTS:] if name == "events" else rows
            in_all = run["job_count"] if name == "jobs" else len(rows)
            some = f", {len(shown_rows)} of {in_all} (--json has more)" if len(shown_rows) < in_all else ""
            OUT.print(f"\n[bold]{name}[/]{some}", highlight=False)
            print_rows(shown_rows, as_json=False, columns=COLUMNS[name], empty="")


def _told(run: Mapping[str, Any]) -> dict[str, RenderableType]:
    held, drawn = run["reserved_cents"], OUT.is_terminal
    counts = [f"{run[key]} {key.partition('_')[0]}" for key in ("failed_items", "skipped_items") if run[key]]
    facts: dict[str, RenderableType] = {
        "id": shown(run["id"]),
        "name": shown(run["name"]),
        "state": shown(state_of(run)),
        "items": _beside(items_bar(run, drawn=drawn), ", ".join(counts)),
        "budget in cents": _beside(budget_bar(run, drawn=drawn), f"{cents(held)} reserved" if held else ""),
    }
    if run["estimated_cents"]:
        facts["estimated cents"] = cents(run["estimated_cents"])
    rest = {key: _text(run[key]) for key in run if key not in IN_BARS and key not in TABLES}
    return facts | {key.replace("_", " "): shown(told) for key, told in rest.items() if told is not None}


def _beside(bar: RenderableType, words: str) -> RenderableType:
    if not words:
        return bar
    both = Table.grid(padding=(0, 2))
    both.add_row(bar, words)
    return both


def _in_text(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: _text(value) for key, value in row.items()} for row in rows]


def _text(value: Any) -> Any:
    match value:
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():  # All that a run knows of these is money.
            return cents(value)
        case _:
            return value
