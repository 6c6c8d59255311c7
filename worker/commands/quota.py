"""``mintmark quota …``: how many calls a day providers allow, and how many are left."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from worker.commands.session import TALK, JsonFlag, print_rows, with_database
from worker.db import statements
from worker.errors import UserError
from worker.settings_money import LARGEST, NAME

SQL = statements(Path(__file__).with_name("quota.sql"))
app = typer.Typer(no_args_is_help=True, help="How many calls a day providers allow, and how many are left.")


@app.command("list")
def list_quotas(as_json: JsonFlag = False) -> None:
    """List providers with a quota: calls a day, used and left, and when their day ends."""
    rows = [dict(row) for row in with_database(lambda db: db.fetch(SQL["quotas"]))]
    columns = ["api", "calls", "used_calls", "remaining_calls", "resets_at"]
    empty = "no quotas: set them under [quotas] of worker.toml, or with mintmark quota set"
    print_rows(rows, as_json=as_json, columns=columns, empty=empty)


@app.command("set")
def set_(
    api: Annotated[str, typer.Argument(help="The provider, as handlers name it.")],
    calls: Annotated[int, typer.Argument(min=0, max=LARGEST, help="How many a day it allows.")],
    remaining: Annotated[
        int | None, typer.Option(min=0, max=LARGEST, help="How many are left of this day, as it says.")
    ] = None,
    resets_at: Annotated[datetime | None, typer.Option(help="When its day ends (local time).")] = None,
) -> None:
    """Set a provider's quota from now on, perhaps with what it says is left of its day."""
    if NAME.fullmatch(api) is None:
        raise UserError(f"{api!r} is no API: its name has a-z and 0-9, with single _ between")
    ends = resets_at.astimezone() if resets_at else None
    with_database(lambda db: db.execute(SQL["set_quota"], api, calls, remaining, ends))
    TALK.print(f"{api}: {calls} calls a day", highlight=False)
