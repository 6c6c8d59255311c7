"""``mintmark schedule …``: what is enqueued by the clock, and enqueueing it now."""

import json
from pathlib import Path
from typing import Annotated

import typer

from worker.commands.session import JsonFlag, print_json, print_rows, with_database
from worker.db import Database, statements
from worker.errors import Refused

SQL = statements(Path(__file__).with_name("schedule.sql"))
app = typer.Typer(no_args_is_help=True, help="Look at what is enqueued by the clock, or enqueue it now.")


@app.command("list")
def list_schedules(as_json: JsonFlag = False) -> None:
    """List schedules: when each is due, when it last fired, and what is wrong with it."""
    rows = [dict(row) for row in with_database(lambda db: db.fetch(SQL["schedules"]))]
    for row in rows:
        row["payload"] = json.loads(row["payload"])
    columns = ["name", "cron", "timezone", "kind", "missed", "next_at", "last_at", "last_job", "problem"]
    empty = "no schedules: a worker makes known those of its worker.toml"
    print_rows(rows, as_json=as_json, columns=columns, empty=empty)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The schedule's name; mintmark schedule list has them.")],
    as_json: JsonFlag = False,
) -> None:
    """Enqueue a schedule's job now and print its id; when it is due next does not change."""

    async def ask(db: Database) -> int | None:
        id_: int | None = await db.fetchval(SQL["run_schedule"], name)
        return id_

    job = with_database(ask)
    if job is None:
        raise Refused(f"there is no schedule {name!r}; see: mintmark schedule list", code="MM004")
    if as_json:
        print_json({"job": job})
    else:
        typer.echo(job)
