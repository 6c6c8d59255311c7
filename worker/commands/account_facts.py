"""How an account is named on the command line, and what anybody may know of it."""

from pathlib import Path
from typing import Annotated

import typer

from worker.db import Database, Record, statements
from worker.errors import Refused, UserError

SQL = statements(Path(__file__).with_name("account.sql"))
AccountId = Annotated[str, typer.Argument(help="The account's id, or its first characters.")]


async def find_account(db: Database, text: str) -> Record:
    """Find the one account whose id begins so; raises ``Refused`` (MM004) for none or several."""
    if not text:
        raise UserError("an account's id, or its first characters, must be given; see: mintmark account list")
    found = await db.fetch(SQL["find_accounts"], text.lower())
    if len(found) != 1:
        what = "no account's id begins" if not found else "several accounts' ids begin"
        raise Refused(f"{what} with {text!r}; see: mintmark account list", code="MM004")
    return found[0]
