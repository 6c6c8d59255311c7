"""What a seller has in stock, and offers of it, as we keep them: a state, so what is not seen again goes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from worker.catalog.differences import Table
from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("stock.sql"))


@dataclass(frozen=True, slots=True)
class Seen:
    """A table of a state: a pass over it notes what it ``saw``, and ``forgets`` the rest."""

    table: Table
    saw: str
    forget: str

    async def see(self, connection: Connection, account: UUID, ids: Sequence[str], at: datetime) -> None:
        """Note that a pass, begun at that moment, saw these."""
        await connection.execute(self.saw, account, at, list(ids))

    async def forget_unseen(self, connection: Connection, account: UUID, since: datetime) -> int:
        """Delete what no pass has seen since; answers how many."""
        gone: int = await connection.fetchval(self.forget, account, since)
        return gone


ITEMS = Seen(Table(known=SQL["known_items"], write=SQL["write_items"]), SQL["saw_items"], SQL["forget_items"])
OFFERS = Seen(
    Table(known=SQL["known_offers"], write=SQL["write_offers"]), SQL["saw_offers"], SQL["forget_offers"]
)


@dataclass(frozen=True, slots=True)
class StockItem:
    """A thing in stock; ``quantity`` is None where nobody has said."""

    sku: str
    title: str | None
    condition: str | None
    quantity: int | None
    raw: Mapping[str, Any]

    @property
    def key(self) -> tuple[str]:
        """Its SKU."""
        return (self.sku,)

    def row(self) -> tuple[Any, ...]:
        """Its columns."""
        raw = json.dumps(self.raw, sort_keys=True)
        return (self.sku, self.title, self.condition, self.quantity, raw)

    def facts(self) -> tuple[Any, ...]:
        """All of it."""
        return self.row()

    def __str__(self) -> str:
        return f"{self.quantity} x {self.title or 'no title'}"


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of a stock item: an asking price, and never a sale."""

    id: str
    sku: str
    marketplace: str
    format: str | None
    status: str
    listing_id: str | None
    listing_status: str | None
    price: Decimal | None
    currency: str | None
    quantity: int | None
    sold: int | None

    @property
    def key(self) -> tuple[str]:
        """Its id."""
        return (self.id,)

    def row(self) -> tuple[Any, ...]:
        """Its columns."""
        listing = (self.listing_id, self.listing_status)
        numbers = (self.price, self.currency, self.quantity, self.sold)
        return (self.id, self.sku, self.marketplace, self.format, self.status, *listing, *numbers)

    def facts(self) -> tuple[Any, ...]:
        """All of it."""
        return self.row()

    def __str__(self) -> str:
        return f"{self.sku}, {self.price} {self.currency}, {self.status}"


async def next_sku(db: Database, account: UUID, after: str | None) -> str | None:
    """The next SKU of an account's stock, None behind the last."""
    sku: str | None = await db.fetchval(SQL["next_sku"], account, after)
    return sku
