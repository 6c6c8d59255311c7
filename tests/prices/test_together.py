"""Collectors, jobs and live prices at the same rows at once: none waits in a circle, and none is refused."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random

import anyio
import pytest

from tests.prices.market import Market
from worker.catalog.evidence import judge_prints
from worker.catalog.live_prices import get_live_price
from worker.catalog.market import Origin, keep
from worker.catalog.offers import Offer
from worker.catalog.price_curves import Pricer
from worker.collecting.source import HOUSE
from worker.db import Database

ROUNDS, OFFERS = 12, 200
EBAY = Origin(HOUSE, "ebay_browse", "ask", "EBAY_US", "ebay")
Step = Callable[[int], Awaitable[object]]


def said(cards: list[int], chance: Random) -> list[Offer]:
    """The same offers each time, in another order and at other prices."""
    return [
        Offer(
            item_id=f"i{n * 7919 % 1000}",
            title=f"Charizard {n % len(cards) + 1}/102 NM",
            unit_price=Decimal(chance.randint(100, 200)),
            shipping=None,
            currency="USD",
            quantity=1,
            observed_at=datetime.now(UTC),
            status="active",
            listing_type="FIXED_PRICE",
            condition=None,
            seller=f"s{n}",
            item_group=None,
            external_id=None,
            raw={},
            card_print_id=cards[n % len(cards)],
        )
        for n in chance.sample(range(OFFERS), OFFERS)
    ]


async def collect(db: Database, cards: list[int], chance: Random, round_: int) -> None:  # noqa: ARG001
    async with db.transaction() as connection:
        kept = await keep(connection, EBAY, said(cards, chance), wanted=None)
        await judge_prints(connection, sorted(kept.prints))


async def compute(db: Database, pricer: Pricer, cards: list[int], round_: int) -> None:
    """With another rule each time: so all rows are to be judged anew."""
    await db.execute("insert into public.source_rules (exclude_keywords) values ($1)", [f"never{round_}"])
    async with db.transaction() as connection:
        await pricer.compute(connection, cards)


async def ask(db: Database, pricer: Pricer, cards: list[int], round_: int) -> None:
    card = cards[round_ % len(cards)]
    await get_live_price(db, pricer, card, fresh_for=timedelta(hours=1), force=True)


async def over_and_over(step: Step) -> None:
    for round_ in range(ROUNDS):
        await step(round_)


@pytest.mark.timeout(120)
async def test_collectors_jobs_and_live_prices_wait_in_no_circle(
    market: Market, new_pricer: Callable[[], Pricer]
) -> None:
    cards = [await market.card(str(number), "Charizard") for number in range(1, 6)]
    async with (
        market.db.transaction() as connection
    ):  # So that their ids go against the order of their items.
        for one in sorted(said(cards, Random(7)), key=lambda offer: offer.item_id, reverse=True):
            await keep(connection, EBAY, [one], wanted=None)
    steps: list[Step] = [partial(collect, market.db, cards, Random(seed)) for seed in range(3)]
    for _ in range(2):
        steps += [partial(one, market.db, new_pricer(), cards) for one in (compute, ask)]

    async with anyio.create_task_group() as group:
        for step in steps:
            group.start_soon(over_and_over, step)
    await compute(market.db, new_pricer(), cards, 0)

    latest = "select sum(listing_count) from public.card_print_latest_price_curve"
    assert await market.db.fetchval(latest) == OFFERS
