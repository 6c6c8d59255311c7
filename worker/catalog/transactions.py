"""What moved a seller's money, as we keep it: nothing of it says who bought."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from worker.catalog.differences import Table
from worker.db import statements

SQL = statements(Path(__file__).with_name("transactions.sql"))
TABLE = Table(known=SQL["known"], write=SQL["write"])


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement, ``amount`` and ``fee`` in ``currency``; ``entry`` says which way, and no sign does."""

    id: str
    type: str
    status: str | None
    entry: str
    amount: Decimal
    fee: Decimal | None
    currency: str
    order_id: str | None
    payout_id: str | None
    at: datetime
    raw: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """An id is unique within its type only."""
        return self.id, self.type

    def row(self) -> tuple[Any, ...]:
        """Its columns."""
        money = (self.amount, self.fee, self.currency)
        raw = json.dumps(self.raw, sort_keys=True)
        return (*self.key, self.status, self.entry, *money, self.order_id, self.payout_id, self.at, raw)

    def facts(self) -> tuple[Any, ...]:
        """All of it."""
        return self.row()

    def __str__(self) -> str:
        return f"{self.entry} {self.amount} {self.currency}, {self.status or 'no status'}, {self.at:%Y-%m-%d}"
