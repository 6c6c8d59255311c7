"""Payments that a buyer's bank has questioned, as we keep them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from worker.catalog.differences import Table
from worker.db import statements

SQL = statements(Path(__file__).with_name("disputes.sql"))
TABLE = Table(known=SQL["known"], write=SQL["write"])


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment dispute as it stands. Of the buyer there is the username, until eBay says to erase it."""

    id: str
    status: str
    reason: str | None
    order_id: str | None
    buyer: str | None
    amount: Decimal | None
    currency: str | None
    opened_at: datetime
    respond_by: datetime | None
    closed_at: datetime | None

    @property
    def key(self) -> tuple[str]:
        """Its id."""
        return (self.id,)

    def row(self) -> tuple[Any, ...]:
        """Its columns."""
        moments = (self.opened_at, self.respond_by, self.closed_at)
        money = (self.amount, self.currency)
        return (self.id, self.status, self.reason, self.order_id, self.buyer, *money, *moments)

    def facts(self) -> tuple[Any, ...]:
        """All of it."""
        return self.row()

    def __str__(self) -> str:
        return (
            f"{self.status}, {self.reason or 'no reason'}, order {self.order_id}, {self.opened_at:%Y-%m-%d}"
        )
