"""How soon an idle worker begins a job: from the commit of its enqueue to the first line of its handler.

Both ends are read from the one clock that all processes of a machine share. Jobs come one by one, at random
small gaps. The floor is a process that is told by NOTIFY and takes one row. Through polling alone is measured
in a database where no mark of a sleeping worker is ever kept, so nobody is notified of anything.
"""

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from benchmarks import bare_pickup
from benchmarks.figures import Figure, Scale, figure, percentile
from benchmarks.noop import QUEUE
from benchmarks.processes import noop_workers, python, until
from benchmarks.scratch import scratch_database
from worker.settings import Settings

JOBS = 500
ROUNDS = 5
GAPS = (0.01, 0.1)
SEED = 20260901
SLOTS = 10
WARM, WARM_SECONDS = 8, 0.05
ENQUEUE = "select worker.enqueue('noop', jsonb_build_object('i', %s::int))"
FORGET_SLEEPERS = """
create function worker.forget_sleeper() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger forget before insert on worker.sleepers for each row execute function worker.forget_sleeper();
"""


@dataclass(frozen=True, slots=True)
class Lane:
    """Someone who enqueues, and the file in which someone else writes what has begun."""

    enqueue: Callable[[int], object]
    starts: Path

    def waits_ms(self, numbers: Sequence[int], gaps: random.Random) -> list[float]:
        """Enqueue these numbers one by one; answers for each the milliseconds until it was begun."""
        committed = {}
        for number in numbers:
            time.sleep(gaps.uniform(*GAPS))
            self.enqueue(number)
            committed[number] = time.monotonic_ns()
        until(lambda: self.begun().keys() >= committed.keys(), "every job to begin")
        begun = self.begun()
        return [(begun[number] - at) / 1e6 for number, at in committed.items()]

    def begun(self) -> dict[int, int]:
        """When each number was begun, by the monotonic clock in nanoseconds."""
        lines = self.starts.read_text(encoding="ascii").splitlines() if self.starts.exists() else []
        return {int(number): int(at) for number, at in (line.split() for line in lines)}


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Measure with LISTEN beside the floor, in turn, and then through polling alone."""
    rounds = scale.rounds or ROUNDS
    each = max(1, (scale.jobs or JOBS) // rounds)
    gaps = random.Random(SEED)
    return [*_listening(url, gaps, rounds, each), *_polling(url, gaps, rounds * each)]


def _listening(url: str, gaps: random.Random, rounds: int, each: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url, autocommit=True) as producer:
        producer.prepare_threshold = 0
        producer.execute(bare_pickup.TABLE, prepare=False)
        ours = Lane(lambda i: producer.execute(ENQUEUE, (i,)), Path(folder) / "ours")
        bare = Lane(lambda i: producer.execute(bare_pickup.ENQUEUE, (i,)), Path(folder) / "bare")
        with (
            noop_workers(url, slots=SLOTS, starts=ours.starts),
            python("-m", "benchmarks.bare_pickup", str(bare.starts), url=url),
        ):
            _warm(ours)
            _warm(bare)
            waits: list[list[float]] = []
            floors: list[list[float]] = []
            for number in range(rounds):
                numbers = range(number * each, (number + 1) * each)
                floors.append(bare.waits_ms(numbers, gaps))
                waits.append(ours.waits_ms(numbers, gaps))
    return [
        _figure("pick-up on an idle worker, p50", waits, floors, 0.5),
        _figure("pick-up on an idle worker, p99", waits, floors, 0.99),
    ]


def _polling(url: str, gaps: random.Random, jobs: int) -> list[Figure]:
    poll_ms = Settings().queue.poll_seconds * 1e3
    with (
        scratch_database(url) as deaf,
        psycopg.connect(deaf, autocommit=True) as producer,
        tempfile.TemporaryDirectory() as folder,
    ):
        producer.execute(FORGET_SLEEPERS)
        lane = Lane(lambda i: producer.execute(ENQUEUE, (i,)), Path(folder) / "ours")
        arguments = ("-m", "benchmarks.noop", "--slots", str(SLOTS), "--starts", str(lane.starts))
        with python(*arguments, url=deaf):
            _warm(lane)
            waits = lane.waits_ms(range(jobs), gaps)
    name, note = "pick-up through polling alone, p99", "the floor: the poll interval"
    return [
        Figure(
            name,
            percentile(waits, 0.99),
            "ms",
            floor=poll_ms,
            minimum=min(waits),
            maximum=max(waits),
            note=f"{note}; {jobs} jobs of queue {QUEUE}, their least and most",
        )
    ]


def _warm(lane: Lane) -> None:
    """Enqueue until jobs are begun: the other process has come up, and its statements are prepared."""
    numbers = count(-1, -1)

    def is_served() -> bool:
        lane.enqueue(next(numbers))
        time.sleep(WARM_SECONDS)
        return len(lane.begun()) >= WARM

    until(is_served, "the first jobs to begin")


def _figure(
    name: str, waits: Sequence[Sequence[float]], floors: Sequence[Sequence[float]], share: float
) -> Figure:
    """The percentile of all rounds together; least and most are those of single rounds."""
    rounds = figure(name, [percentile(one, share) for one in waits], "ms")
    return Figure(
        name,
        percentile([wait for one in waits for wait in one], share),
        "ms",
        floor=percentile([wait for one in floors for wait in one], share),
        minimum=rounds.minimum,
        maximum=rounds.maximum,
        rounds=len(waits),
        note=f"the floor: NOTIFY, and one row taken; median of the rounds {rounds.value:.2f}",
    )
