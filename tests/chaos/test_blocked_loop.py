"""Row 5: handlers that keep the event loop from turning."""

from collections.abc import Callable

import anyio
import pytest

from tests.chaos.fleet import LEASE, Worker
from tests.chaos.stage import Stage
from tests.queue.scene import until
from worker.queue.lease import EXIT_STUCK

Record = Callable[[str, object], None]
STALL = 1.5


async def at_work(stage: Stage, id_: int, workers: list[Worker]) -> Worker:
    """Wait until a worker holds the job; answers which."""

    async def found() -> list[Worker]:
        return [worker for worker in workers if id_ in await stage.held_by(worker)]

    return (await until(found))[0]


@pytest.mark.scorecard(5)
async def test_a_handler_that_blocks_the_loop_for_three_leases_runs_once_and_the_health_port_says_so(
    stage: Stage, record_property: Record
) -> None:
    workers = await stage.ready(2, concurrency=2)
    blocking = await stage.enqueue(steps=2, block=3 * LEASE)
    blocked = await at_work(stage, blocking, workers)
    began = anyio.current_time()
    beside = [await stage.enqueue(steps=2, seconds=0.1) for _ in range(10)]

    async def names_the_loop() -> bool:
        return any(problem.startswith("event loop") for problem in await blocked.problems())

    await until(names_the_loop)
    named = anyio.current_time() - began
    await stage.all_ended()

    verdict = await stage.verdict()
    begun = [entry.job for entry in stage.journal.entries("begin")]
    record_property(
        "figures",
        f"blocked for {3 * LEASE:g} s with a lease of {LEASE:g} s: begun {begun.count(blocking)} time,"
        f" named by the health port after {named:.1f} s; {verdict.figures()}",
    )
    assert sorted(begun) == [blocking, *beside]
    assert named <= LEASE / 2 + 1
    assert (verdict.tries_used, verdict.crashes) == (0, 0)


@pytest.mark.scorecard(5)
async def test_a_worker_whose_loop_stands_still_for_too_long_ends_and_its_jobs_go_to_another(
    stage: Stage, record_property: Record
) -> None:
    workers = await stage.ready(2, concurrency=2, stall_seconds=STALL)
    blocking = await stage.enqueue(block=600, once=True)
    blocked = await at_work(stage, blocking, workers)
    began = anyio.current_time()

    assert await blocked.exit_code() == EXIT_STUCK

    stood = anyio.current_time() - began
    await stage.all_ended()
    verdict = await stage.verdict()
    record_property(
        "figures",
        f"ended itself with {EXIT_STUCK} after {stood:.1f} s, the limit being {STALL:g} s;"
        f" {verdict.figures()}",
    )
    assert stood <= STALL + 1
    assert (verdict.tries_used, verdict.crashes) == (0, 1)
    assert verdict.states == {"completed": 1}
