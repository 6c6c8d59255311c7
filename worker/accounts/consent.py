"""Consent under way: who may begin to connect an account, and which browser may come back with it.

A ticket is made by an operator for an org and a user. A state is made with it, for one browser, and is
deleted as it is looked up. All three are known here by their hashes only.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from worker.db import Connection, Database, Record, statements
from worker.errors import UserError

SQL = statements(Path(__file__).with_name("consent.sql"))
SECRET_BYTES = 32
STATE_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets its holder begin, until it expires or an account was connected with it."""

    secret: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """What a browser takes along: the ``state`` through the provider, ``browser`` in a cookie."""

    state: str = field(repr=False)
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """For whom an account is being connected, by whoever came back with a state that is theirs."""

    ticket_hash: bytes = field(repr=False)
    provider: str
    org: UUID
    user: str


class ConsentRefused(UserError):
    """Raised when somebody may not begin, or come back: ``code`` is for the log, the words for them."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def open_ticket(db: Database, provider: str, org: UUID, user: str) -> Ticket:
    """Make a ticket, good for half an hour. Raises ``Refused`` for an org or user that cannot be."""
    secret = _new_secret()
    row = await db.fetchrow(SQL["open_ticket"], _hash(secret), provider, org, user)
    assert row is not None
    return Ticket(secret, row["expires_at"])


async def begin(db: Database, provider: str, ticket: str) -> Begun:
    """Make a state for a browser that came with a ticket; what was begun with it before is over.

    Raises ``ConsentRefused`` where the ticket is not, or no longer, good.
    """
    begun = Begun(_new_secret(), _new_secret())
    hashes = (_hash(begun.state), _hash(begun.browser), _hash(ticket))
    async with db.transaction() as connection:
        await connection.execute(SQL["drop_states"], hashes[2])
        row = await connection.fetchrow(SQL["add_state"], *hashes, provider, STATE_LASTS)
    if row is None:
        raise ConsentRefused("no_ticket", "This link is not good any more, or never was.")
    return begun


async def take(db: Database, provider: str, state: str, browser: str | None) -> Claim:
    """Use up a state; answers for whom it was made.

    Raises ``ConsentRefused`` when there is none, or it was made for another browser, provider or time; it is
    used up all the same.
    """
    row = await db.fetchrow(SQL["take_state"], _hash(state))
    if row is None:
        raise ConsentRefused("no_state", "This attempt to connect is over, or was never begun here.")
    _require_good(row, provider, browser)
    return Claim(row["ticket_hash"], row["provider"], row["org_id"], row["user_id"])


async def finish(connection: Connection, claim: Claim) -> None:
    """Use up the ticket, in the transaction that connects the account.

    Raises ``ConsentRefused`` when an account was connected with it meanwhile.
    """
    given = (claim.ticket_hash, claim.provider, claim.org, claim.user)
    if await connection.fetchrow(SQL["use_ticket"], *given) is None:
        raise ConsentRefused("ticket_used", "An account has been connected with this link already.")


def _require_good(row: Record, provider: str, browser: str | None) -> None:
    if not hmac.compare_digest(_hash(browser or ""), row["browser_hash"]):
        raise ConsentRefused("other_browser", "This attempt to connect was begun in another browser or tab.")
    if row["provider"] != provider:
        raise ConsentRefused("other_provider", "This attempt to connect was begun for another provider.")
    if not row["in_time"]:
        raise ConsentRefused("state_expired", "This attempt to connect took longer than ten minutes.")


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
