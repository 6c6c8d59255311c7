"""``mintmark alert …``: what was raised, and whether the channels work."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from worker.channels import channels_of
from worker.clients import notices
from worker.clients.notices import Channel, Message, Notice
from worker.commands.session import MOST_ROWS, OUT, JsonFlag, print_json, print_rows, settings, with_database
from worker.db import Database, Record, statements
from worker.errors import SourceError, UserError

SQL = statements(Path(__file__).with_name("alert.sql"))
NOTICE = ("id", "key", "alert", "message", "org_id", "run_id", "job_id", "data", "raised_at")
app = typer.Typer(no_args_is_help=True, help="Look at alerts, or try their channels.")


@app.command("list")
def list_(
    undelivered: Annotated[bool, typer.Option("--undelivered", help="Only what no channel took.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, newest first.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List alerts, newest first, and which channels took them."""

    async def ask(db: Database) -> list[Record]:
        return await db.fetch(SQL["alerts"], limit, undelivered)

    rows = [_told(row) for row in with_database(ask)]
    columns = ["id", "alert", "message", "raised_at", "delivered_at", "given_up_at", "taken_by"]
    empty = "no alerts wait" if undelivered else "no alerts yet"
    if not as_json:
        rows = [row | {"taken_by": ", ".join(row["taken_by"])} for row in rows]
    print_rows(rows, as_json=as_json, columns=columns, empty=empty)


def _told(row: Record) -> dict[str, Any]:
    """The row as the channels tell it: without secrets."""
    notice = Notice(**{**{name: row[name] for name in NOTICE}, "data": json.loads(row["data"])})
    after = {name: row[name] for name in ("delivered_at", "given_up_at", "taken_by")}
    return notices.as_json(notice) | {"raised_at": row["raised_at"]} | after


@app.command("test")
def try_(as_json: JsonFlag = False) -> None:
    """Send a test alert to every channel and say how it went; exit 1 if one failed."""
    channels = channels_of(settings().alerts)
    if not channels:
        raise UserError("no channel is configured; set one of WORKER_ALERTS__…, as docs/alerts.md says")
    results = anyio.run(_try_each, channels)
    for channel, why in results.items():
        if as_json:
            print_json({"channel": channel, "delivered": why is None, "why": why})
        else:
            mark = "[green]ok[/]    " if why is None else "[red]FAILED[/]"
            OUT.print(f"{mark} {channel:8} {why or 'took it'}", highlight=False)
    if any(results.values()):
        raise typer.Exit(1)


async def _try_each(channels: Sequence[Channel]) -> dict[str, str | None]:
    results: dict[str, str | None] = {}
    for channel in channels:
        try:
            await channel.send(_trial())
        except SourceError as error:
            results[channel.name] = str(error)
        else:
            results[channel.name] = None
    return results


def _trial() -> Message:
    now = datetime.now(UTC)
    words = "This is a test: alerts come through."
    return Message([Notice(0, f"test:{now.isoformat()}", "test", words, None, None, None, {}, now)])
