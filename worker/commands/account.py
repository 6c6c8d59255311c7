"""``mintmark account …``: whose shops are connected, and how their APIs were asked."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from worker.accounts.vault import new_key
from worker.commands.account_connect import connect
from worker.commands.account_facts import SQL, AccountId, find_account
from worker.commands.account_tokens import refresh, rekey
from worker.commands.session import MOST_ROWS, OUT, TALK, JsonFlag, print_rows, with_database
from worker.db import Database, Record
from worker.errors import UserError

SCOPES = "https://api.ebay.com/oauth/api_scope"
STATUS = re.compile(r"[1-5]([0-9]{2}|xx)|none")
app = typer.Typer(no_args_is_help=True, help="Connected accounts, their tokens, and how they were asked.")
app.command()(connect)
app.command()(refresh)
app.command()(rekey)


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List connected accounts: when their tokens expire (UTC), what they allow, whether they are in use."""
    rows = [dict(row) for row in with_database(lambda db: db.fetch(SQL["accounts"]))]
    if not as_json:
        rows = [_told(row) for row in rows]
    columns = ["id", "account", "environment", "created", "updated", "expires", "scopes", "refresh_token"]
    columns += ["last_sync", "state"]
    print_rows(rows, as_json=as_json, columns=columns, empty="no accounts yet: mintmark account connect")


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as a line; of its tokens only whether they are there."""
    times = {"created": "created_at", "updated": "updated_at", "last_sync": "last_sync_at"}
    return {
        "id": row["id"],
        "account": row["ebay_username"] or row["ebay_user_id"],
        "environment": row["environment"],
        **{name: _utc(row[column]) for name, column in times.items()},
        "expires": _utc(row["access_token_expires_at"]),
        "scopes": ", ".join(scope.removeprefix(SCOPES).strip("/") or "basic" for scope in row["scopes"]),
        "refresh_token": "encrypted" if row["has_refresh_token"] else "none",
        "state": "in use" if row["is_active"] else f"not in use: {row['inactive_reason']}",
    }


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") if moment else ""


@app.command()
def disable(account: AccountId) -> None:
    """Have an account not be used any more, until it is connected anew."""
    _done(account, "disable_account", "is not used any more, until it is connected anew")


@app.command()
def disconnect(account: AccountId) -> None:
    """Delete an account with its tokens and all but its sales' prices; then any org may connect it."""
    _done(account, "disconnect_account", "is deleted: any org may connect it now")


def _done(account: str, statement: str, told: str) -> None:
    async def do(db: Database) -> Record:
        row = await find_account(db, account)
        await db.execute(SQL[statement], row["id"])
        return row

    TALK.print(f"account {with_database(do)['id']} {told}", highlight=False)


@app.command()
def log(
    account: Annotated[
        str | None, typer.Argument(help="The account's id, or its first characters; all, if none is named.")
    ] = None,
    api: Annotated[str | None, typer.Option(help="Only calls of this API, such as ebay_fulfillment.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only calls answered so: 429, 4xx, or none for no answer.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, newest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List calls that were made in accounts' names, newest first, and how each ended."""
    if status is not None and STATUS.fullmatch(status) is None:
        raise UserError(f"--status takes a status such as 429, a class such as 4xx, or none: not {status!r}")

    async def ask(db: Database) -> list[Record]:
        chosen = (await find_account(db, account))["id"] if account is not None else None
        return await db.fetch(SQL["api_calls"], chosen, api, status and status.replace("x", "_"), limit)

    rows = [dict(row) for row in with_database(ask)]
    columns = ["at", "account", "api", "operation", "status", "error_id", "milliseconds", "run_id", "job_id"]
    print_rows(rows, as_json=as_json, columns=columns, empty="no calls yet")


@app.command("new-key")
def new_key_(
    key_id: Annotated[
        str | None, typer.Argument(help="What the key is called.", show_default="k and the date")
    ] = None,
) -> None:
    """Print a new key for the ring, as id:key. To encrypt with it, put it first; to read only, last."""
    OUT.print(
        new_key(key_id or f"k{datetime.now(UTC):%Y%m%d}"), markup=False, highlight=False, soft_wrap=True
    )
