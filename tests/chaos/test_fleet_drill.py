"""Row 36: a fleet whose size follows its queue, by the numbers of ``deploy/kubernetes``."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.autoscaling import production
from benchmarks.figures import percentile
from tests.chaos.conftest import Times
from tests.chaos.drill import DOUBLING, MOST, SLOTS, Drill, pickups
from tests.chaos.stage import Stage

PICKUP_SECONDS = 5.0
SHORT = [(12.0, 2.0), (40.0, 3.0), (12.0, 6.0)]
STORY = os.environ.get("DRILL_STORY")


@pytest.mark.scorecard(36)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kill", [False, True], ids=["in order", "and one is killed"])
async def test_a_fleet_that_follows_its_load_loses_no_job_and_runs_none_twice(
    stage: Stage, times: Times, kill: bool, record_property: Callable[[str, object], None]
) -> None:
    phases = SHORT if times(1, 0) else [(load, 50.0) for load in DOUBLING]
    drill = Drill(stage, replace(production(), most=MOST), times(60, 6), phases)

    await drill.run(kill=kill)
    await stage.all_ended(seconds=30)

    verdict = await stage.verdict()
    story = drill.story()
    waits = sorted(wait for _, wait in pickups(stage.journal))
    begun = Counter(entry.job for entry in stage.journal.entries("begin"))
    again = sum(count - 1 for count in begun.values())
    ended = Counter(entry.job for entry in stage.journal.entries("end"))
    sizes = [look.decided for look in story.looks]
    worst = max(wait for _, wait in story.pickup_p99)
    record_property(
        "figures",
        f"{drill.rules.least} to {max(sizes)} workers, {len(drill.stopped)} stopped,"
        f" {len(drill.kills)} killed, time x{drill.pace:g}; {verdict.figures()}; begun again {again};"
        f" pick-up p50 {percentile(waits, 0.5) * 1000:.0f} ms, p99 {percentile(waits, 0.99) * 1000:.0f} ms,"
        f" of the worst 5 s {worst * 1000:.0f} ms",
    )
    if STORY and kill:
        story.write(Path(STORY))
    assert [await worker.exit_code() for worker in drill.stopped] == [0] * len(drill.stopped)
    assert max(sizes) > drill.rules.least
    assert drill.stopped
    # A worker that dies between a handler's last word and its commit leaves a job whose steps are all done.
    assert sum(count - 1 for count in ended.values()) <= SLOTS * len(drill.kills)
    # Who is stopped hands jobs back at their next safe point; the verdict knows that no step was repeated.
    assert again <= SLOTS * (len(drill.stopped) + len(drill.kills))
    assert worst < PICKUP_SECONDS
    assert verdict.states == {"completed": verdict.acknowledged}
    assert verdict.tries_used == 0
