"""``mintmark bench``: measure, beside the floor on the same server."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from worker.app import database_urls
from worker.commands.session import OUT, TALK, JsonFlag, print_json, settings
from worker.errors import UserError

if TYPE_CHECKING:
    from benchmarks.figures import Figure, Scale

PEERS = "peers"


def bench(
    what: Annotated[
        str, typer.Argument(help="One benchmark, or peers; all but peers, if none is named.")
    ] = "all",
    rounds: Annotated[int | None, typer.Option(min=1, help="How often each is measured in turn.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many jobs are worked in a round.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="How many rows lie about beside them.")] = None,
    seconds: Annotated[float | None, typer.Option(min=1, help="How long a steady load is kept up.")] = None,
    peers: Annotated[Path | None, typer.Option(help="The folder of the peers' harness.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure on the server of DATABASE_URL, else on the embedded one, in a database of its own."""
    try:
        from benchmarks.figures import Scale  # noqa: PLC0415 - not part of an installation.
        from benchmarks.suite import BENCHMARKS  # noqa: PLC0415 - not part of an installation.
    except ImportError:
        raise UserError(
            "the benchmarks are not installed with the package: run them from a checkout"
        ) from None
    if what not in {"all", PEERS, *BENCHMARKS}:
        raise UserError(f"there is no benchmark {what!r}; there are: {', '.join(BENCHMARKS)}, {PEERS}")
    measured = (
        _beside_peers(peers, rounds)
        if what == PEERS
        else _on_server(what, Scale(rounds, jobs, rows, seconds))
    )
    figures = []
    for figure, server in measured:
        figures.append(figure)
        if as_json:
            print_json(figure.as_dict() | server)
    (TALK if as_json else OUT).print(_table(figures))


def _on_server(what: str, scale: "Scale") -> "Iterator[tuple[Figure, dict[str, Any]]]":
    from benchmarks.scratch import scratch_database  # noqa: PLC0415 - as above.
    from benchmarks.server import look_at  # noqa: PLC0415 - as above.
    from benchmarks.suite import BENCHMARKS  # noqa: PLC0415 - as above.

    with database_urls(settings()) as urls:
        server = look_at(urls.direct)
        TALK.print(f"{server}", highlight=False)
        for name, measure in BENCHMARKS.items():
            if what in {"all", name}:
                TALK.print(f"measuring {name} …")
                with scratch_database(urls.direct) as url:
                    yield from ((figure, server.as_dict()) for figure in measure(url, scale))


def _beside_peers(harness: Path | None, rounds: int | None) -> "Iterator[tuple[Figure, dict[str, Any]]]":
    from benchmarks.against_peers import measure  # noqa: PLC0415 - as above.

    if harness is None:
        raise UserError("say where the peers' harness is: mintmark bench peers --peers FOLDER")
    TALK.print("measuring beside the peers, on the Postgres of their harness …")
    yield from ((figure, {}) for figure in measure(harness.resolve(), rounds))


def _table(figures: "list[Figure]") -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("name", "value", "unit", "beside", "ratio", "least", "most", "rounds", "note"):
        table.add_column(column, justify="left" if column in {"name", "unit", "note"} else "right")
    for one in figures:
        table.add_row(
            one.name,
            _number(one.value),
            one.unit,
            _number(one.floor),
            "" if one.ratio is None else f"{one.ratio:.2f}",
            _number(one.minimum),
            _number(one.maximum),
            str(one.rounds),
            one.note,
        )
    return table


def _number(value: float | None) -> str:
    from benchmarks.figures import number  # noqa: PLC0415 - as above.

    return "" if value is None else number(value)
