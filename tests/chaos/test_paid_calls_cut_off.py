"""Row 2: workers that are killed around a paid call, at every point of its way."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from uuid import UUID

import anyio
import pytest

from tests.chaos.books import audit, unattributed
from tests.chaos.buyer import CHARGED, GIVEN_UP, POINTS, UNCOMMITTED, Death
from tests.chaos.conftest import Times
from tests.chaos.fleet import Worker
from tests.chaos.market import Market
from tests.chaos.receipts import Step
from worker.db import Database
from worker.runs.prices import Repeat

AT_ONCE = 5
STEPS = 4
STOCK = 12
LEDGER = "select l.job_id, l.step::int, l.state::text, l.repeat::text from worker.ledger l"
ITEMS = "select i.external_id, i.state::text, i.error_code from worker.items i"


@pytest.mark.timeout(900)
@pytest.mark.scorecard(2)
async def test_a_worker_killed_around_a_paid_call_repeats_one_step_at_most_and_pays_no_key_twice(
    market: Market, times: Times, seed: int, record_property: Callable[[str, object], None]
) -> None:
    each, chance = times(1, 20), random.Random(seed)
    deaths = [Death(*one, chance.randint(2, 4)) for one in product(POINTS, Repeat) for _ in range(each)]
    deaths += [Death(GIVEN_UP, Repeat.NEVER, 1) for _ in range(each)]
    chance.shuffle(deaths)
    runs = {repeat: await market.start(cap=10**6, items=STEPS, repeat=repeat) for repeat in Repeat}

    async with anyio.create_task_group() as group:
        group.start_soon(stock_up, market, runs)
        await all_die(market, deaths)
        group.cancel_scope.cancel()
    for _ in range(2):
        market.hire()
    await market.stage.all_ended(seconds=90)

    verdict = await market.stage.verdict()
    found = await what_happened(market)
    struck = Counter((point, found.repeat[step]) for step, point in found.deaths)
    unknown = sum(state == "unknown" for states in found.ledger.values() for state in states)
    record_property(
        "figures",
        f"{len(found.deaths)} kills at {len(POINTS) + 1} points, {found.repeated()} steps begun again, keys"
        f" charged twice 0, {unknown} outcomes unknown, those not to be repeated retried 0 times;"
        f" {verdict.figures()}",
    )
    assert struck == dict.fromkeys([*product(POINTS, Repeat), (GIVEN_UP, Repeat.NEVER)], each)
    assert set(verdict.states) == {"completed"}
    assert found.repeated() <= len(found.deaths)
    assert found.calls.keys() <= found.repeat.keys()
    assert found.misjudged() == []
    await no_cent_is_missing(market)


async def stock_up(market: Market, runs: dict[Repeat, UUID]) -> None:
    """See that there is always something to buy, in each way."""
    waiting = "select run_id, count(*) from worker.jobs where state = 'pending' group by run_id"
    while True:
        left = {row["run_id"]: row["count"] for row in await market.stage.db.fetch(waiting)}
        for repeat, run in runs.items():
            for _ in range(left.get(run, 0), STOCK):
                await market.add(run, items=STEPS, repeat=repeat)
        await anyio.sleep(0.05)


async def all_die(market: Market, deaths: Iterable[Death]) -> None:
    """Let workers of one slot die one death each, some at a time."""
    places = anyio.CapacityLimiter(AT_ONCE)

    async def die(death: Death) -> None:
        async with places:
            worker: Worker = market.hire(slots=1, death=death)
            assert await worker.exit_code(seconds=60) < 0, worker.text()

    async with anyio.create_task_group() as group:
        for death in deaths:
            group.start_soon(die, death)


@dataclass(frozen=True, slots=True)
class Found:
    """What each side says of every step."""

    deaths: list[tuple[Step, str]]
    repeat: dict[Step, Repeat]
    ledger: dict[Step, list[str]]
    items: dict[Step, tuple[str, str | None]]
    calls: Counter[Step]
    charges: Counter[Step]

    def repeated(self) -> int:
        """How many calls came for steps whose call had come before."""
        return self.calls.total() - len(self.calls)

    def misjudged(self) -> list[object]:
        """Name every step of which the books say something else than its deaths and the shop's receipts."""
        return [
            (step, points, self.ledger[step], self.items.get(step), self.calls[step], self.charges[step])
            for step in self.repeat
            if not self._is_right(step, points := [point for at, point in self.deaths if at == step])
        ]

    def _is_right(self, step: Step, points: list[str]) -> bool:
        """Compare with what must follow from the deaths at a step, the first of them first."""
        cut = [point for point in points if point in (*UNCOMMITTED, GIVEN_UP)]
        taken = sum(point in CHARGED for point in cut)
        expected: tuple[list[str], tuple[str, str | None], int, int]
        match self.repeat[step]:
            case Repeat.NEVER if cut:
                made = int(cut[0] in (*CHARGED, GIVEN_UP))
                expected = (["unknown"], ("failed", "outcome_unknown"), made, made)
            case Repeat.SAME_KEY:
                expected = (["settled"], ("completed", None), taken + 1, 1)
            case _:
                expected = (["unknown"] * len(cut) + ["settled"], ("completed", None), taken + 1, taken + 1)
        return expected == (self.ledger[step], self.items.get(step), self.calls[step], self.charges[step])


async def what_happened(market: Market) -> Found:
    db, journal = market.stage.db, market.stage.journal
    ledger: dict[Step, list[str]] = {}
    repeat: dict[Step, Repeat] = {}
    for job, step, state, how in await db.fetch(f"{LEDGER} order by l.id"):
        ledger.setdefault(Step(job, step), []).append(state)
        repeat[Step(job, step)] = Repeat(how)
    noted = [
        (one.at, Step(one.job, one.step), point)
        for point in (*POINTS, GIVEN_UP)
        for one in journal.entries(f"death {point}")
    ]
    deaths = [(step, point) for _, step, point in sorted(noted)]
    return Found(
        deaths, repeat, ledger, await items_by_step(db), market.receipts.calls(), market.receipts.charges()
    )


async def items_by_step(db: Database) -> dict[Step, tuple[str, str | None]]:
    rows = await db.fetch(ITEMS)
    return {Step(*map(int, name.split("/"))): (state, code) for name, state, code in rows}


async def no_cent_is_missing(market: Market) -> None:
    """Nothing is held any more, the sums are right, and no less is spent than the shop has taken."""
    books = [one for one in await audit(market.stage.db) if one["book"] == "run"]
    assert [one["reserved"] for one in books] == [0] * len(books)
    assert sum(one["spent"] for one in books) >= market.receipts.charged()
    assert await unattributed(market.stage.db) == [Decimal(0)] * len(books)
