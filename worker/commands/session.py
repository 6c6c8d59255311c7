"""What every command needs: settings, logging, a database, and one way to print."""

import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import anyio
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from worker import observe
from worker.app import Urls, database, database_urls
from worker.catalog import strict_json
from worker.catalog.strict_json import BadJson
from worker.db import Database
from worker.errors import UserError
from worker.settings import load_settings
from worker.settings_model import Settings
from worker.traces import traced

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PIPED_WIDTH = 10_000
"""Off a terminal nothing is folded: whoever reads it there looks for whole ids and whole sentences."""
OUT = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
TALK = Console(stderr=True, width=None if sys.stderr.isatty() else PIPED_WIDTH)
VISIBLE = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160))}
"""What would move a terminal's cursor, or colour it, is shown as what it is."""
MOST_ROWS = 100_000
T = TypeVar("T")


def settings() -> Settings:
    """Load the settings and set up logging by them."""
    loaded = load_settings()
    observe.configure_logging(loaded.log.level, loaded.log.format)
    return loaded


def with_database(do: Callable[[Database], Awaitable[T]], *, is_traced: bool = False) -> T:
    """Run one coroutine with the configured database; a terminal's log is kept to warnings.

    ``is_traced``: its spans are sent to the collector of the settings, if they name one.
    """
    return with_settings(lambda db, _: do(db), is_traced=is_traced)


def with_settings(do: Callable[[Database, Settings], Awaitable[T]], *, is_traced: bool = False) -> T:
    """The same, for those that have to know the settings besides."""
    loaded = load_settings()
    observe.configure_logging("warning" if sys.stderr.isatty() else loaded.log.level, loaded.log.format)

    async def run(urls: Urls) -> T:
        async with database(loaded, urls) as db:
            return await do(db, loaded)

    with traced(loaded.tracing) if is_traced else nullcontext(), database_urls(loaded) as urls:
        return anyio.run(run, urls, backend_options={"use_uvloop": True})


def payload_from(given: str) -> str:
    """Read a payload argument: JSON, ``@file``, or ``-`` for standard input; answers JSON text.

    Raises ``UserError`` when it cannot be read, or is not one JSON value that the database can hold.
    """
    try:
        text = _text_of(given).removeprefix("\ufeff")
        strict_json.loads(text)
    except OSError as error:
        raise UserError(f"the payload cannot be read: {error.strerror}: {error.filename}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"the payload is not UTF-8 at byte {error.start}") from None
    except BadJson as error:
        raise UserError(f"the payload cannot be used: {error}") from None
    return text


def _text_of(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if given.startswith("@"):
        return Path(given[1:]).read_text(encoding="utf-8")
    return given


def print_rows(
    rows: Sequence[Mapping[str, Any]], *, as_json: bool, columns: Sequence[str], empty: str
) -> None:
    """Print rows as a table of some columns, or all of each as a JSON object a line."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    if not rows:
        TALK.print(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(shown(row[column]) for column in columns))
    OUT.print(table)


def print_json(row: Mapping[str, Any]) -> None:
    """Print one JSON object on a line."""
    sys.stdout.write(json.dumps(dict(row), default=plain, ensure_ascii=False) + "\n")


def plain(value: object) -> object:
    """What JSON has no word for, as text; decimals keep their digits."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    raise TypeError(f"cannot print a {type(value).__name__}")


def shown(value: object) -> str:
    """A value as text for a terminal, with what rich would take for markup escaped."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        case Decimal():
            return f"{value.normalize():f}"
        case float():
            return f"{value:.1f}"
        case _:
            return escape(str(value).translate(VISIBLE))
