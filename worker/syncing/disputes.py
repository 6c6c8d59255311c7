"""Disputes: payments that a buyer's bank has questioned."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from worker.catalog.disputes import TABLE, Dispute
from worker.clients import ebay_disputes
from worker.clients.ebay_disputes import get_payment_dispute_summaries, read_disputes
from worker.db import Connection
from worker.syncing.keeping import in_cents, keep
from worker.syncing.resource import Ask, Outcome, Page, Reading


class Disputes:
    """Reads disputes by when they were opened, and those of half a year again: so long may one take."""

    name: ClassVar = "disputes"
    slice: ClassVar[timedelta | None] = timedelta(days=90)
    reach: ClassVar[timedelta | None] = timedelta(days=729)
    again: ClassVar = timedelta(days=179)

    async def page(self, ask: Ask, reading: Reading, position: Mapping[str, Any] | None) -> Page:
        """One page of disputes."""
        offset = position["offset"] if position else 0
        question = get_payment_dispute_summaries(reading.since, reading.until, offset=offset)
        answer = await ask(question, step=f"disputes/{reading.until:%Y%m%dT%H%M%S}/{offset}")
        read = read_disputes(answer, offset=offset)
        following = {"offset": read.offset} if read.offset is not None else None
        return Page(read.records, read.bad, following, read.total)

    async def store(self, connection: Connection, reading: Reading, page: Page) -> Outcome:
        """Each is there once, as it stands."""
        return await keep(connection, reading, self.name, TABLE, list(map(_kept, page.records)))

    async def finish(self, connection: Connection, reading: Reading) -> Mapping[str, int]:  # noqa: ARG002
        """Nothing: every page stands for itself."""
        return {}


def _kept(told: ebay_disputes.Dispute) -> Dispute:
    return Dispute(
        id=told.id,
        status=told.status,
        reason=told.reason,
        order_id=told.order_id,
        buyer=told.buyer,
        amount=in_cents(told.amount),
        currency=told.amount.currency if told.amount else None,
        opened_at=told.opened_at,
        respond_by=told.respond_by,
        closed_at=told.closed_at,
    )
