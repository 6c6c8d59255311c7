"""Under which keys tokens are stored, and putting them all under the ring's first one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from worker.accounts.accounts import ACCESS, REFRESH, place
from worker.accounts.vault import CannotDecrypt, Vault, key_named_by
from worker.db import Connection, Database, Record, statements

SQL = statements(Path(__file__).with_name("keys.sql"))
FIRST = UUID(int=0)
MOST_PASSES = 10
"""Whoever still encrypts with another key, at every pass, will go on doing so."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many accounts have a token under a key; None is what no key of ours has made."""

    key: str | None
    accounts: int


@dataclass(slots=True)
class Rekeyed:
    """What came of putting all under the ring's first key."""

    accounts: int = 0
    left: int = 0
    """Accounts that a worker encrypts with another key of the ring, however often they are put right."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Accounts that need a key which is not in the ring, by its id."""
    unreadable: set[UUID] = field(default_factory=set)
    """Accounts whose ciphertexts are none of ours, or were changed or moved."""


async def keys_in_use(db: Database) -> list[KeyUse]:
    """Look under which keys tokens are stored; an account whose two tokens differ counts for both."""
    found: dict[str | None, int] = {}
    for row in await db.fetch(SQL["keys_in_use"]):
        key = key_named_by(row["head"])
        found[key] = found.get(key, 0) + row["accounts"]
    return [KeyUse(key, count) for key, count in sorted(found.items(), key=lambda one: str(one[0]))]


async def missing_keys(db: Database, vault: Vault) -> dict[str, int]:
    """How many accounts cannot be read, by the id of the key that is not in the ring."""
    used = await keys_in_use(db)
    return {one.key: one.accounts for one in used if one.key is not None and not vault.knows(one.key)}


async def rekey(db: Database, vault: Vault, *, batch: int = 50) -> Rekeyed:
    """Encrypt anew what is not under the ring's first key; tokens, and what counts them, stay as they are.

    Each batch is one short transaction, so that refreshes go on beside it. What cannot be read is left alone.
    Doing it again does nothing.
    """
    done = Rekeyed()
    for _ in range(MOST_PASSES):
        done.left = await _pass(db, vault, batch, done)
        if not done.left:
            break
    done.missing = await missing_keys(db, vault)
    return done


async def _pass(db: Database, vault: Vault, batch: int, done: Rekeyed) -> int:
    """Go through all accounts once; answers how many were changed."""
    changed, last = 0, FIRST
    while True:
        async with db.transaction() as connection:
            rows = await connection.fetch(SQL["under_other_keys"], last, vault.head, len(vault.head), batch)
            for row in rows:
                changed += await _renew(connection, vault, row, done)
        if not rows:
            done.accounts += changed
            return changed
        last = rows[-1]["id"]


async def _renew(connection: Connection, vault: Vault, row: Record, done: Rekeyed) -> bool:
    account: UUID = row["id"]
    try:
        access, refresh = (_anew(vault, account, column, row[column]) for column in (ACCESS, REFRESH))
    except CannotDecrypt:
        done.unreadable.add(account)
        return False
    await connection.execute(SQL["renew"], account, access, refresh)
    return True


def _anew(vault: Vault, account: UUID, column: str, ciphertext: bytes | None) -> bytes | None:
    if ciphertext is None:
        return None
    where = place(account, column)
    return vault.encrypt(vault.decrypt(ciphertext, where), where)
