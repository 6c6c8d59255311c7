"""``mintmark bench``: measure, beside the floor on the same server."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from worker.app import database_urls
from worker.commands.session import OUT, TALK, JsonFlag, print_json, settings
from worker.errors import UserError

if TYPE_CHECKING:
    from benchmarks import Figure


def bench(
    what: Annotated[str, typer.Argument(help="One benchmark; all, if none is named.")] = "all",
    as_json: JsonFlag = False,
) -> None:
    """Measure on the server of DATABASE_URL, else on the embedded one, in a database of its own."""
    try:
        from benchmarks import BENCHMARKS, scratch_database  # noqa: PLC0415 - not part of an installation.
    except ImportError:
        raise UserError(
            "the benchmarks are not installed with the package: run them from a checkout"
        ) from None
    if what != "all" and what not in BENCHMARKS:
        raise UserError(f"there is no benchmark {what!r}; there are: {', '.join(BENCHMARKS)}")
    loaded = settings()
    figures: list[Figure] = []
    with database_urls(loaded) as urls:
        for name, measure in BENCHMARKS.items():
            if what in ("all", name):
                TALK.print(f"measuring {name} …")
                with scratch_database(urls.direct) as url:
                    figures.extend(measure(url))
    for figure in figures:
        print_json(figure.as_dict())
    if not as_json:
        OUT.print(_table(figures))


def _table(figures: "list[Figure]") -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("what", "value", "unit", "beside", "ratio", "note"):
        table.add_column(column, justify="right" if column in {"value", "beside", "ratio"} else "left")
    for one in figures:
        beside = "" if one.floor is None else f"{one.floor:,.1f}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        table.add_row(one.what, f"{one.value:,.1f}", one.unit, beside, ratio, one.note)
    return table
