"""Rows 24 and 25: a budget that many workers spend at once while they are killed and calls go wrong."""

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle
from uuid import UUID

import pytest

from tests.chaos.books import audit, repeated_against_the_rule, unattributed, watching
from tests.chaos.conftest import Times
from tests.chaos.market import HASTY, DyingFleet, Market, dying_fleet
from tests.chaos.shop import MOST
from tests.queue.scene import until
from worker.db import Record
from worker.runs.prices import Repeat

CAP = 1000
THRESHOLDS = [50, 80, 100]
ENOUGH = 10**7
STEPS = 8
TROUBLE = 0.08
WARNED = "select (data ->> 'percent')::int from worker.run_events where event = 'budget_warning'"
RETRY = "select worker.retry_job(h.id) from worker.job_history h where h.state = 'failed' order by h.id"
ALERTED = "select key from worker.alerts where alert = 'budget_warning'"


@pytest.mark.timeout(900)
@pytest.mark.scorecard(24)
async def test_what_the_shop_takes_never_passes_the_cap_and_the_ledger_is_right_at_every_look(
    market: Market, times: Times, seed: int, record_property: Callable[[str, object], None]
) -> None:
    rounds = times(2, 12)
    run = await a_large_order(market, jobs=22 * rounds)
    unspent: list[Decimal] = []
    pauses, overspent = 0, Decimal(0)

    async with watching(market.stage.db, market.receipts) as watch:
        async with dying_fleet(market, random.Random(seed)) as fleet:
            for number in range(rounds):
                cap = CAP * (number + 1)
                await market.resume(run, cap)
                left, times_paused = await spend_all(market, run)
                overspent = max(overspent, market.receipts.charged() - cap)
                assert market.receipts.charged() <= left["spent"] + left["reserved"] <= cap
                pauses += times_paused
                unspent.append(left["room"])
        seen = watch.looks
        set_aside = await finish(market, run)

    verdict = await market.stage.verdict()
    spent = (await market.run(run))["spent"]
    record_property(
        "figures",
        f"4 processes of 8 slots, {rounds} budgets of {CAP} cents, prices from 0.1 to {MOST} cents:"
        f" overspend {overspent}, {told(fleet)}, {market.receipts.calls().total()} calls; sums equal to"
        f" counters at {seen} looks;"
        f" paused {pauses} times, left over {max(unspent):.2f} cents at most; in the end"
        f" {market.receipts.charged():.2f} cents taken, {spent:.2f} spent, no checkpointed step repeated,"
        f" {set_aside} jobs set aside for their crashes and retried;"
        f" {verdict.figures()}",
    )
    assert fleet.toll.by_point + fleet.toll.at_random >= rounds
    assert verdict.states == {"completed": verdict.acknowledged}
    assert market.receipts.went_back() == []
    assert await repeated_against_the_rule(market.stage.db) == []
    assert market.receipts.charged() <= spent


@pytest.mark.timeout(900)
@pytest.mark.scorecard(25)
async def test_each_threshold_of_a_budget_is_said_once_however_often_it_is_passed(
    market: Market, times: Times, seed: int, record_property: Callable[[str, object], None]
) -> None:
    flat, landings = 20, times(3, 40)
    await market.stage.db.execute("select worker.set_org(warn_percents => $1)", THRESHOLDS)
    run = await a_large_order(market, jobs=20 + 2 * landings, flat=flat)

    async with dying_fleet(market, random.Random(seed), gap=0.7) as fleet:
        await market.resume(run, CAP)
        await spend_all(market, run)
        landed = await reach_the_last_cent(market, run, flat=flat, landings=landings)

    warned = [row[0] for row in await market.stage.db.fetch(WARNED)]
    alerted = [row[0] for row in await market.stage.db.fetch(ALERTED)]
    record_property(
        "figures",
        f"4 processes of 8 slots, {told(fleet)}; 100 % reached {landed} times: events"
        f" {dict(Counter(warned))}, alerts {len(alerted)}",
    )
    assert sorted(warned) == THRESHOLDS
    assert sorted(alerted) == sorted(f"budget_warning/{run}/{percent}" for percent in THRESHOLDS)


async def a_large_order(market: Market, *, jobs: int, **payload: object) -> UUID:
    """A paused run of many jobs, in each way of repeating, that has spent nothing."""
    given = {"items": STEPS, "trouble": TROUBLE, "seconds": 0.03, **payload}
    run = await market.start(cap=0, **given)
    for _, repeat in zip(range(jobs - 1), cycle(Repeat), strict=False):
        await market.add(run, repeat=repeat, **given)
    await market.stage.db.execute("select worker.pause_run($1)", run)
    return run


async def spend_all(market: Market, run: UUID) -> tuple[Record, int]:
    """Let a run go on until no call is sure to fit its budget; answers what is left and how often it paused.

    Each time, no more is left than the calls could have cost that were being made, and the one denied.
    """
    pauses = 0
    while True:
        left = await market.at_rest(run)
        assert left["reason"] == "budget"
        pauses += 1
        assert left["room"] <= await market.in_flight(run) * MOST
        if left["room"] < MOST:
            return left, pauses
        await market.resume(run)


async def reach_the_last_cent(market: Market, run: UUID, *, flat: int, landings: int) -> int:
    """Give a run exactly the price of one call more, again and again; answers how often it was used up."""
    landed = 0
    for _ in range(10 * landings):
        left = await market.at_rest(run)
        await market.resume(run, left["spent"] + left["reserved"] + flat)
        await market.at_rest(run)
        reached = await market.stage.db.fetchval("select 100 = any (warned_percents) from worker.runs")
        landed += bool(reached)
        if landed == landings:
            return landed
    raise AssertionError("the last cent was not reached")


async def finish(market: Market, run: UUID) -> int:
    """Buy the rest with enough money, by workers that live, until the books are closed.

    A job that was struck three times before it got on has been set aside; answers how many were retried.
    """
    await market.resume(run, ENOUGH)
    for _ in range(2):
        market.hire(patience=HASTY)
    await all_closed(market, run)
    set_aside = await market.stage.db.fetch(RETRY)
    await all_closed(market, run)
    assert (await market.run(run))["state"] == "completed"
    books = [one for one in await audit(market.stage.db) if one["book"] == "run"]
    assert [one["reserved"] for one in books] == [0]
    assert await unattributed(market.stage.db) == [0]
    return len(set_aside)


async def all_closed(market: Market, run: UUID) -> None:
    """Wait until every job has ended, and the run with them."""
    await market.stage.all_ended(seconds=120)

    async def is_closed() -> bool:
        return (await market.run(run))["state"] in ("completed", "failed")

    await until(is_closed)


def told(fleet: DyingFleet) -> str:
    """The fleet's toll in words."""
    toll = fleet.toll
    return f"{toll.by_point} deaths at a point and {toll.at_random} at random, {toll.frozen} freezes"
