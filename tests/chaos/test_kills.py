"""Row 1: workers that are killed at random."""

import random
import signal
from collections.abc import Callable

import anyio
import pytest

from tests.chaos.conftest import Times
from tests.chaos.fleet import LEASE
from tests.chaos.journal import Journal
from tests.chaos.stage import Stage

GAP = 0.6
SLOTS = 6


@pytest.mark.scorecard(1)
async def test_workers_killed_at_random_lose_no_job_and_finish_none_twice(
    stage: Stage, times: Times, seed: int, record_property: Callable[[str, object], None]
) -> None:
    kills, jobs, chance = times(10, 200), times(300, 2000), random.Random(seed)
    killed: dict[int, float] = {}
    workers = await stage.ready(3, concurrency=SLOTS)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: stage.produce(jobs, a_second=jobs / (kills * GAP), steps=3, seconds=0.15))
        for _ in range(kills):
            await anyio.sleep(GAP * chance.uniform(0.5, 1.5))  # The moment is what is tried here.
            victim = workers.pop(chance.randrange(len(workers)))
            victim.signal(signal.SIGKILL)
            killed[victim.pid] = anyio.current_time()
            workers.append(stage.worker(concurrency=SLOTS))
    await stage.all_ended(seconds=60)

    verdict = await stage.verdict()
    waits = taken_over_after(stage.journal, killed)
    late = waits[int(len(waits) * 0.99)] if waits else 0.0
    record_property(
        "figures",
        f"{kills} kills, {len(waits)} jobs taken over, p99 after {late:.1f} s with a lease of {LEASE:g} s;"
        f" {verdict.figures()}",
    )
    assert waits, "no kill struck a job"
    assert late <= LEASE + 2
    # One that is struck three times before it commits anything cannot be told from a killer.
    quarantined = verdict.states.get("failed", 0)
    assert quarantined <= jobs / 100
    assert verdict.states["completed"] == verdict.acknowledged - quarantined
    assert verdict.tries_used == 0


def taken_over_after(journal: Journal, killed: dict[int, float]) -> list[float]:
    """Seconds from a kill to the next begin of each job that was cut off by it, the shortest first.

    Only a job's first: one that is struck again is suspected, and worked apart from others of that sort.
    """
    ended = {(entry.job, entry.fence) for entry in journal.entries("end")}
    begun = journal.entries("begin")
    cut = [entry for entry in begun if entry.pid in killed and (entry.job, entry.fence) not in ended]
    first = {entry.job: entry for entry in reversed(cut)}
    waits = []
    for one in first.values():
        later = [entry.at for entry in begun if entry.job == one.job and entry.fence > one.fence]
        waits += [min(later) - killed[one.pid]] if later else []
    return sorted(waits)
