"""``mintmark limit``: how much of a kind may be done at once, and in a time, over all workers."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from worker.commands.session import TALK, with_database
from worker.db import statements
from worker.errors import UserError

SQL = statements(Path(__file__).with_name("queries.sql"))
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def limit(
    kind: Annotated[str, typer.Argument(help="The kind's name; mintmark kinds has them.")],
    concurrency: Annotated[int | None, typer.Option(min=0, help="So many at work at once.")] = None,
    rate: Annotated[str | None, typer.Option(help="So many started in a time: 100/minute.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Lift the kind's limits.")] = False,
) -> None:
    """Limit a kind of job over all workers, from now on."""
    if none == (concurrency is not None or rate is not None):
        raise UserError("give --concurrency, --rate or both; or --none to lift the limits")
    starts, per = (None, timedelta(seconds=1)) if rate is None else read_rate(rate)
    with_database(lambda db: db.execute(SQL["limit_kind"], kind, concurrency, starts, per))
    TALK.print(f"{kind}: {told(concurrency, starts, per)}", markup=False)


def read_rate(text: str) -> tuple[int, timedelta]:
    """Read ``100/minute`` or ``5/2 seconds``; ``UserError`` for anything else."""
    found = re.fullmatch(r"(\d+)/(?:(\d+) ?)?(second|minute|hour|day)s?", text.strip())
    if found is None:
        raise UserError(f"{text!r} is no rate; write it like 100/minute (second, hour, day) or 5/2 seconds")
    return int(found[1]), timedelta(seconds=int(found[2] or 1) * UNITS[found[3]])


def told(concurrency: int | None, starts: int | None, per: timedelta) -> str:
    """Say limits in words; seconds are said as such."""
    parts = [] if concurrency is None else [f"{concurrency} at once"]
    if starts is not None:
        parts.append(f"{starts} in {per.total_seconds():g} s")
    return ", ".join(parts) or "no limits"
