"""A valid access token for an account: refreshed in time, by one worker of all, stored before it is used."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import anyio

from worker.accounts.accounts import ACCESS, REFRESH, AccountInactive, deactivate, place, store
from worker.accounts.call_log import NO_ERRAND, CallLog, Errand
from worker.accounts.vault import Vault
from worker.clients.ebay import OAUTH
from worker.clients.ebay_auth import (
    APPLICATION,
    INVALID_GRANT,
    RENEWAL,
    SCOPE,
    EbayAuth,
    Granted,
    GrantRefused,
)
from worker.db import Database, Record, statements
from worker.errors import SourceDown, Unavailable, UserError

SQL = statements(Path(__file__).with_name("tokens.sql"))
EARLY = timedelta(minutes=5)
"""A token with less left is refreshed; of one that never had much, a quarter."""
ANSWER_SECONDS = 30.0
STORE_SECONDS = 10.0
TURN = timedelta(seconds=45)
"""How long whoever refreshes has for it: the answer, storing it, and some; then somebody else may try."""
LONGEST_WAIT_SECONDS = 2 * TURN.total_seconds()
LOOK_SECONDS = 0.05
LONGEST_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and which of its account's it is."""

    value: str = field(repr=False)
    version: int


class Tokens:
    """Gives access tokens; any number of workers may ask for one account's at once.

    Nobody holds a lock or a connection while eBay is asked: one takes its turn by a short update, the others
    look again until what it stored is there. See docs/decisions/0010-selling.md.
    """

    def __init__(self, db: Database, vault: Vault, auth: EbayAuth, *, environment: str) -> None:
        self._db, self._vault, self._auth, self._environment = db, vault, auth, environment
        self._log = CallLog(db)
        self._own = anyio.Lock()
        self._own_tokens: dict[str, tuple[str, float]] = {}

    async def access(self, account: UUID, *, errand: Errand = NO_ERRAND) -> Token:
        """A token that is good for five minutes more; ``errand`` is what it is refreshed for.

        Raises ``AccountInactive``, which is for good; ``CannotDecrypt`` where a key is missing; what a
        refresh raises; ``Unavailable`` where others took all turns for 90 s and stored nothing.
        """
        return await self._token(account, None, errand)

    async def renewed(self, account: UUID, rejected: int, *, errand: Errand = NO_ERRAND) -> Token:
        """A token other than the one of a version that was rejected before its time."""
        return await self._token(account, rejected, errand)

    async def application(
        self, rejected: str | None = None, *, scope: str | None = None, errand: Errand = NO_ERRAND
    ) -> str:
        """A token for questions about no account; kept by this process while it lasts, one for each scope.

        Another than the one that was ``rejected`` before its time.
        """
        wanted = scope or SCOPE
        async with self._own:
            kept = self._own_tokens.get(wanted)
            if kept is None or kept[1] <= anyio.current_time() or kept[0] == rejected:
                async with self._log.call(OAUTH, APPLICATION, errand=errand):
                    granted = await self._auth.application_token(wanted)
                lasts = max(timedelta(0), granted.access_lasts - EARLY).total_seconds()
                kept = self._own_tokens[wanted] = (granted.access_token, anyio.current_time() + lasts)
            return kept[0]

    async def try_refresh(self, account: UUID) -> Granted:
        """Refresh and store nothing, to see whether it works; raises ``GrantRefused`` where it does not.

        Raises ``UserError`` while somebody else refreshes it.
        """
        row = await self._look(account)
        taken = await self._db.fetchrow(SQL["take_turn"], account, row["token_version"], TURN)
        if taken is None:
            raise UserError("the account is being refreshed just now: try again in a minute")
        try:
            return await self._ask(account, taken, NO_ERRAND)
        finally:
            await self._give_back(account, taken)

    async def _token(self, account: UUID, rejected: int | None, errand: Errand) -> Token:
        pause, give_up = LOOK_SECONDS, anyio.current_time() + LONGEST_WAIT_SECONDS
        while True:
            row = await self._look(account)
            version: int = row["token_version"]
            if row["fresh"] and version != rejected:
                return Token(self._read(account, ACCESS, row["access_token"]), version)
            taken = await self._db.fetchrow(SQL["take_turn"], account, version, TURN)
            if taken is not None:
                token = await self._refresh(account, version, taken, errand)
                if token is not None:
                    return token
            if anyio.current_time() > give_up:
                raise Unavailable(f"nobody refreshed the account {account} for {LONGEST_WAIT_SECONDS:g} s")
            await anyio.sleep(pause)
            pause = min(pause * 2, LONGEST_LOOK_SECONDS)

    async def _look(self, account: UUID) -> Record:
        row = await self._db.fetchrow(SQL["look"], account, EARLY)
        if row is None or not row["is_active"]:
            raise AccountInactive(account, row["inactive_reason"] if row else "there is none")
        if row["environment"] != self._environment:
            raise UserError(
                f"the account {account} is one of {row['environment']}, not of {self._environment}"
            )
        return row

    async def _refresh(self, account: UUID, version: int, taken: Record, errand: Errand) -> Token | None:
        """None where it was connected anew, or put out of use, while we asked: to be looked at again."""
        try:
            granted = await self._ask(account, taken, errand)
            stored = await self._store(account, version, granted)
        except GrantRefused:
            if await deactivate(self._db, account, INVALID_GRANT, version=version):
                raise AccountInactive(account, INVALID_GRANT) from None
            return None
        except BaseException:
            await self._give_back(account, taken)
            raise
        return Token(granted.access_token, stored) if stored is not None else None

    async def _ask(self, account: UUID, taken: Record, errand: Errand) -> Granted:
        refresh_token = self._read(account, REFRESH, taken["refresh_token"])
        logged = self._log.call(OAUTH, RENEWAL, org=taken["org_id"], account=account, errand=errand)
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                async with logged:
                    return await self._auth.refresh(refresh_token)
        except TimeoutError:
            raise SourceDown(f"eBay gave no token within {ANSWER_SECONDS:g} s") from None

    async def _store(self, account: UUID, version: int, granted: Granted) -> int | None:
        """What eBay has given is stored though we be told to stop meanwhile: it is not asked for twice."""
        with anyio.fail_after(STORE_SECONDS, shield=True):
            async with self._db.connection() as connection:
                row = await store(connection, self._vault, account, version, granted)
        return row["token_version"] if row else None

    async def _give_back(self, account: UUID, taken: Record) -> None:
        """Only a turn that is still ours: when its time was up, somebody else may have taken the next."""
        with anyio.move_on_after(2, shield=True):
            await self._db.execute(SQL["give_turn_back"], account, taken["refreshing_until"])

    def _read(self, account: UUID, column: str, ciphertext: bytes | None) -> str:
        if ciphertext is None:
            raise GrantRefused(f"the account has no {column} that is still good: connect it again")
        return self._vault.decrypt(ciphertext, place(account, column))
