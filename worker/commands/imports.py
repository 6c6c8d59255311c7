"""``mintmark import …``: bring records in as they are."""

from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from worker import observe
from worker.catalog.dump import count_files
from worker.catalog.importing import ImportReport, import_dump, keep
from worker.catalog.imports import RecordKind
from worker.catalog.sample import sample_path
from worker.clients.http import Wiring
from worker.clients.paging import FailedPage, Page
from worker.clients.pokemon_tcg import PokemonTcg
from worker.clients.tcgdex import Tcgdex
from worker.commands.import_inventory import inventory
from worker.commands.import_sales import finding, sales
from worker.commands.session import TALK, JsonFlag, print_json, settings, with_database
from worker.db import Database
from worker.errors import UserError
from worker.settings_model import Settings

app = typer.Typer(no_args_is_help=True, help="Bring records in as they are.")
app.command()(inventory)


app.command()(sales)
app.command()(finding)


class CardSource(StrEnum):
    """Where cards can come from."""

    DUMP = "dump"
    POKEMONAPI = "pokemonapi"
    TCGDEX = "tcgdex"


@app.callback()
def import_() -> None:
    """Bring records in as they are."""


@app.command()
def cards(
    source: Annotated[CardSource, typer.Option(help="Files, or one of the APIs.")],
    path: Annotated[Path | None, typer.Option(help="The dump; the bundled sample if not given.")] = None,
    only: Annotated[list[str] | None, typer.Option("--set", help="Only this set (APIs).")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Import sets and cards into raw_imports; what came in before comes in no more."""
    if path is not None and source is not CardSource.DUMP:
        raise UserError(f"--path goes with --source dump; {source} is asked over the network")
    loaded = settings()

    async def run(db: Database) -> ImportReport:
        if source is CardSource.DUMP:
            return await import_files(db, path or sample_path())
        return await _import_api(db, loaded, source, only or [])

    report = with_database(run)
    tell(report, as_json=as_json)
    if report.bad and not any(report.seen.values()):
        raise typer.Exit(1)


async def import_files(db: Database, path: Path) -> ImportReport:
    """Import a dump with a progress bar."""
    with Progress(console=TALK, disable=not TALK.is_terminal) as bar:
        task = bar.add_task("importing", total=count_files(path))
        return await import_dump(db, path, on_file=lambda _: bar.advance(task))


async def _import_api(db: Database, loaded: Settings, source: CardSource, only: list[str]) -> ImportReport:
    report = ImportReport()
    chosen: list[str | None] = [*only] or [None]
    wiring = Wiring(on_request=observe.api_request)
    with Progress(console=TALK, disable=not TALK.is_terminal) as bar:
        if source is CardSource.POKEMONAPI:
            api = loaded.pokemonapi
            async with PokemonTcg(
                api_key=api.api_key,
                base_url=api.base_url,
                requests_per_minute=api.requests_per_minute,
                on_key_dropped=lambda: observe.say("api_without_key", level="warning", api=source.value),
                wiring=wiring,
            ) as pokemon:
                await _keep_pages(db, report, source, "set", pokemon.sets(), bar)
                for set_id in chosen:
                    await _keep_pages(db, report, source, "card", pokemon.cards(set_id), bar)
        else:
            async with Tcgdex(
                base_url=loaded.tcgdex.base_url, concurrency=loaded.tcgdex.concurrency, wiring=wiring
            ) as tcgdex:
                await _keep_pages(db, report, source, "set", tcgdex.sets(), bar)
                for set_id in chosen:
                    await _keep_pages(db, report, source, "card", tcgdex.cards(set_id), bar)
    return report


async def _keep_pages(
    db: Database,
    report: ImportReport,
    source: str,
    kind: RecordKind,
    pages: AsyncIterator[Page | FailedPage],
    bar: Progress,
) -> None:
    task = bar.add_task(f"{source} {kind}s", total=None)
    async for page in pages:
        if isinstance(page, FailedPage):
            report.bad.append(f"{page.name}: {page.error}")
        else:
            await keep(db, report, source, kind, page.records)
            bar.update(task, total=page.total, advance=len(page.records))


def tell(report: ImportReport, *, as_json: bool) -> None:
    """Say what an import did."""
    if as_json:
        print_json({"seen": report.seen, "new": report.new, "bad": report.bad})
        return
    for kind in ("set", "card"):
        TALK.print(f"{kind}s: {report.seen[kind]:,} seen, {report.new[kind]:,} new", highlight=False)
    for sentence in report.bad:
        TALK.print(f"not imported: {sentence}", highlight=False, markup=False)
