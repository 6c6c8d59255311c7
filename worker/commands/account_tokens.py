"""``mintmark account refresh`` and ``rekey``: what is done to tokens; both need the ring of keys."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import typer

from worker.accounts.keys import Rekeyed
from worker.accounts.keys import rekey as put_under_first_key
from worker.accounts.tokens import Tokens
from worker.accounts.vault import CannotDecrypt, Vault
from worker.commands.account_facts import AccountId, find_account
from worker.commands.session import TALK, with_database
from worker.db import Database
from worker.selling import ebay_parts, tokens_of, vault_of
from worker.settings import load_settings

SHOWN = 3


def refresh(
    account: AccountId,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only see whether it works; store nothing.")
    ] = False,
) -> None:
    """Get a new access token for an account now; exit 1 with the reason if eBay gives none."""
    parts = ebay_parts(load_settings())

    async def do(db: Database) -> str:
        row = await find_account(db, account)
        async with parts.ebay:
            tokens = tokens_of(parts, db)
            return await (_try if dry_run else _refresh)(tokens, row["id"], row["token_version"])

    TALK.print(with_database(do), highlight=False)


async def _try(tokens: Tokens, account: UUID, _: int) -> str:
    granted = await tokens.try_refresh(account)
    return f"refreshing account {account} works: a token for {granted.access_lasts} came; nothing was stored"


async def _refresh(tokens: Tokens, account: UUID, version: int) -> str:
    await tokens.renewed(account, version)
    return f"account {account} has a new access token"


def rekey(
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="How many accounts at once.")] = 50,
) -> None:
    """Encrypt all tokens with the ring's first key, while refreshes go on; exit 1 if some cannot be read."""
    vault = vault_of(load_settings())
    done = with_database(lambda db: put_under_first_key(db, vault, batch=batch))
    TALK.print(
        f"{count_of_accounts(done.accounts)} encrypted anew with the key {vault.current}", highlight=False
    )
    _require_all(done, vault)


def _require_all(done: Rekeyed, vault: Vault) -> None:
    """Raise ``CannotDecrypt`` for what is not under the first key now."""
    if done.missing:
        raise CannotDecrypt(f"{told_missing(done.missing)}: put it back into the ring, and do this again")
    if done.unreadable:
        ids = ", ".join(sorted(map(str, done.unreadable))[:SHOWN])
        raise CannotDecrypt(
            f"{count_of_accounts(len(done.unreadable))} cannot be read: connect them again ({ids} …)"
        )
    if done.left:
        raise CannotDecrypt(
            f"some worker does not encrypt with the key {vault.current} yet: restart them all"
        )


def told_missing(missing: Mapping[str, int]) -> str:
    """Say which keys are not in the ring, and how many accounts that concerns."""
    return "; ".join(
        f"the key {key} is not in the ring, and {count_of_accounts(count)} cannot be read without it"
        for key, count in missing.items()
    )


def count_of_accounts(count: int) -> str:
    """Say so many accounts."""
    return f"{count} account{'' if count == 1 else 's'}"
