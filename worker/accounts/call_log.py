"""The log of calls to eBay: a row for each try, however it ended; never a body, a header or an address."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import anyio

from worker.clients.answers import AnsweredDown, AnsweredNo
from worker.clients.ebay import Ebay, Question, error_ids
from worker.db import Database, statements
from worker.errors import MintmarkError, NoTurn, NotYet, Unavailable

SQL = statements(Path(__file__).with_name("call_log.sql"))
LOG_SECONDS = 2.0
OK = 200
HOUSE = UUID(int=1)
"""The org whose log has what was asked for all of them: the first, which is always there."""


@dataclass(frozen=True, slots=True)
class Errand:
    """The job that a call is made for, and its run; neither where a person or eBay itself asked for it."""

    run: UUID | None = None
    job: int | None = None


NO_ERRAND = Errand()


class CallLog:
    """Writes down each call of eBay's APIs; safe to share between tasks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @asynccontextmanager
    async def call(
        self,
        api: str,
        operation: str,
        *,
        org: UUID = HOUSE,
        account: UUID | None = None,
        errand: Errand = NO_ERRAND,
        request_id: str | None = None,
    ) -> AsyncIterator[str]:
        """Make one try of a call within the block, which is given the id of its request.

        What did not leave because it had no turn is no call. Whatever became of the call is the caller's,
        also where our database does not take the row: a code is exchanged only once.
        """
        request, began = request_id or uuid4().hex, time.monotonic()
        row = (org, account, errand.run, errand.job, request, api, operation)
        try:
            yield request
        except (NotYet, NoTurn):
            raise
        except BaseException as error:
            await self._write(row, _how_it_ended(error), began)
            raise
        await self._write(row, (OK, None), began)

    async def ask(self, ebay: Ebay, question: Question, token: str) -> object:
        """Ask what is about no account, and for no job; answers and raises what ``Ebay.ask`` does."""
        async with self.call(question.api, question.operation) as request_id:
            return await ebay.ask(question, token=token, request_id=request_id)

    async def _write(
        self, row: tuple[object, ...], ended: tuple[int | None, str | None], began: float
    ) -> None:
        took = round((time.monotonic() - began) * 1000)
        with suppress(Unavailable), anyio.move_on_after(LOG_SECONDS, shield=True):
            await self._db.execute(SQL["log_call"], *row, *ended, took)


def _how_it_ended(error: BaseException) -> tuple[int | None, str | None]:
    """Status and error id; what OAuth refused has its answer as its cause."""
    answer = error if isinstance(error, AnsweredDown | AnsweredNo) else error.__cause__
    if isinstance(answer, AnsweredDown | AnsweredNo):
        ids = error_ids(answer)
        return answer.status, ids[0] if ids else answer.code
    if isinstance(error, MintmarkError):
        return None, error.code
    return None, "cancelled" if isinstance(error, anyio.get_cancelled_exc_class()) else type(error).__name__
