"""One live price for all who ask at once, the stored one while it is fresh, and evidence that stays."""

import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from functools import partial

import anyio
import anyio.abc
import asyncpg
import pytest

from tests.prices.market import Market
from tests.runs.scene import ROOT, until
from worker.catalog import comps, live_prices
from worker.catalog.evidence import judge_prints
from worker.catalog.live_prices import LivePrice, get_live_price
from worker.catalog.price_curves import SQL, Pricer
from worker.catalog.prints import NoSuchPrint
from worker.db import Database
from worker.errors import Refused, Unavailable

HOUR = timedelta(hours=1)
CURVES = "select count(*) from public.card_print_price_curves"
NewPricer = Callable[[], Pricer]
WAITING = """
select count(*) from pg_locks where locktype = 'advisory' and objid = 1 and not granted
   and database = (select oid from pg_database where datname = current_database())
"""
ROW_WAITS = """
select exists (select from pg_stat_activity
                where datname = current_database() and wait_event = 'transactionid')
"""
ASKING = """
import sys
from datetime import timedelta
import anyio
from worker.catalog.comps import Window
from worker.catalog.live_prices import get_live_price
from worker.catalog.price_curves import SQL, Pricer
from worker.db import open_database
from worker.pricing.curve import Habits

async def main():
    async with open_database(sys.argv[1], size=5) as db:
        await db.fetchval("select pg_advisory_lock_shared(1)")
        async def ask():
            pricer = Pricer(Habits(), Window())
            price = await get_live_price(db, pricer, int(sys.argv[2]), fresh_for=timedelta(hours=1))
            print(price.curves[0].prices["NM"][0])
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask)

anyio.run(main)
"""


async def _said(process: anyio.abc.Process) -> str:
    assert process.stdout
    with anyio.fail_after(30):
        text = b"".join([part async for part in process.stdout]).decode()
        assert await process.wait() == 0
    return text


async def charizard(market: Market, *prices: str) -> int:
    card = await market.card("4", "Charizard")
    for price in prices or ("290", "300", "310"):
        await market.said(card, "Charizard 4/102 NM", price, basis="sold")
    return card


async def test_twenty_who_ask_at_once_are_answered_by_one_computation(
    market: Market, new_pricer: NewPricer
) -> None:
    card, answers = await charizard(market), list[LivePrice]()

    async def ask(*, force: bool) -> None:
        answers.append(await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR, force=force))

    for force in (False, True):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(partial(ask, force=force))

    assert len(answers) == 40
    assert {one.curves[0].prices["NM"][0] for one in answers} == {Decimal("300.00")}
    assert await market.db.fetchval(CURVES) == 2


@pytest.mark.timeout(120)
async def test_twenty_processes_that_ask_at_once_compute_once(market: Market, database_url: str) -> None:
    card = await charizard(market)
    asking = [sys.executable, "-c", ASKING, database_url, str(card)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    async with AsyncExitStack() as stack, market.db.connection() as gate:
        await gate.execute("select pg_advisory_lock(1)")
        processes = [
            await stack.enter_async_context(await anyio.open_process(asking, env=environ)) for _ in range(4)
        ]
        with anyio.fail_after(60):
            while await gate.fetchval(WAITING) < len(processes):  # noqa: ASYNC110 - other processes move it.
                await anyio.sleep(0.05)
        await gate.execute("select pg_advisory_unlock(1)")
        said = [await _said(process) for process in processes]

    assert "".join(said).split() == ["300.00"] * 20
    assert await market.db.fetchval(CURVES) == 1


async def test_a_price_is_shown_while_it_is_fresh_and_computed_when_it_is_not(
    market: Market, new_pricer: NewPricer
) -> None:
    card, pricer = await charizard(market), new_pricer()
    first = await get_live_price(market.db, pricer, card, fresh_for=HOUR)
    again = await get_live_price(market.db, pricer, card, fresh_for=HOUR)
    await market.db.execute("update worker.price_checks set computed_at = computed_at - interval '2 hours'")
    late = await get_live_price(market.db, pricer, card, fresh_for=HOUR)

    assert (first.computed_now, again.computed_now, late.computed_now) == (True, False, True)
    assert again.curves == first.curves
    assert late.age < HOUR


async def test_a_print_of_which_nobody_says_a_price_is_not_computed_for_each_who_asks(
    market: Market, new_pricer: NewPricer
) -> None:
    card = await market.card("4", "Charizard")
    first = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)
    again = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)

    assert (first.curves, first.computed_now) == ([], True)
    assert (again.curves, again.computed_now) == ([], False)


async def test_a_print_that_is_not_there_is_said_in_a_sentence(market: Market, new_pricer: NewPricer) -> None:
    with pytest.raises(NoSuchPrint, match="there is no print 404"):
        await get_live_price(market.db, new_pricer(), 404, fresh_for=HOUR)


async def test_whoever_waits_for_another_waits_for_so_long_and_no_longer(
    market: Market, new_pricer: NewPricer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await charizard(market)
    monkeypatch.setattr(live_prices, "WAIT_SECONDS", 0.05)

    async with market.db.transaction() as other:
        await other.execute(SQL["take_turn"], card)
        with pytest.raises(Unavailable, match="try again"):
            await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)


async def test_a_curve_is_never_changed(market: Market, new_pricer: NewPricer) -> None:
    await get_live_price(market.db, new_pricer(), await charizard(market), fresh_for=HOUR)

    with pytest.raises(Refused, match="never changed") as caught:
        await market.db.execute("update public.card_print_price_curves set nm_median = 1")
    assert caught.value.code == "MM006"


async def test_a_curve_names_all_its_evidence_and_keeps_the_prices_of_then(
    market: Market, new_pricer: NewPricer, db: Database
) -> None:
    card = await charizard(market, "290", "300", "310")
    slab = await market.said(card, "PSA 9 Charizard 4/102", "3000")
    guide = await market.said(card, "Charizard", "280", basis="guide")
    foreign = await market.said(card, "Charizard 4/102 NM", "400", currency="CAD")
    before = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)
    await db.execute("update public.price_observations set unit_price = 1 where basis = 'sold'")
    [curve] = (await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)).curves

    assert curve == before.curves[0]
    assert curve.raw["conditions"]["NM"]["prices_cents"] == [29000, 30000, 31000]
    assert curve.raw["left_out"] == {"graded": [slab], "rule": [foreign]}
    assert curve.raw["guide"] == [guide]


async def test_printings_and_currencies_are_priced_apart(market: Market, new_pricer: NewPricer) -> None:
    card = await market.card("4", "Charizard", ("first_edition_holofoil", "unlimited_holofoil"))
    for price in ("290", "300", "310", "320"):
        await market.said(card, "Charizard 4/102 NM", price, basis="sold")
    for price in ("9000", "9100", "9200"):
        await market.said(card, "Charizard 4/102 1st Edition NM", price, basis="sold")
    await market.said(card, "Charizard 4/102 NM", "250", basis="sold", source="own", currency="EUR")
    live = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)
    view = await market.db.fetchval("select count(*) from public.card_print_latest_price_curve")

    told = [(one.variant, one.currency, one.prices["NM"][0]) for one in live.curves]
    assert told == [
        ("unlimited_holofoil", "USD", Decimal("305.00")),
        ("first_edition_holofoil", "USD", Decimal("9100.00")),
        ("unlimited_holofoil", "EUR", Decimal("250.00")),
    ]
    assert view == 3


async def test_a_price_waits_for_rows_that_another_is_judging_and_loses_none_of_them(
    market: Market, new_pricer: NewPricer
) -> None:
    card, answers = await charizard(market), list[LivePrice]()
    await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)
    for _ in range(3):
        await market.said(card, "Charizard 4/102 NM", "310", basis="sold")

    async def ask() -> None:
        answers.append(await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR, force=True))

    async with anyio.create_task_group() as group, market.db.transaction() as other:
        await new_pricer().compute(other, [card])
        group.start_soon(ask)
        await until(partial(market.db.fetchval, ROW_WAITS))

    assert answers[0].curves[0].listing_count == 6


async def test_whoever_waits_for_rows_of_another_waits_for_so_long_and_no_longer(
    market: Market, new_pricer: NewPricer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await charizard(market)
    monkeypatch.setattr(live_prices, "WAIT_SECONDS", 0.05)

    async with market.db.transaction() as other:
        await other.execute("update public.price_observations set updated_at = now()")
        with pytest.raises(Unavailable, match="try again"):
            await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)


async def test_whoever_sees_one_org_alone_makes_no_price_for_all(
    market: Market, new_pricer: NewPricer, db: Database
) -> None:
    card = await charizard(market)

    async with db.transaction() as connection:
        await connection.execute("select set_config('mintmark.org_id', gen_random_uuid()::text, true)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="confined to an org"):
            await new_pricer().compute(connection, [card])


async def test_a_row_that_is_written_anew_while_it_is_read_still_has_its_name(
    market: Market, new_pricer: NewPricer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await charizard(market)
    async with market.db.transaction() as connection:
        await judge_prints(connection, [card])
    weigh = comps.SQL["weigh_sources"]
    meanwhile = f"with w as (update public.price_observations set judged_by = null returning 1) {weigh}"
    monkeypatch.setattr(comps, "SQL", {**comps.SQL, "weigh_sources": meanwhile})

    live = await get_live_price(market.db, new_pricer(), card, fresh_for=HOUR)

    assert live.curves[0].prices["NM"][0] == Decimal("300.00")
