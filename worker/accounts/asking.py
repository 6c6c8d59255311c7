"""Ask eBay in an account's name: within the run's budget, the day's quota, and what eBay has said before.

In this order: a token, a turn, whether eBay wants to be left alone, the reservation, the call, a line in the
log. Each try is reserved and logged on its own, so that the ledger counts what eBay counts.
"""

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from worker.accounts.accounts import Account
from worker.accounts.call_log import HOUSE, CallLog, Errand
from worker.accounts.cooldowns import Cooldowns
from worker.accounts.tokens import Token, Tokens
from worker.clients.answers import TooOften
from worker.clients.ebay import APIS, FORBIDDEN, OAUTH, Ebay, Question, TokenRejected, not_allowed
from worker.clients.retries import RetryBudget
from worker.db import Database
from worker.errors import NoTurn, SourceDown, SourceError, SourceGarbled
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

RETRIES = 2
"""What eBay advises for its system errors (its page on error categories)."""
PATIENCE_SECONDS = 30.0
"""Whoever wants longer gets it from the queue, not from a waiting worker."""
TURN_SECONDS = 300.0
EVERYBODY = ""
"""In whose name an application's own question is left alone: in everybody's."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What asking takes besides eBay: kept apart so that a test can own the clock and the dice."""

    sleep: Callable[[Work, float], Awaitable[None]] = Work.sleep
    jitter: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic


class FreshTokenRejected(SourceDown):
    """Raised when eBay refused a token that it had just given: no third is tried now, perhaps later.

    It has happened for all accounts at once, for some minutes. Only where it goes on is it the account's.
    """

    code = "token_rejected"
    request = "answered"

    def __init__(self, account: Account, token: Token) -> None:
        super().__init__(f"eBay refuses a token that it has just given to the account {account.id}")
        self.token = token


class Asker:
    """Asks eBay for a job; safe to share between jobs.

    It alone makes calls again: ``ebay`` makes each once.
    """

    def __init__(self, db: Database, ebay: Ebay, tokens: Tokens, hands: Hands | None = None) -> None:
        self._ebay, self._tokens = ebay, tokens
        self._hands = hands or Hands()
        self._log = CallLog(db)
        self._cooldowns = Cooldowns(db, self._hands.jitter)
        self._retries = RetryBudget(clock=self._hands.clock)
        self._turns = {api: anyio.CapacityLimiter(ebay.connections) for api in APIS}

    async def ask(self, work: Work, account: Account, question: Question, *, step: str) -> object:
        """Ask in an account's name; returns the JSON that answers, None for "nothing".

        Raises what ``Work.spend`` raises; ``CoolingDown`` where eBay is to be left alone; ``AccountInactive``
        where the account's consent is gone; ``AccessDenied``, ``AnsweredNo`` for what waiting does not mend;
        ``FreshTokenRejected`` where a token and the one that took its place are refused; ``SourceDown`` or
        ``SourceGarbled`` after two more tries, or fewer where many calls fail.
        """
        return await self._ask(work, account, question, step)

    async def ask_as_application(self, work: Work, question: Question, *, step: str) -> object:
        """Ask what is about no account, with the application's own token; raises what ``ask`` does."""
        return await self._ask(work, None, question, step)

    async def _ask(self, work: Work, account: Account | None, question: Question, step: str) -> object:
        self._retries.earn()
        rejected: Token | None = None
        retries = 0
        while True:
            try:
                token = await self._token(work, account, question, rejected)
                return await self._once(work, account, question, token, step)
            except TokenRejected as error:
                if rejected is not None:
                    if account is None:
                        raise
                    raise _refused_again(account, token, error) from error
                rejected = token
            except (SourceDown, SourceGarbled) as error:
                pause = self._pause(question, error, retries)
                await self._hands.sleep(work, pause)
                retries += 1

    async def _token(
        self, work: Work, account: Account | None, question: Question, rejected: Token | None
    ) -> Token:
        errand = _errand(work)
        if account is None:
            refused = rejected.value if rejected else None
            return Token(await self._tokens.application(refused, scope=question.scope, errand=errand), 0)
        if rejected is None:
            return await self._tokens.access(account.id, errand=errand)
        return await self._tokens.renewed(account.id, rejected.version, errand=errand)

    def _pause(self, question: Question, error: SourceDown | SourceGarbled, retries: int) -> float:
        """Seconds until the next try; raises the error, or ``CoolingDown``, where there is to be none."""
        self._ebay.require_ready(question.api, OAUTH)
        advice = error.retry_after if isinstance(error, SourceDown) else None
        pause = (advice.total_seconds() if advice else 2.0**retries) + self._hands.jitter()
        if retries == RETRIES or pause > PATIENCE_SECONDS or not self._retries.take():
            raise error
        return pause

    async def _once(
        self, work: Work, account: Account | None, question: Question, token: Token, step: str
    ) -> object:
        name = str(account.id) if account else EVERYBODY
        call = PaidCall(question.api, question.operation, Repeat.CHARGED_AGAIN)
        async with self._turn(question):
            self._ebay.require_ready(question.api)
            was_cold = await self._cooldowns.require_warm(question.api, name)
            async with work.spend(call, step):
                answer = await self._call(work, account, question, token)
        if was_cold:
            await self._cooldowns.end(question.api, name)
        return answer

    @asynccontextmanager
    async def _turn(self, question: Question) -> AsyncIterator[None]:
        """Wait for a connection before anything is looked up: what is known then is true when it leaves."""
        turns = self._turns[question.api]
        try:
            with anyio.fail_after(TURN_SECONDS):
                await turns.acquire()
        except TimeoutError:
            name = f"{question.api} {question.operation}"
            raise NoTurn(f"{name} got no turn within {TURN_SECONDS:g} s") from None
        try:
            yield
        finally:
            turns.release()

    async def _call(self, work: Work, account: Account | None, question: Question, token: Token) -> object:
        marketplace = account.marketplace if account else question.site
        org, whose = (account.org_id, account.id) if account else (HOUSE, None)
        logged = self._log.call(
            question.api, question.operation, org=org, account=whose, errand=_errand(work)
        )
        try:
            async with logged as request_id:
                return await self._ebay.ask(
                    question, token=token.value, request_id=request_id, marketplace=marketplace
                )
        except TooOften as error:
            name = str(account.id) if account else EVERYBODY
            raise await self._cooldowns.begin(question.api, name, error.retry_after) from None


def _errand(work: Work) -> Errand:
    return Errand(work.job.run_id, work.job.id)


def _refused_again(account: Account, token: Token, error: TokenRejected) -> SourceError:
    """What it means that the second token is refused, too; where 403 may mean both, it is the scopes."""
    return not_allowed(error) if error.status == FORBIDDEN else FreshTokenRejected(account, token)
