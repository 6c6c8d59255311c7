"""Ask eBay in an account's name: within the run's budget, the day's quota, and what eBay has said before.

In this order: a token, whether eBay wants to be left alone, the reservation, the call, a line in the log.
Each try is reserved and logged on its own, so that the ledger counts what eBay counts.
"""

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import anyio

from worker.accounts.accounts import Account, AccountInactive, deactivate
from worker.accounts.tokens import Token, Tokens
from worker.clients.answers import TOO_MANY_REQUESTS, AnsweredDown, AnsweredNo
from worker.clients.ebay import FORBIDDEN, Ebay, Question, TokenRejected, error_ids
from worker.db import Database, statements
from worker.errors import AccessDenied, CoolingDown, MintmarkError, SourceDown, SourceGarbled
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

SQL = statements(Path(__file__).with_name("asking.sql"))
RETRIES = 2
"""What eBay advises for its system errors (its page on error categories)."""
COOLDOWN = timedelta(seconds=60)
"""For whoever says "too often" and not until when, or nothing that can be read."""
PATIENCE_SECONDS = 30.0
"""Whoever wants longer gets it from the queue, not from a waiting worker."""
JITTER_SECONDS = 1.0
LOG_SECONDS = 2.0
OK = 200


@dataclass(frozen=True, slots=True)
class Hands:
    """What asking takes besides eBay: kept apart so that a test can own the clock and the dice."""

    sleep: Callable[[float], Awaitable[object]] = anyio.sleep
    jitter: Callable[[], float] = random.random


class Asker:
    """Asks eBay for a job; safe to share between jobs."""

    def __init__(self, db: Database, ebay: Ebay, tokens: Tokens, hands: Hands | None = None) -> None:
        self._db, self._ebay, self._tokens = db, ebay, tokens
        self._hands = hands or Hands()

    async def ask(self, work: Work, account: Account, question: Question, *, step: str) -> object:
        """Ask in an account's name; returns the JSON that answers, None for "nothing".

        Raises what ``Work.spend`` raises; ``CoolingDown`` where eBay is to be left alone; ``AccountInactive``
        where the account's consent is gone; ``AccessDenied``, ``AnsweredNo`` for what waiting does not mend;
        ``SourceDown`` or ``SourceGarbled`` after two more tries.
        """
        renewed = False
        retries = 0
        token = await self._tokens.access(account.id)
        while True:
            try:
                return await self._once(work, account, question, token, step)
            except TokenRejected as error:
                token = await self._another(account, token, error, again=not renewed)
                renewed = True
            except (SourceDown, SourceGarbled) as error:
                pause = self._pause(error, retries)
                if retries == RETRIES or pause > PATIENCE_SECONDS:
                    raise
                retries += 1
                await work.sleep(pause)

    async def _another(self, account: Account, token: Token, error: TokenRejected, *, again: bool) -> Token:
        """A second refusal of a fresh token is the account's: no third is tried."""
        if again:
            return await self._tokens.renewed(account.id, token.version)
        await deactivate(self._db, account.id, "token_rejected", version=token.version)
        raise AccountInactive(account.id, "token_rejected") from error

    async def _once(
        self, work: Work, account: Account, question: Question, token: Token, step: str
    ) -> object:
        await self._require_warm(question.api, str(account.id))
        call = PaidCall(question.api, question.operation, Repeat.CHARGED_AGAIN)
        async with work.spend(call, step), self._logged(work, account, question) as request_id:
            try:
                return await self._ebay.ask(
                    question, token=token.value, request_id=request_id, marketplace=account.marketplace
                )
            except AnsweredDown as error:
                if error.status != TOO_MANY_REQUESTS:
                    raise
                raise await self._told_to_wait(question.api, str(account.id), error.retry_after) from None

    async def _require_warm(self, api: str, account: str) -> None:
        row = await self._db.fetchrow(SQL["cooldown"], api, account)
        if row is not None:
            raise CoolingDown(api, row["reason"], self._jittered(row["wait"]))

    async def _told_to_wait(self, api: str, account: str, advice: timedelta | None) -> CoolingDown:
        wait = await self._db.fetchval(
            SQL["cool_down"], api, account, advice or COOLDOWN, "it was asked too often"
        )
        told = CoolingDown(api, "it was asked too often", self._jittered(wait))
        told.request = "answered"
        return told

    def _jittered(self, wait: timedelta) -> timedelta:
        return wait + timedelta(seconds=self._hands.jitter() * JITTER_SECONDS)

    def _pause(self, error: SourceDown | SourceGarbled, retries: int) -> float:
        advice = error.retry_after if isinstance(error, SourceDown) else None
        return (advice.total_seconds() if advice else 2.0**retries) + self._hands.jitter()

    @asynccontextmanager
    async def _logged(self, work: Work, account: Account, question: Question) -> AsyncIterator[str]:
        request_id, began = uuid4().hex, time.monotonic()
        status: int | None = OK
        error_id: str | None = None
        try:
            yield request_id
        except BaseException as error:
            status, error_id = _how_it_ended(error)
            raise
        finally:
            took = round((time.monotonic() - began) * 1000)
            with anyio.move_on_after(LOG_SECONDS, shield=True):
                await self._db.execute(
                    SQL["log_call"],
                    account.org_id,
                    account.id,
                    work.job.run_id,
                    work.job.id,
                    request_id,
                    question.api,
                    question.operation,
                    status,
                    error_id,
                    took,
                )


def _how_it_ended(error: BaseException) -> tuple[int | None, str | None]:
    if isinstance(error, CoolingDown):
        return TOO_MANY_REQUESTS, error.code
    if isinstance(error, AccessDenied):
        return FORBIDDEN, error.code
    if isinstance(error, AnsweredDown | AnsweredNo):
        ids = error_ids(error)
        return error.status, ids[0] if ids else error.code
    if isinstance(error, MintmarkError):
        return None, error.code
    return None, "cancelled" if isinstance(error, anyio.get_cancelled_exc_class()) else type(error).__name__
