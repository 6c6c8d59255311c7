"""What ``mintmark doctor`` looks at where accounts are connected: the ring of keys, and the application."""

from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from worker.accounts.keys import KeyUse, keys_in_use
from worker.accounts.vault import Vault
from worker.app import Urls
from worker.commands.account_tokens import count_of_accounts, told_missing
from worker.commands.findings import Finding
from worker.db import open_database
from worker.errors import BadSettings, SourceError
from worker.selling import auth_of, is_configured, vault_of
from worker.settings_model import Settings

NOT_SET_UP = "eBay is not set up, and not asked"
UNSEEN = "the ring can be read; this login may not see what is stored under it"
CONNECT_AGAIN = "put the key back into the ring, or have these accounts connected again"


def selling_checks(settings: Settings) -> dict[str, Callable[[Urls], Awaitable[Finding]]]:
    """The looks, by name."""
    return {"keys": partial(_keys, settings), "credentials": partial(_credentials, settings)}


async def _keys(settings: Settings, urls: Urls) -> Finding:
    try:
        vault = vault_of(settings)
    except BadSettings as error:
        return await _no_ring(settings, urls, str(error))
    try:
        used = await _used(urls)
    except asyncpg.InsufficientPrivilegeError:
        return Finding("keys", True, UNSEEN)
    return _judged(vault, used)


async def _no_ring(settings: Settings, urls: Urls, why: str) -> Finding:
    """No ring is needed where nothing is stored and nobody is asked; a broken one is always wrong."""
    given = settings.secrets.keys is not None or settings.secrets.keys_file is not None
    try:
        needed = given or is_configured(settings) or bool(await _used(urls))
    except asyncpg.InsufficientPrivilegeError:
        needed = given
    if needed:
        return Finding("keys", False, why, "mintmark account new-key; docs/settings.md, [secrets]")
    return Finding("keys", True, "no ring, and nothing is stored that needs one")


async def _used(urls: Urls) -> list[KeyUse]:
    async with open_database(urls.pooled, size=1) as db:
        try:
            return await keys_in_use(db)
        except asyncpg.UndefinedTableError:
            return []  # Of a schema that is behind, another line tells.


def _judged(vault: Vault, used: list[KeyUse]) -> Finding:
    missing = {one.key: one.accounts for one in used if one.key is not None and not vault.knows(one.key)}
    if missing:
        return Finding("keys", False, told_missing(missing), CONNECT_AGAIN)
    if any(one.key is None for one in used):
        return Finding("keys", False, "something stored is none of our ciphertexts", "connect accounts again")
    under = {one.key: one.accounts for one in used}
    found = f"{count_of_accounts(under.pop(vault.current, 0))} under {vault.current}"
    if under:
        found += f", {sum(under.values())} under {', '.join(map(str, under))}: mintmark account rekey"
    return Finding("keys", True, found)


async def _credentials(settings: Settings, _: Urls) -> Finding:
    """Asked once: whether eBay knows the application."""
    if not is_configured(settings):
        return Finding("credentials", True, NOT_SET_UP)
    try:
        ebay, auth = auth_of(settings)
        async with ebay:
            await auth.application_token()
    except (BadSettings, SourceError) as error:
        return Finding(
            "credentials", False, str(error), "check [ebay]: environment, client_id, client_secret"
        )
    return Finding("credentials", True, f"eBay ({ebay.environment}) knows the application")
