"""``mintmark enqueue``: put a job into a queue."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from worker.commands.session import JsonFlag, payload_from, print_json, with_database
from worker.db import Database, statements
from worker.traces import enqueueing

SQL = statements(Path(__file__).with_name("queries.sql"))


def enqueue(
    kind: Annotated[str, typer.Argument(help="What to do; mintmark kinds lists them.")],
    payload: Annotated[str, typer.Argument(help="JSON, @file, or - for standard input.")] = "{}",
    queue: Annotated[str | None, typer.Option(help="Another queue than the kind's own.")] = None,
    priority: Annotated[int, typer.Option(help="Larger goes first.")] = 0,
    run_at: Annotated[datetime | None, typer.Option(help="Not before then (local time).")] = None,
    dedupe_key: Annotated[str | None, typer.Option(help="At most one live job of the kind has it.")] = None,
    run: Annotated[UUID | None, typer.Option(help="Into this run.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Put a job into a queue and print its id."""
    text = payload_from(payload)
    when = run_at.astimezone() if run_at else None

    async def ask(db: Database) -> int:
        with enqueueing(kind) as traceparent:
            given = (kind, text, queue, priority, when, dedupe_key, run, traceparent)
            id_: int = await db.fetchval(SQL["enqueue"], *given)
        return id_

    job = with_database(ask, is_traced=True)
    if as_json:
        print_json({"job": job})
    else:
        typer.echo(job)
