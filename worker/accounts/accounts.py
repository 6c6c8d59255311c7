"""Accounts that sellers have connected: who they are, and their tokens going in encrypted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from worker.accounts.vault import Place, Vault
from worker.clients.ebay_auth import Granted, Identity
from worker.db import Connection, Database, statements
from worker.errors import CredentialRevoked, UserError

SQL = statements(Path(__file__).with_name("accounts.sql"))
TABLE = "public.ebay_accounts"
ACCESS, REFRESH = "access_token", "refresh_token"


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account, without its secrets."""

    id: UUID
    org_id: UUID
    ebay_user_id: str
    ebay_username: str | None
    environment: str
    marketplace: str


class AccountInactive(CredentialRevoked):
    """Raised when an account is not to be used any more: its owner has to connect it again."""

    def __init__(self, account: UUID, why: str) -> None:
        super().__init__(f"the account {account} is not in use ({why}): connect it again")
        self.account = account
        self.why = why


class AccountElsewhere(UserError):
    """Raised when an account belongs to another org already: one seller's sales are counted once."""

    code = "account_elsewhere"


async def find(db: Database, account: UUID, run: UUID | None = None) -> tuple[Account, str | None]:
    """Look an account up, among those of a run's org if there is a run; answers also why it is not in use.

    Raises ``AccountInactive`` where there is none.
    """
    row = await db.fetchrow(SQL["account"], account, run)
    if row is None:
        raise AccountInactive(account, "there is none")
    found = Account(
        row["id"],
        row["org_id"],
        row["ebay_user_id"],
        row["ebay_username"],
        row["environment"],
        row["marketplace_id"],
    )
    return found, None if row["is_active"] else row["inactive_reason"]


async def hold(connection: Connection, *, account: Account) -> None:
    """Keep an account from being erased before this transaction ends; raises ``AccountInactive`` if it is.

    To be done before anything of the account's is written: whoever erases it locks in this order, too.
    """
    if await connection.fetchval(SQL["hold"], account.id) is None:
        raise AccountInactive(account.id, "there is none")


async def rename(connection: Connection, account: Account, username: str | None) -> None:
    """Note what a seller is called now, where that is known."""
    if username is not None and username != account.ebay_username:
        await connection.execute(SQL["rename"], account.id, username)


def require_active(account: Account, inactive: str | None) -> None:
    """Raise ``AccountInactive`` with the reason, if there is one."""
    if inactive is not None:
        raise AccountInactive(account.id, inactive)


async def connect(
    connection: Connection,
    vault: Vault,
    *,
    org: UUID,
    user: str,
    environment: str,
    identity: Identity,
    scopes: Sequence[str],
    granted: Granted,
) -> UUID:
    """Store an account with its tokens, or renew the one that is known by the same eBay user id.

    Raises ``AccountElsewhere`` where another org has it. One transaction with the caller's.
    """
    known = (org, user, identity.user_id, identity.username, environment)
    row = await connection.fetchrow(SQL["connect"], *known, identity.marketplace, list(scopes))
    if row is None:
        raise AccountElsewhere(
            "this eBay account is connected to another organisation: disconnect it there first"
        )
    account: UUID = row["id"]
    await store(connection, vault, account, row["token_version"], granted)
    return account


async def store(connection: Connection, vault: Vault, account: UUID, version: int, granted: Granted) -> Any:
    """Store tokens over those of a version; answers the new version and when the access token expires.

    None when somebody else has stored others since, or the account is not in use any more.
    """
    refresh = granted.refresh_token
    return await connection.fetchrow(
        SQL["store"],
        account,
        version,
        vault.encrypt(granted.access_token, place(account, ACCESS)),
        granted.access_lasts,
        vault.encrypt(refresh, place(account, REFRESH)) if refresh else None,
        granted.refresh_lasts,
    )


async def deactivate(db: Database, account: UUID, why: str, *, version: int | None) -> bool:
    """End an account's use: its own runs are paused and one alert is raised. Answers whether it was in use.

    With a ``version``, only while its tokens are still those.
    """
    ended: bool = await db.fetchval(SQL["deactivate"], account, why, version)
    return ended


def place(account: UUID, column: str) -> Place:
    """Where a token of an account stands."""
    return Place(TABLE, str(account), column)
