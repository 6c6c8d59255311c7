"""Row 26: a run that is paused at any moment starts nothing that costs money after the reply."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import anyio
import pytest

from tests.chaos.books import audit
from tests.chaos.conftest import Times
from tests.chaos.market import Market
from worker.runs.prices import Repeat

GRANTED = "select l.id, l.fence from worker.ledger l"
JOBS = 120
ENDLESS = 10**6
ANSWER_SECONDS = 0.05
SLACK = 5.0
"""Seconds for a busy machine, beyond the patience of the calls that are being made."""


@dataclass(frozen=True, slots=True)
class Paused:
    """One pause: what its reply said, and what came after it."""

    in_flight: int
    granted_after: int
    called_after: int
    seconds: float
    """Until nobody was at work any more."""


@pytest.mark.timeout(900)
@pytest.mark.scorecard(26)
async def test_after_the_reply_to_a_pause_nothing_is_reserved_and_no_more_is_called_than_it_said(
    market: Market, times: Times, seed: int, record_property: Callable[[str, object], None]
) -> None:
    pauses, chance = times(6, 100), random.Random(seed)
    order = {"items": ENDLESS, "seconds": ANSWER_SECONDS}
    run = await market.start(cap=10**9, **order)
    for number in range(JOBS - 1):
        await market.add(run, repeat=list(Repeat)[number % len(Repeat)], **order)
    for worker in [market.hire() for _ in range(4)]:
        await worker.ready()

    seen = []
    for _ in range(pauses):
        before = market.receipts.calls().total()
        await until_something_is_sold(market, before)
        await anyio.sleep(chance.uniform(0, 0.3))  # The moment is what is tried here.
        seen.append(await pause(market, run))
        await market.resume(run)

    await market.stage.db.execute("select worker.cancel_run($1)", run)
    await market.stage.all_ended()
    verdict = await market.stage.verdict()
    calls = market.receipts.calls()
    record_property(
        "figures",
        f"{pauses} pauses with {sum(one.in_flight for one in seen)} jobs in flight: reservations after"
        f" the reply {sum(one.granted_after for one in seen)}, calls after it"
        f" {sum(one.called_after for one in seen)};"
        f" at rest after {max(one.seconds for one in seen):.2f} s at most;"
        f" {calls.total()} calls, {calls.total() - len(calls)} steps repeated; {verdict.figures()}",
    )
    assert any(one.in_flight for one in seen)
    assert [one for one in seen if one.granted_after] == []
    assert [one for one in seen if one.called_after > one.in_flight] == []
    assert max(one.seconds for one in seen) < ANSWER_SECONDS + SLACK
    assert calls.total() == len(calls)
    assert market.receipts.charges() == calls
    await audit(market.stage.db)


async def until_something_is_sold(market: Market, before: int) -> None:
    with anyio.fail_after(20):
        while market.receipts.calls().total() == before:  # noqa: ASYNC110 - it is told by another process.
            await anyio.sleep(0.01)


async def pause(market: Market, run: UUID) -> Paused:
    """Pause, and compare what was granted at the reply with what is when all have come to rest.

    A reservation that an attempt takes over from one before it is granted too: it changes its fence.
    """
    db = market.stage.db
    in_flight: int = await db.fetchval("select worker.pause_run($1)", run)
    replied = time.monotonic()
    granted = {tuple(row) for row in await db.fetch(GRANTED)}
    await market.at_rest(run)
    seconds = time.monotonic() - replied
    later = {tuple(row) for row in await db.fetch(GRANTED)}
    return Paused(in_flight, len(later - granted), market.receipts.arrived_since(replied), seconds)
