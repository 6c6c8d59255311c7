"""``mintmark run …``: start and steer runs."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from worker.commands import run_looks
from worker.commands.amounts import read_cents
from worker.commands.estimates import estimate_in_words, estimate_of
from worker.commands.progress import told_on, watch_run
from worker.commands.run_facts import find_run
from worker.commands.run_looks import RunId
from worker.commands.session import TALK, JsonFlag, payload_from, print_json, with_database
from worker.db import Database, statements
from worker.runs.states import RunState
from worker.traces import enqueueing

SQL = statements(Path(__file__).with_name("run.sql"))
app = typer.Typer(no_args_is_help=True, help="Start, watch and steer runs.")
Reason = Annotated[str | None, typer.Option(help="Why; it stands in the run's log.")]
Cents = Annotated[str | None, typer.Option("--budget-cents", help="The most it may spend, in cents.")]
NO_PLACE = "it has to wait: all places of its org are taken (max_concurrent_runs)"


@app.command()
def start(
    kind: Annotated[str, typer.Argument(help="What to do; mintmark kinds lists them.")],
    params: Annotated[str, typer.Argument(help="JSON, @file, or - for standard input.")] = "{}",
    name: Annotated[str | None, typer.Option(help="Made up if not given.")] = None,
    budget_cents: Cents = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay until it has ended.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start a run, say what it will cost, and print its id; with --watch, exit 1 unless it completes."""
    text, cap = payload_from(params), read_cents(budget_cents)

    async def ask(db: Database) -> None:
        with enqueueing(kind) as traceparent:
            run = await start_estimated(db, kind, text, name, cap, traceparent)
        if as_json:
            print_json(run)
        else:
            typer.echo(run["run"])
        if watch:
            with told_on(TALK) as progress:
                ended = await watch_run(db, run["run"], progress)
            if ended["state"] != RunState.COMPLETED:
                raise typer.Exit(1)

    with_database(ask, is_traced=True)


async def start_estimated(
    db: Database, kind: str, params: str, name: str | None, cap: Any, traceparent: str | None = None
) -> dict[str, UUID | Any]:
    """Start a run; its estimate is told before anybody may begin it. Answers what is known of it."""
    estimated = await estimate_of(db, kind, params)
    async with db.transaction() as connection:
        if traceparent is not None:
            await connection.execute(SQL["continue_trace"], traceparent)
        run = await connection.fetchval(SQL["start_run"], kind, params, name, cap)
        money = await connection.fetchrow(SQL["note_estimate"], run, estimated)
        assert money is not None
        cap = money["budget_cap_cents"]
        if estimated is not None:
            estimated = money["estimated_cents"]
            TALK.print(estimate_in_words(estimated, cap), highlight=False)
    over = estimated is not None and estimated > cap
    return {"run": run, "estimated_cents": estimated, "budget_cap_cents": cap, "over_cap": over}


app.command("list")(run_looks.list_runs)
app.command()(run_looks.show)
app.command()(run_looks.items)
app.command()(run_looks.watch)


@app.command()
def pause(run: RunId, reason: Reason = None, as_json: JsonFlag = False) -> None:
    """Hold a run at its next safe point; nothing is lost."""
    _hold("paused", run, "pause_run", reason, as_json=as_json)


@app.command()
def resume(run: RunId, budget_cents: Cents = None, as_json: JsonFlag = False) -> None:
    """Let a paused run go on from its checkpoint, perhaps with another budget."""
    cap = read_cents(budget_cents)

    async def ask(db: Database) -> tuple[UUID, bool]:
        id_ = await find_run(db, run)
        await db.execute(SQL["resume_run"], id_, cap)
        return id_, bool(await db.fetchval(SQL["has_to_wait"], id_))

    id_, waits = with_database(ask)
    TALK.print(f"resumed; {NO_PLACE}" if waits else "resumed")
    if as_json:
        print_json({"run": id_, "waits": waits})


@app.command()
def cancel(run: RunId, reason: Reason = None, as_json: JsonFlag = False) -> None:
    """End a run; what it has done stays."""
    _hold("cancelled", run, "cancel_run", reason, as_json=as_json)


@app.command("retry-failed")
def retry_failed(run: RunId, as_json: JsonFlag = False) -> None:
    """Work a run's failed items and failed jobs again, and nothing else."""

    async def ask(db: Database) -> dict[str, Any]:
        id_ = await find_run(db, run)
        async with db.transaction() as connection:
            before = await connection.fetchrow(SQL["waiting"], id_)
            await connection.execute(SQL["retry_failed"], id_)
            after = await connection.fetchrow(SQL["waiting"], id_)
        assert before is not None
        assert after is not None
        items, jobs = before["failed_items"] - after["failed_items"], after["jobs"] - before["jobs"]
        return {"run": id_, "items": items, "jobs": jobs, "waits": after["waits"]}

    done = with_database(ask)
    said = f"{done['items']} failed item(s) and {done['jobs']} job(s) wait again"
    TALK.print(f"{said}; {NO_PLACE}" if done["waits"] and done["jobs"] else said)
    if as_json:
        print_json(done)


def _hold(done: str, run: str, statement: str, reason: str | None, *, as_json: bool) -> None:
    async def ask(db: Database) -> tuple[UUID, int]:
        id_ = await find_run(db, run)
        return id_, await db.fetchval(SQL[statement], id_, reason)

    id_, in_flight = with_database(ask)
    TALK.print(f"{done}; {in_flight} job(s) at work stop at their next safe point")
    if as_json:
        print_json({"run": id_, "in_flight": in_flight})
