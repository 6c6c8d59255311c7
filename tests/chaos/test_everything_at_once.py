"""Sixteen at once that claim, finish, put back, cancel, pause, resume, rescue and retry."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from tests.chaos.conftest import Times
from tests.queue.scene import alive, claimed, enqueue, errand, kinds, let_die
from worker.db import Database, open_database
from worker.errors import Refused
from worker.queue.contract import Job
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.rescue import rescue
from worker.queue.states import LAWFUL, JobState
from worker.runs.closing import Closer

pytestmark = pytest.mark.scorecard(15)

HANDS = 16
RUNS = 6
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
# What became of each job in each transaction: the first state that was left, the last that was reached.
WATCH = """
create table public.moves (
    n bigint generated always as identity, tx bigint, id bigint, was text, became text
);
create function public.note() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = new.state then return null; end if;
    insert into public.moves (tx, id, was, became)
    values (txid_current(), coalesce(new.id, old.id), old.state, new.state);
    return null;
end $$;
create trigger note after insert or update or delete on worker.jobs
    for each row execute function public.note();
create trigger note after insert or update or delete on worker.job_history
    for each row execute function public.note();
"""
MOVES = """
select distinct (array_agg(was order by n) filter (where was is not null))[1] as was,
       (array_agg(became order by n desc) filter (where became is not null))[1] as became
  from public.moves group by tx, id
"""
_S = JobState
# Two moves in one transaction: a resume before its time, a retry into a run that is held.
BY_THE_WAY = {(_S.PAUSED, _S.SCHEDULED), (_S.FAILED, _S.PAUSED), (_S.CANCELLED, _S.PAUSED)}
ALLOWED = {(was, became) for (was, _), became in LAWFUL.items()} | BY_THE_WAY
BIRTHS = {_S.SCHEDULED, _S.PENDING, _S.PAUSED}


class Hand:
    """One of the sixteen: a worker, a producer and an operator in one."""

    def __init__(self, db: Database, worker: UUID, runs: list[UUID], chance: random.Random) -> None:
        self.db, self.worker, self.runs, self.chance = db, worker, runs, chance
        self.jobs = Jobs(db)
        self.held: list[Job] = []
        self.made: list[int] = []

    async def produce(self) -> None:
        named: dict[str, Any] = {
            "run_id": self.chance.choice([None, *self.runs]),
            "concurrency_key": self.chance.choice([None, "one", "two"]),
            "priority": self.chance.randrange(3),
        }
        if self.chance.random() < 0.2:
            named["run_at"] = datetime.now(UTC) + timedelta(milliseconds=50)
        if self.chance.random() < 0.2:
            named["dedupe_key"] = self.chance.choice("abc")
        self.made.append(await enqueue(self.db, **named))

    async def claim(self) -> None:
        self.held += await claimed(self.db, self.worker, limit=5)

    async def finish(self) -> None:
        gone = await self.jobs.complete(self.held)
        await self._let_go(gone)

    async def fail(self) -> None:
        gone = await self.jobs.finish(
            [Finished(job, JobState.FAILED, "failed", "x", "y") for job in self.held]
        )
        await self._let_go(gone)

    async def put_back(self) -> None:
        delay = timedelta(milliseconds=self.chance.choice([0, 20]))
        kept = await self.jobs.put_back([PutBack(job, delay, counted=False, reason="x") for job in self.held])
        lost = [job for job in self.held if job.id not in kept]
        gone = await self.jobs.finish([Finished(job, JobState.CANCELLED, "cancelled") for job in lost])
        await self._let_go(kept | gone)

    async def _let_go(self, ours: set[int]) -> None:
        await self.jobs.free_keys(
            {j.concurrency_key for j in self.held if j.concurrency_key and j.id in ours}
        )
        self.held = []

    async def die(self) -> None:
        await let_die(self.db, self.worker)
        self.worker = await alive(self.db)  # What it holds it tries to write all the same.

    async def rescue(self) -> None:
        rescued = await rescue(self.db)
        await self.jobs.free_keys({job.concurrency_key for job in rescued.all() if job.concurrency_key})

    async def keep(self) -> None:
        await self.jobs.fall_due(10)
        await self.jobs.free_keys(await self.jobs.waiting_keys(10))

    async def cancel_job(self) -> None:
        await self._ask("cancel_job", "select id from worker.jobs order by random() limit 1")

    async def retry_job(self) -> None:
        await self._ask("retry_job", "select id from worker.job_history order by random() limit 1")

    async def _ask(self, door: str, which: str) -> None:
        id_ = await self.db.fetchval(which)
        if id_ is not None:
            await self.db.execute(f"select worker.{door}($1)", id_)

    async def steer(self) -> None:
        door = self.chance.choice(["pause_run", "resume_run", "resume_run", "retry_failed"])
        await self.db.execute(f"select worker.{door}($1)", self.chance.choice(self.runs))

    async def cancel_run(self) -> None:
        if self.chance.random() < 0.1:
            await self.db.execute("select worker.cancel_run($1)", self.chance.choice(self.runs))

    async def close(self) -> None:
        await Closer(self.db, {}).sweep()

    async def steer_queue(self) -> None:
        await self.db.execute("select worker.pause_queue('default')")
        await self.db.execute("select worker.resume_queue('default')")

    async def work(self, until: float) -> int:
        count = 0
        while time.monotonic() < until:
            act = self.chance.choices(ACTS, WEIGHTS)[0]
            try:
                await act(self)
            except Refused as refused:
                if refused.code not in {"MM003", "MM004"}:
                    raise
            count += 1
        return count


Act: TypeAlias = Callable[[Hand], Awaitable[None]]
OFTEN: list[tuple[Act, int]] = [
    (Hand.produce, 12), (Hand.claim, 8), (Hand.finish, 4), (Hand.fail, 1), (Hand.put_back, 2), (Hand.die, 1),
    (Hand.rescue, 2), (Hand.keep, 3), (Hand.cancel_job, 2), (Hand.retry_job, 3), (Hand.steer, 3),
    (Hand.cancel_run, 1), (Hand.close, 1), (Hand.steer_queue, 1),
]  # fmt: skip
ACTS, WEIGHTS = [act for act, _ in OFTEN], [weight for _, weight in OFTEN]


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, size=HANDS) as database:
        yield database


async def work_off(hand: Hand) -> None:
    """End whatever is left, as a fleet and a patient operator would."""
    for run in hand.runs:
        if await hand.db.fetchval("select state = 'paused' from worker.runs where id = $1", run):
            await hand.db.execute("select worker.resume_run($1)", run)
    await hand.db.execute("update worker.workers set lease_until = now() - interval '1 s'")
    await hand.db.execute("update worker.jobs set run_at = now() - interval '1 s' where state = 'scheduled'")
    hand.worker = await alive(hand.db)
    await hand.rescue()
    await hand.close()
    await hand.keep()
    await hand.claim()
    await hand.put_back() if hand.chance.random() < 0.1 else await hand.finish()


@pytest.mark.timeout(300)
async def test_nothing_deadlocks_no_move_is_unlawful_and_no_job_is_lost(
    crowd: Database, times: Times, seed: int, record_property: Callable[[str, object], None]
) -> None:
    await Jobs(crowd).publish(kinds(errand()))
    await crowd.execute(WATCH)
    runs = [await crowd.fetchval("select worker.start_run('errand')") for _ in range(RUNS)]
    hands = [Hand(crowd, await alive(crowd), runs, random.Random(seed + n)) for n in range(HANDS)]
    until = time.monotonic() + times(4, 60)

    counts = await asyncio.gather(*(hand.work(until) for hand in hands))
    while await crowd.fetchval("select exists (select from worker.jobs)"):
        await work_off(hands[0])

    moves = {(row["was"], row["became"]) for row in await crowd.fetch(MOVES)}
    births = {became for was, became in moves if was is None}
    assert {(was, became) for was, became in moves if was is not None and was != became} <= ALLOWED
    assert births <= BIRTHS
    ended = await crowd.fetch("select id, count(*)::int from worker.job_history group by id")
    assert {row["id"] for row in ended if row["count"] == 1} >= {id_ for hand in hands for id_ in hand.made}
    assert all(row["count"] == 1 for row in ended)
    assert await crowd.fetchval(DEADLOCKS) == 0
    figures = (
        f"{sum(counts)} acts of {HANDS} hands, {len(ended)} jobs, {len(moves)} sorts of moves; deadlocks 0"
    )
    record_property("figures", figures)
