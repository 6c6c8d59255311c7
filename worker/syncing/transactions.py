"""Transactions: what moved the account's money."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from worker.catalog.transactions import TABLE, Transaction
from worker.clients.ebay_finances import TransactionRead, get_transactions, read_transactions
from worker.db import Connection
from worker.syncing.keeping import in_cents, keep
from worker.syncing.resource import Ask, Outcome, Page, Reading


class Transactions:
    """Reads transactions by when they happened, and the last weeks again: payouts take a month at most."""

    name: ClassVar = "transactions"
    slice: ClassVar[timedelta | None] = timedelta(days=90)
    reach: ClassVar[timedelta | None] = timedelta(days=5 * 365)
    again: ClassVar = timedelta(days=35)

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:
        """One page of transactions."""
        offset = position["offset"] if position else 0
        question = get_transactions(reading.since, reading.until, offset=offset)
        answer = await ask(question, step=f"transactions/{reading.until:%Y%m%dT%H%M%S}/{offset}")
        read = read_transactions(answer, offset=offset)
        following = {"offset": read.offset} if read.offset is not None else None
        return Page(read.records, read.bad, following, read.total)

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Each is there once, as it was told last."""
        return await keep(connection, reading, self.name, TABLE, list(map(_kept, page.records)))

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:  # noqa: ARG002
        """Nothing: every page stands for itself."""
        return {}


def _kept(read: TransactionRead) -> Transaction:
    told = read.transaction
    amount = in_cents(told.amount)
    assert amount is not None
    fee = told.fee if told.fee and told.fee.currency == told.amount.currency else None
    return Transaction(
        id=told.id,
        type=told.type,
        status=told.status,
        entry=told.entry,
        amount=amount,
        fee=in_cents(fee),
        currency=told.amount.currency,
        order_id=told.order_id,
        payout_id=told.payout_id,
        at=told.at,
        raw=read.kept,
    )
