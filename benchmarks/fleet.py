"""How many workers one Postgres bears: real fleets beside a simulated one, then fleets that no desk has.

The simulation (``fleet_model.py``) is fed with what each call was measured to cost here (``fleet_costs.py``),
and with the processor time of one real worker, from two drains. Its answer stands beside what 1 to 16 real
processes reach (``fleet_reality.py``); where the two differ, the figures say so.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median

import psycopg

from benchmarks.figures import Figure, Scale, figure, number
from benchmarks.fleet_costs import ServerCosts, measure_server
from benchmarks.fleet_model import Costs, Fleet, Outcome, background, simulate
from benchmarks.fleet_reality import Drained, drains
from worker.queue.picking import LARGEST_CLAIM

SIZES = (1, 2, 4, 8, 16)
SLOTS = 10
MANY_SLOTS = 2_000
LENGTHS = (0, 10, 100)
LARGE = (100, 300, 1_000, 3_000, 10_000)
SERVERS = (2, 16)
LARGE_LENGTHS = (100, 1_000)
RATES = (10, 100)
ROUNDS = 3
CONNECTIONS, SPARE = 22, 10
"""The most that a worker opens, and what is kept for others."""


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Costs, real fleets beside the simulated ones, and large fleets by the simulation alone."""
    server = measure_server(url)
    costs = with_worker(url, server, scale.jobs)
    told = [
        Figure(f"cost: {name.replace('_', ' ')}", each * 1e6, "µs") for name, each in asdict(costs).items()
    ]
    return [
        *told,
        *beside_reality(url, costs, bearable(url), rounds=scale.rounds or ROUNDS, jobs=scale.jobs),
        *large_fleets(costs),
        *waiting_fleets(costs),
        *runs_of_fleets(costs),
    ]


def bearable(url: str) -> Sequence[int]:
    """The sizes for which the server has connections enough."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting('max_connections')::int").fetchone()
    assert row
    found = [size for size in SIZES if size * CONNECTIONS + SPARE < int(str(row[0]))]
    if found != list(SIZES):
        print(f"max_connections of {row[0]} is enough for {found[-1]} processes and no more", file=sys.stderr)
    return found


def with_worker(url: str, server: ServerCosts, jobs: int | None = None) -> Costs:
    """Add what a worker's own process spends: of two drains by one, with small claims and with large ones."""
    small = _of_one(url, SLOTS, jobs)
    large = _of_one(url, MANY_SLOTS, jobs)
    batches = max(1, SLOTS // 2), min(LARGEST_CLAIM, MANY_SLOTS // 2)
    call = max(0.0, (small - large) / (1 / batches[0] - 1 / batches[1]))
    return Costs(
        claim=server.claim.call,
        claim_job=server.claim.job,
        finish=server.finish.call,
        finish_job=server.finish.job,
        skip=server.skip,
        empty=server.empty,
        beat=server.beat,
        wake=server.wake,
        idle=server.idle,
        worker_idle=server.worker_idle,
        worker_call=call,
        worker_job=max(0.0, large - call / batches[1]),
        flush=server.flush,
        trip=server.trip,
    )


def _of_one(url: str, slots: int, jobs: int | None) -> float:
    found = drains(url, processes=1, slots=slots, lengths=[0], rounds=3, jobs=jobs)
    return median(one.workers for _, one in found)


def beside_reality(
    url: str, costs: Costs, sizes: Sequence[int], *, rounds: int, jobs: int | None = None
) -> Iterator[Figure]:
    """Real fleets on this machine; the floor is what the simulation says of the same."""
    for slots, lengths in ((SLOTS, LENGTHS), (MANY_SLOTS, (0,))):
        for size in sizes:
            reached: dict[int, list[Drained]] = defaultdict(list)
            for millis, one in drains(
                url, processes=size, slots=slots, lengths=lengths, rounds=rounds, jobs=jobs
            ):
                reached[millis].append(one)
            for millis in lengths:
                yield _beside(costs, size, slots, millis, reached[millis])


def _beside(costs: Costs, size: int, slots: int, millis: int, reached: Sequence[Drained]) -> Figure:
    rates = [one.rate for one in reached]
    cores = len(os.sched_getaffinity(0))
    said = simulate(costs, Fleet(size, slots, millis / 1000, cores, shared=True))
    server, workers = median(one.server for one in reached), median(one.workers for one in reached)
    used = median(rates) * (server + workers) / cores
    note = (
        f"the model is {said.jobs / median(rates) - 1:+.0%} off; a job took {server * 1e6:.0f} µs of"
        f" the server and {workers * 1e6:.0f} of workers, {used:.0%} of the cores"
    )
    name = f"{size} of {slots:,} slots, jobs of {millis} ms"
    return figure(name, rates, "jobs/s", beside=[said.jobs], note=note)


def large_fleets(costs: Costs) -> Iterator[Figure]:
    """Fleets on machines of their own, at a server with so many cores; by the simulation alone."""
    for cores in SERVERS:
        for millis in LARGE_LENGTHS:
            for size in LARGE:
                fleet = Fleet(size, SLOTS, millis / 1000, cores)
                said = simulate(costs, fleet)
                name = f"model: {size:,} workers, {cores} cores, jobs of {millis} ms"
                most = size * SLOTS * 1000 / millis
                yield Figure(name, said.jobs, "jobs/s", floor=most, note=_told(costs, fleet, said))


def _told(costs: Costs, fleet: Fleet, said: Outcome) -> str:
    present = background(costs, fleet) / fleet.cores
    return (
        f"the floor: all slots at work; server {said.busy:.0%} busy, {present:.0%} with those present; "
        f"claims of {said.batch:.1f} in {number(said.claim_ms)} ms"
    )


def waiting_fleets(costs: Costs) -> Iterator[Figure]:
    """How many workers that wait a core bears, for each job a second that wakes them all."""
    for rate in (0, *RATES):
        yield Figure(
            f"model: most workers that wait for {rate} jobs a second, one core",
            float(most_waiting(costs, rate)),
            "workers",
            note="each is woken by each job, and looks",
        )


def runs_of_fleets(costs: Costs) -> Iterator[Figure]:
    """What a run's row bears: 100 workers whose jobs each commit to one of so many runs."""
    for runs in (1, 10, 100):
        said = simulate(costs, Fleet(100, SLOTS, 0.1, max(SERVERS), runs=runs))
        yield Figure(f"model: 100 workers, {max(SERVERS)} cores, jobs of {runs} runs", said.jobs, "jobs/s")


def most_waiting(costs: Costs, rate: float) -> int:
    """The largest fleet whose presence, and whose looks in vain, a core can pay for."""
    size = 0
    while (
        background(costs, Fleet(size + 1, SLOTS, 1, 1)) + (size + 1) * rate * (costs.wake + costs.empty) < 1
    ):
        size += 1
    return size
