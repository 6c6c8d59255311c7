"""``mintmark demo``: the whole story on the embedded database, from an empty folder to a closing report."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from rich.markup import escape
from rich.table import Table

from worker import observe
from worker.app import Urls, database_urls, migrate_and_publish
from worker.catalog.importing import DUMP_SOURCE, ImportReport
from worker.catalog.sample import sample_path
from worker.commands.demo_budget import ACT_SECONDS, LINE_SECONDS, report, spend_in_two_goes
from worker.commands.demo_market import DemoMarket, running_market, running_pages
from worker.commands.demo_prices import price
from worker.commands.demo_prices import report as report_priced
from worker.commands.demo_selling import report as report_sold
from worker.commands.demo_selling import sell
from worker.commands.imports import import_files
from worker.commands.progress import Run, told_on, watch_run
from worker.commands.session import OUT, TALK
from worker.db import Database, open_database, statements
from worker.errors import MintmarkError
from worker.settings import load_settings
from worker.settings_model import Settings

SQL = statements(Path(__file__).with_name("demo.sql"))
WORKERS = 2
STOP_SECONDS = 15
SHOWN_NOTES = 5


def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Leave everything running until Ctrl-C.")] = False,
) -> None:
    """Import real cards, spend a budget, sync sellers of a sandbox, price cards and a coin, and report it."""
    # Whatever database is configured, in a file or in the environment, is not the demo's to fill.
    loaded = load_settings().model_copy(update={"database_url": None, "migrations_url": None})
    observe.configure_logging("warning", loaded.log.format)
    TALK.print("[bold]mintmark demo[/]: a card catalogue, from raw records to canonical prints\n")
    TALK.print(f"1. an embedded Postgres in {loaded.embedded.path}")
    folder = loaded.embedded.path.parent
    with (
        database_urls(loaded) as urls,
        running_market(folder) as market,
        _workers(urls, folder, market) as logs,
    ):
        anyio.run(_story, loaded, urls, market, logs, serve)


async def _story(loaded: Settings, urls: Urls, market: DemoMarket, logs: list[Path], serve: bool) -> None:
    await migrate_and_publish(loaded, urls)
    async with open_database(urls.pooled, size=4) as db:
        TALK.print("2. import the bundled sample into raw_imports")
        imported = await import_files(db, sample_path())
        TALK.print(f"3. normalize it: one run, two jobs, {WORKERS} worker processes")
        run = await db.fetchval(SQL["start"], json.dumps({"source": DUMP_SOURCE, "jobs": WORKERS}))
        with anyio.fail_after(ACT_SECONDS), told_on(TALK, line_seconds=LINE_SECONDS) as progress:
            ended = await watch_run(db, run, progress)
        spent = await spend_in_two_goes(db)
        with running_pages(market, urls, loaded.embedded.path.parent) as pages:
            sold = await sell(db, market, pages)
        priced = await price(db, market)
        await _report(db, imported, ended)
        report(spent)
        report_sold(sold)
        report_priced(priced)
        _what_next(loaded, urls, logs)
        if serve:
            TALK.print("\nServing until Ctrl-C.")
            await anyio.sleep_forever()


@contextmanager
def _workers(urls: Urls, folder: Path, market: DemoMarket) -> Iterator[list[Path]]:
    """Run worker processes; all are stopped at the end, by force if they do not obey."""
    logs = [folder / f"demo-worker-{number}.log" for number in range(1, WORKERS + 1)]
    running = [_start_worker(urls, log, market) for log in logs]
    try:
        yield logs
    except KeyboardInterrupt:
        TALK.print("stopping")
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start_worker(urls: Urls, log: Path, market: DemoMarket) -> "subprocess.Popen[bytes]":
    environ = os.environ | {
        **market.environment,
        "WORKER_SYNC__CRON": "never",
        "WORKER_COLLECT__CRON": "never",
        "DATABASE_URL": urls.pooled,
        "MIGRATIONS_URL": urls.direct,
        "WORKER_OPS__PORT": "0",
        "WORKER_LOG__FORMAT": "json",
    }
    with log.open("ab") as out:
        command = [sys.executable, "-m", "worker", "worker", "--concurrency", "1"]
        # A session of its own: Ctrl-C is for us, and we stop the workers in order.
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments.
            command, env=environ, stdout=out, stderr=out, start_new_session=True
        )


async def _report(db: Database, imported: ImportReport, run: Run) -> None:
    summary: dict[str, Any] = json.loads(run["summary"] or "{}")
    if run["state"] != "completed":
        raise MintmarkError(f"the demo's run ended {run['state']} ({run['reason']}); see the workers' logs")
    table = Table(
        title="\nWhat this run did", title_justify="left", box=None, header_style="bold", pad_edge=False
    )
    for column in ("", "normalized", "conflicts", "errors", "processed"):
        table.add_column(column, justify="left" if not column else "right")
    for what in ("sets", "cards"):
        table.add_row(
            what, *(f"{summary[what][key]:,}" for key in ("normalized", "conflicts", "errors", "processed"))
        )
    OUT.print(table)
    rows = summary["sets"]["processed"] + summary["cards"]["processed"]
    if rows:
        seconds = max(0.001, summary["seconds"])
        OUT.print(f"{rows:,} rows in {seconds:.2f} s: {rows / seconds:,.0f} rows a second", highlight=False)
    else:
        OUT.print("Nothing was left to do: every record had been worked before, and none has changed.")
    for sentence in imported.bad:
        OUT.print(f"not imported: {escape(sentence)}", highlight=False)
    await _catalogue(db)


async def _catalogue(db: Database) -> None:
    totals = await db.fetchrow(SQL["totals"])
    assert totals is not None
    OUT.print(
        f"\n[bold]In the catalogue[/]: {totals['sets']:,} sets, {totals['prints']:,} prints, "
        f"{totals['mappings']:,} mappings; {totals['pending']:,} records wait",
        highlight=False,
    )
    if notes := await db.fetch(SQL["notes"], SHOWN_NOTES):
        OUT.print("\n[bold]Odd records, read all the same[/]")
        for row in notes:
            OUT.print(f"  {row['external_id']:12} {escape(row['notes'])}", highlight=False)


def _what_next(loaded: Settings, urls: Urls, logs: list[Path]) -> None:
    OUT.print(
        f"""
[bold]Where it is[/]
  data          {loaded.embedded.path}
  workers' logs {", ".join(map(str, logs))}
  psql          {escape(urls.direct)}  (while something runs: mintmark demo --serve)

[bold]What to try next[/]
  mintmark run list                     the runs so far
  mintmark price "Charizard 4/102" --evidence
  mintmark kinds                        what can be enqueued
  mintmark run start demo '{{"items": 50, "seconds": 5, "cost_cents": 1}}' --watch & mintmark worker --drain
  mintmark import cards --source dump --path YOUR_DUMP""",
        highlight=False,
        soft_wrap=True,
    )
