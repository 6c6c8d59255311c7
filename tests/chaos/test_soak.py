"""Row 33: steady load for long, and nothing that grows."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, quantiles

import anyio
import pytest

from tests.chaos.conftest import Times
from tests.chaos.fleet import Worker
from tests.chaos.journal import Journal
from tests.chaos.stage import Stage

JOBS_A_SECOND = 100
LOOKS = 20
MEGABYTE = 1 << 20
MOST_GROWTH_A_MINUTE = 0.5
"""MiB of a worker: what the allocator still takes after a start; a leak would show as more."""
FILES_MORE = 3
PICKUP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a worker takes at one moment."""

    minute: float
    megabytes: float
    files: int


def look_at(worker: Worker, minute: float) -> Look:
    proc = Path(f"/proc/{worker.pid}")
    pages = int((proc / "statm").read_text().split()[1])
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    return Look(minute, megabytes, len([*(proc / "fd").iterdir()]))


def slope(looks: Sequence[Look]) -> float:
    """MiB a minute, over the later two thirds: the first belong to the start."""
    settled = looks[len(looks) // 3 :]
    return linear_regression([one.minute for one in settled], [one.megabytes for one in settled]).slope


def pickups(journal: Journal) -> list[float]:
    """Seconds from when each job was acknowledged to when its handler began, in the order of the jobs."""
    begun = {entry.job: entry.at for entry in journal.entries("begin")}
    told = {entry.job: entry.at for entry in journal.entries("acknowledged")}
    return [max(0.0, begun[job] - at) for job, at in sorted(told.items())]


@pytest.mark.scorecard(33)
async def test_memory_files_and_claims_stay_flat_under_steady_load(
    stage: Stage, times: Times, record_property: Callable[[str, object], None]
) -> None:
    seconds = times(10, 600)
    workers = await stage.ready(2, concurrency=10)
    looks: dict[int, list[Look]] = {worker.pid: [] for worker in workers}

    async with anyio.create_task_group() as group:
        group.start_soon(
            lambda: stage.produce(seconds * JOBS_A_SECOND, a_second=JOBS_A_SECOND, steps=1, seconds=0.02)
        )
        for number in range(LOOKS):
            await anyio.sleep(seconds / LOOKS)  # It is what becomes of it over time that is tried.
            for worker in workers:
                looks[worker.pid].append(look_at(worker, (number + 1) * seconds / LOOKS / 60))
    await stage.all_ended()

    verdict = await stage.verdict()
    growth = max(slope(each) for each in looks.values())
    more = max(each[-1].files - each[LOOKS // 3].files for each in looks.values())
    size = max(each[-1].megabytes for each in looks.values())
    waited = pickups(stage.journal)
    third = len(waited) // 3
    first, last = quantiles(waited[:third], n=100)[98], quantiles(waited[-third:], n=100)[98]
    record_property(
        "figures",
        f"{JOBS_A_SECOND} jobs a second for {seconds} s: {size:.0f} MiB a worker, growing by {growth:.2f} MiB"
        f" a minute, {more} files more; pick-up p99 {1000 * first:.0f} ms in the first third and"
        f" {1000 * last:.0f} ms in the last; {verdict.figures()}",
    )
    assert more <= FILES_MORE
    assert last <= max(2 * first, PICKUP_SECONDS)
    assert growth <= times(20, 1) * MOST_GROWTH_A_MINUTE
    assert (verdict.tries_used, verdict.crashes) == (0, 0)
    assert verdict.states == {"completed": seconds * JOBS_A_SECOND}
