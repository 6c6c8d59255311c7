"""Prints, sellers and inventory by hand, for tests of what is made of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from worker.catalog.inventory import Stocked, stock
from worker.catalog.sellers import SellerSeen, see
from worker.db import Database

HOUSE = UUID(int=1)
OTHER = UUID(int=0xB)


async def prints(db: Database, count: int = 3) -> list[int]:
    """So many prints of one set; answers their ids."""
    await db.execute(
        "insert into card_sets (game, source, source_set_id, name) values ('x', 'x', 'x1', 'X')"
        " on conflict do nothing"
    )
    rows = await db.fetch(
        """
        insert into card_prints (game, source, source_card_id, set_id, name, number, number_prefix,
                                 number_value, number_suffix, subtypes, types, legalities, variants)
        select 'x', 'x', 'x1-' || n, s.id, 'Card ' || n, n::text, '', n, '', '{}', '{}', '{}', '{}'
          from card_sets s, generate_series(1, $1::int) n where s.source_set_id = 'x1'
        returning id
        """,
        count,
    )
    return sorted(row["id"] for row in rows)


async def other_org(db: Database) -> UUID:
    await db.execute("insert into orgs (id, name) values ($1, 'other')", OTHER)
    return OTHER


async def sellers(db: Database, *names: str, org: UUID = HOUSE, run: UUID | None = None) -> list[int]:
    """Sellers of eBay's by these names; answers their ids, in the order of the names."""
    async with db.transaction() as connection:
        ids = await see(connection, org, "ebay", [SellerSeen(name, name) for name in names], run)
    return [ids[name] for name in names]


async def put(db: Database, seller: int, card: int, *rows: tuple[int, str | None], **facts: Any) -> None:
    """Rows of inventory of a seller and a print: pieces and price, each a listing of its own."""
    org = facts.pop("org", HOUSE)
    listed = [
        Stocked(seller, card, pieces, Decimal(price) if price else None, listing_id=f"l{n}", **facts)
        for n, (pieces, price) in enumerate(rows)
    ]
    async with db.transaction() as connection:
        await stock(connection, org, "ask", listed)


async def snapshots(db: Database) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Days as they are kept: by seller, print and day what stands there."""
    rows = await db.fetch(
        "select seller_id, card_print_id, snapshot_date::text as day, quantity, listings, avg_price,"
        " min_price, max_price from inventory_snapshots order by 3, 1, 2"
    )
    return {tuple(row)[:3]: tuple(str(one) for one in tuple(row)[3:]) for row in rows}


async def versions(db: Database, table: str = "inventory_snapshots") -> list[str]:
    """Which transactions have written the rows of a table."""
    rows = await db.fetch(f"select ctid::text || ' ' || xmin::text as v from {table} order by ctid")
    return [row["v"] for row in rows]


def at(text: str) -> datetime:
    """A moment, with its zone."""
    return datetime.fromisoformat(text)
