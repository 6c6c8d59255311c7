"""``mintmark job …`` and ``mintmark queue …``: look at jobs, try them again, hold a queue."""

from pathlib import Path
from typing import Annotated, Any

import typer

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
from worker.db import Database, statements
from worker.errors import Refused

SQL = statements(Path(__file__).with_name("queries.sql"))
app = typer.Typer(no_args_is_help=True, help="Look at jobs, try them again, cancel them.")
queue_app = typer.Typer(no_args_is_help=True, help="Look at queues and hold them.")
QueueName = Annotated[str, typer.Argument(help="The queue's name; mintmark queue list has them.")]
JobId = Annotated[int, typer.Argument(help="The job's id.")]


@app.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only those of this kind.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only those of this queue.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, newest first.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List live and finished jobs, newest first."""
    rows = with_database(lambda db: db.fetch(SQL["jobs"], state, kind, queue, limit))
    columns = ["id", "queue", "kind", "state", "attempt", "crashes", "reason", "error_code", "created_at"]
    print_rows([dict(row) for row in rows], as_json=as_json, columns=columns, empty="no such jobs")


@app.command()
def show(job: JobId, as_json: JsonFlag = False) -> None:
    """Show one job."""
    row = with_database(lambda db: db.fetchrow(SQL["job"], job))
    if row is None:
        raise Refused(f"there is no job {job}; see: mintmark job list", code="MM004")
    if as_json:
        print_json(dict(row))
        return
    for key, value in dict(row).items():
        if value is not None:
            OUT.print(f"[bold]{key.replace('_', ' '):14}[/] {shown(value)}", highlight=False)


@app.command()
def retry(job: JobId) -> None:
    """Let a failed or cancelled job wait again, with its counts at zero and its checkpoint kept."""
    _call("retry_job", job)
    TALK.print(f"job {job} waits again")


@app.command()
def cancel(job: JobId) -> None:
    """Cancel a job: at once while it waits, at its next safe point while it is at work."""
    TALK.print(f"job {job}: {_call('cancel_job', job)}")


@queue_app.command("list")
def list_queues(as_json: JsonFlag = False) -> None:
    """List queues and what waits in them."""
    rows = with_database(lambda db: db.fetch(SQL["queues"]))
    columns = ["queue", "paused", "scheduled", "pending", "running", "failed", "oldest_pending_seconds"]
    print_rows([dict(row) for row in rows], as_json=as_json, columns=columns, empty="no queues yet")


@queue_app.command()
def pause(queue: QueueName) -> None:
    """Claim nothing more from a queue; what is at work goes on."""
    _call("pause_queue", queue)
    TALK.print(f"queue {queue} is paused", markup=False)


@queue_app.command()
def resume(queue: QueueName) -> None:
    """Let workers claim from a queue again."""
    _call("resume_queue", queue)
    TALK.print(f"queue {queue} goes on", markup=False)


def _call(function: str, argument: object) -> Any:
    async def ask(db: Database) -> Any:
        return await db.fetchval(SQL[function], argument)

    return with_database(ask)
