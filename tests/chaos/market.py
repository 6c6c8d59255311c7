"""A stage with a shop: runs that pay, workers that buy, and deaths where they hurt."""

import json
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import anyio

from tests.chaos.buyer import API, GIVEN_UP, POINTS, Buyer, Death
from tests.chaos.fleet import LEASE, Worker
from tests.chaos.receipts import Receipts
from tests.chaos.stage import Stage
from tests.queue.scene import until
from worker.app import kinds_of
from worker.db import Record
from worker.queue.jobs import Jobs

PATIENT = 20.0
HASTY = 0.4
FREEZES = 0.3
"""Share of what strikes at random that is a freeze and no kill."""
START = "select worker.start_run('purchase', $1::jsonb, budget_cap_cents => $2)"
ADD = "select worker.enqueue('purchase', $1::jsonb, run_id => $2)"
RUN = """
select r.state::text, r.reason, r.budget_cap_cents as cap, r.spent_cents as spent,
       r.reserved_cents as reserved,
       exists (select from worker.jobs j where j.run_id = r.id and j.state = 'running') as at_work,
       r.budget_cap_cents - r.spent_cents - r.reserved_cents as room
  from worker.runs r where r.id = $1
"""
IN_FLIGHT = """
select (e.data ->> 'in_flight')::int from worker.run_events e
 where e.run_id = $1 and e.event = 'paused' order by e.id desc limit 1
"""


@dataclass(slots=True)
class Market:
    """A stage, and the shop that its workers buy from."""

    stage: Stage
    url: str
    receipts: Receipts
    seed: int

    async def open(self) -> None:
        """Make the kind and the shop's quota known."""
        await Jobs(self.stage.db).publish(kinds_of([Buyer(self.stage.journal)], self.stage.db))
        await self.stage.db.execute("select worker.set_quota($1, 1000000)", API)

    async def start(self, *, cap: object, **payload: Any) -> UUID:
        """Start a run with one job."""
        text = json.dumps({"seed": self.seed, **payload})
        run: UUID = await self.stage.db.fetchval(START, text, Decimal(str(cap)))
        job = await self.stage.db.fetchval("select id from worker.jobs where run_id = $1", run)
        self.stage.journal.write("acknowledged", job)
        return run

    async def add(self, run: UUID, **payload: Any) -> None:
        """Enqueue one more job into a run."""
        text = json.dumps({"seed": self.seed, **payload})
        self.stage.journal.write("acknowledged", await self.stage.db.fetchval(ADD, text, run))

    def hire(self, *, slots: int = 8, patience: float = PATIENT, death: Death | None = None) -> Worker:
        """Start a worker that buys, and that dies where it is ordered."""
        environment = {"SHOP_URL": self.url, "SHOP_PATIENCE": str(patience)}
        environment |= {"SHOP_DEATH": death.text()} if death else {}
        return self.stage.worker(concurrency=slots, environment=environment)

    async def run(self, run: UUID) -> Record:
        """A run's state and money, and whether a job of it is at work."""
        row = await self.stage.db.fetchrow(RUN, run)
        assert row is not None
        return row

    async def at_rest(self, run: UUID) -> Record:
        """Wait until a run is paused and nobody is at work on it any more; answers it."""

        async def rests() -> Record | None:
            row = await self.run(run)
            return row if row["state"] == "paused" and not row["at_work"] else None

        row = await until(rests, seconds=60)
        assert row is not None
        return row

    async def resume(self, run: UUID, cap: object = None) -> None:
        """Let a run go on, with another cap if one is given."""
        wanted = None if cap is None else Decimal(str(cap))
        await self.stage.db.execute("select worker.resume_run($1, $2)", run, wanted)

    async def in_flight(self, run: UUID) -> int:
        """How many jobs were at work when the run was last paused, as its log says."""
        count: int = await self.stage.db.fetchval(IN_FLIGHT, run)
        return count


@dataclass(slots=True)
class Toll:
    """What became of workers: they died by their own hand at a point, or by ours at any moment."""

    by_point: int = 0
    at_random: int = 0
    frozen: int = 0
    """Stopped until their jobs were others', and woken."""


@dataclass(slots=True)
class DyingFleet:
    """So many workers, one killed now and then, each also ordered to die at a point; all are replaced."""

    market: Market
    chance: random.Random
    gap: float
    size: int = 4
    toll: Toll = field(default_factory=Toll)
    workers: list[Worker] = field(default_factory=list)
    woken: list[Worker] = field(default_factory=list)

    def hire(self) -> Worker:
        point = self.chance.choice((*POINTS, GIVEN_UP))
        death = Death(point, None, 1 if point == GIVEN_UP else self.chance.randint(10, 50))
        return self.market.hire(patience=HASTY, death=death)

    async def suffer(self) -> None:
        """Kill and replace, again and again; who was frozen lives beside the others until the next strike."""
        while True:
            with anyio.move_on_after(self.gap * self.chance.uniform(0.5, 1.5)):
                await self._replace_the_dead()
            self.end(self.woken)
            victim = self.workers.pop(self.chance.randrange(self.size))
            if self.chance.random() < FREEZES:
                await self._freeze(victim)
            else:
                victim.end()
                self.toll.at_random += 1
            self.workers.append(self.hire())

    async def _freeze(self, victim: Worker) -> None:
        """Let a worker wake when its jobs are others', beside the one that takes its place."""
        self.woken.append(victim)
        self.toll.frozen += 1
        victim.signal(signal.SIGSTOP)
        try:
            await anyio.sleep(LEASE + 0.5)  # The lease must run out for real.
        finally:
            victim.signal(signal.SIGCONT)

    def end(self, workers: list[Worker]) -> None:
        """Let workers be gone."""
        while workers:
            workers.pop().end()

    async def _replace_the_dead(self) -> None:
        while True:
            for place, worker in enumerate(self.workers):
                if (code := worker.code()) is not None:
                    assert code == -signal.SIGKILL, worker.text()
                    self.toll.by_point += 1
                    self.workers[place] = self.hire()
            await anyio.sleep(0.05)


@asynccontextmanager
async def dying_fleet(
    market: Market, chance: random.Random, *, gap: float = 1.5
) -> AsyncIterator[DyingFleet]:
    """Let workers die for as long as the block lasts; in the end all are dead, and nobody is at work."""
    fleet = DyingFleet(market, chance, gap=gap)
    fleet.workers = [fleet.hire() for _ in range(fleet.size)]
    for worker in fleet.workers:
        await worker.ready()
    async with anyio.create_task_group() as group:
        group.start_soon(fleet.suffer)
        yield fleet
        group.cancel_scope.cancel()
    fleet.end(fleet.workers)
    fleet.end(fleet.woken)
