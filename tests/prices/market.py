"""A market of a test's own: prints, and what is said of them."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from worker.db import Database

ITEMS = count(1)
SET = """
insert into public.card_sets (game, source_set_id, source, name, printed_total)
values ('pokemon', 'base1', 'pokemonapi', 'Base', 102)
on conflict (game, source_set_id) do update set name = excluded.name returning id
"""
CARD = """
insert into public.card_prints (game, source_card_id, source, set_id, name, number, number_prefix,
                                number_value, number_suffix, subtypes, types, legalities, variants)
values ('pokemon', 'base1-' || $2, 'pokemonapi', $1, $3, $2, '', $2::int, '', '{}', '{}', '{}', $4)
returning id
"""
SAID = """
insert into public.price_observations
       (source, basis, marketplace_id, external_item_id, title, quantity, unit_price, shipping, currency,
        observed_at, listing_type, status, card_print_id, mapped_by, seller, item_group, raw, left_out)
values ($1, $2, 'EBAY_US', $3, $4, $5, $6::numeric, $7::numeric, $8, now() - $9::interval, $10, $11, $12,
        $13, $14, $15, $16::jsonb, case when $6 is null then 'rule'::public.left_out end)
returning id
"""


@dataclass
class Market:
    """Says things of prints; each has an item id of its own unless one is given."""

    db: Database
    prints: dict[str, int] = field(default_factory=dict)

    async def card(self, number: str, name: str, variants: tuple[str, ...] = ()) -> int:
        """Put a card into the catalogue."""
        set_id = await self.db.fetchval(SET)
        self.prints[number] = await self.db.fetchval(CARD, set_id, number, name, list(variants))
        return self.prints[number]

    async def said(self, print_id: int, title: str, price: str | None, **facts: Any) -> int:
        """Say one thing: an ask of eBay's, unless the facts say otherwise."""
        basis = facts.get("basis", "ask")
        source = facts.get(
            "source", {"ask": "ebay_browse", "sold": "ebay_insights", "guide": "tcgplayer"}[basis]
        )
        status = facts.get("status", {"ask": "active", "sold": "sold", "guide": "guide"}[basis])
        row: int = await self.db.fetchval(
            SAID,
            source,
            basis,
            facts.get("item", f"item-{next(ITEMS)}"),
            title,
            facts.get("quantity", 1),
            None if price is None else Decimal(price),
            None if facts.get("shipping") is None else Decimal(facts["shipping"]),
            facts.get("currency", "USD"),
            facts.get("age", timedelta(0)),
            facts.get("listing_type", "FIXED_PRICE"),
            status,
            print_id,
            facts.get("mapped_by", "title"),
            facts.get("seller", f"seller-{next(ITEMS)}"),
            facts.get("item_group"),
            facts.get("raw", "{}"),
        )
        return row
