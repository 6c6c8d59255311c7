"""Rows 3 and 4: workers that are frozen past their lease and woken, and workers that are told to stop."""

import random
import signal
from collections.abc import Callable
from contextlib import suppress

import anyio
import asyncpg
import pytest

from tests.chaos.conftest import Times
from tests.chaos.fleet import LEASE, Worker
from tests.chaos.stage import Stage
from tests.queue.scene import alive, claimed, let_die, until
from worker.queue.rescue import rescue
from worker.runs.work import SQL

Record = Callable[[str, object], None]
GRACE = 2.0
SLACK = 2.0
"""Seconds for a start on a busy machine that is in the middle of comparing the schema, in a thread."""
SEAL = SQL["seal"]
AT_ONCE = 2


@pytest.mark.scorecard(3)
async def test_workers_frozen_past_their_lease_have_every_late_write_refused(
    stage: Stage, times: Times, seed: int, record_property: Record
) -> None:
    freezes, chance = times(3, 50), random.Random(seed)
    workers = await stage.ready(2, concurrency=4)
    struck = refused = 0

    async with stage.producing(a_second=3, steps=8, seconds=0.8):
        for _ in range(freezes):
            zombie = await stage.holder(workers, chance)
            await anyio.sleep(chance.uniform(0, 0.2))  # The moment is what is tried here.
            held, late = await frozen_and_woken(stage, zombie)
            struck, refused = struck + (held > 0), refused + (held > 0 and late > 0)
    await stage.all_ended()

    verdict = await stage.verdict()
    lost = sum(len(worker.said("lease_lost")) for worker in workers)
    counted = sum([await counter(worker, "mintmark_lease_lost_total") for worker in workers])
    record_property(
        "figures",
        f"{freezes} freezes, {struck} of a worker with jobs, in {refused} of them late results were refused,"
        f" {lost} in all;"
        f" {verdict.figures()}",
    )
    assert struck
    assert refused >= 0.8 * struck
    assert counted == lost
    assert verdict.tries_used == 0
    assert set(verdict.states) == {"completed"}
    assert [worker.code() for worker in workers] == [None, None]


async def frozen_and_woken(stage: Stage, zombie: Worker) -> tuple[int, int]:
    """Freeze a worker until its jobs are others', and wake it; how many it held, how many were refused."""
    before = len(zombie.said("lease_lost"))
    zombie.signal(signal.SIGSTOP)

    async def has_lost_everything() -> bool:
        return not await stage.held_by(zombie)

    try:
        await anyio.sleep(0.1)  # What was on its way to the server has arrived.
        held = len(await stage.held_by(zombie))
        await anyio.sleep(LEASE)  # The lease must run out for real.
        await until(has_lost_everything, seconds=LEASE + 5)
    finally:
        zombie.signal(signal.SIGCONT)
    await stage.until_it_claims(zombie)

    async def is_refused() -> bool:
        return not held or len(zombie.said("lease_lost")) > before

    with suppress(TimeoutError):  # How often is what is counted.
        await until(is_refused, seconds=5)
    return held, len(zombie.said("lease_lost")) - before


async def counter(worker: Worker, name: str) -> float:
    """What a worker's metrics say of a counter without labels."""
    lines = (await worker.ask("/metrics")).text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))


@pytest.mark.scorecard(3)
async def test_a_worker_frozen_before_its_commit_does_not_keep_the_job_from_being_rescued(
    stage: Stage, record_property: Record
) -> None:
    worker = await alive(stage.db)
    id_ = await stage.enqueue()
    (held,) = await claimed(stage.db, worker, "trial")
    async with stage.db.connection() as frozen:
        await frozen.execute("begin")
        await frozen.fetchrow(SEAL, None, held.id, held.fence, None, 0, 0, 0, 0)
        await let_die(stage.db, worker)
        began = anyio.current_time()
        assert not (await rescue(stage.db)).all(), "its row is locked"

        async def is_rescued() -> bool:
            return [job.id for job in (await rescue(stage.db)).waiting] == [id_]

        await until(is_rescued)

        took = anyio.current_time() - began
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await frozen.execute("commit")
    record_property("figures", f"the server let go of the job after {took:.1f} s")
    assert took <= 7


@pytest.mark.scorecard(4)
async def test_a_worker_that_is_told_to_stop_at_any_moment_is_out_in_time_and_refunds_the_try(
    stage: Stage, times: Times, seed: int, record_property: Record
) -> None:
    chance = random.Random(seed)
    offsets = [chance.uniform(0, 1.5) for _ in range(times(5, 20))]
    jobs = [await stage.enqueue(steps=steps, seconds=600) for steps in (1, 6000) * 2]
    took: list[float] = []

    async def stop_after(seconds: float) -> None:
        worker = stage.worker(concurrency=2, grace_seconds=GRACE)

        async def hears() -> bool:
            return worker.can_hear()

        await until(hears)
        await anyio.sleep(seconds)  # The moment is what is tried here.
        worker.signal(signal.SIGTERM)
        began = anyio.current_time()
        assert await worker.exit_code() == 0, worker.text()
        took.append(anyio.current_time() - began)

    for start in range(0, len(offsets), AT_ONCE):
        async with anyio.create_task_group() as group:
            for offset in offsets[start : start + AT_ONCE]:
                group.start_soon(stop_after, offset)

    rows = await stage.db.fetch(
        "select id, state::text, attempt, crashes, (checkpoint ->> 'done')::int from worker.jobs order by id"
    )
    written = await stage.db.fetch(
        "select job, max(step) + 1 from public.trial_writes group by job order by job"
    )
    kept = [(row["id"], row["int4"]) for row in rows if row["int4"] is not None]
    begun = len(stage.journal.entries("begin"))
    record_property(
        "figures",
        f"{len(offsets)} stops up to {max(offsets):.1f} s after the start, {begun} handlers cut off,"
        f" all out with code 0, the slowest after {max(took):.1f} s with a grace of {GRACE:g} s;"
        f" {len(kept)} checkpoints kept",
    )
    assert max(took) <= GRACE + 1 + SLACK
    assert [tuple(row)[:4] for row in rows] == [(job, "pending", 0, 0) for job in jobs]
    assert kept == [tuple(row) for row in written]
    assert begun, "no stop met a handler at work"
    assert await stage.db.fetchval("select count(*) from worker.workers") == 0
