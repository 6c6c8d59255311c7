"""Row 20: handlers that end their process, and handlers that only seem to."""

from collections.abc import Callable, Mapping

import anyio
import pytest

from tests.chaos.stage import Stage
from worker.queue.rescue import CRASH_LIMIT

Record = Callable[[str, object], None]
DEADLY = ("exit", "segfault")
NEIGHBOURS = 20


async def keep_alive(stage: Stage, queue: str) -> None:
    """Serve a queue as a supervisor does: a worker that has died is started again."""
    while True:
        await stage.worker(queues=[queue], concurrency=2).exit_code(seconds=60)


@pytest.mark.scorecard(20)
async def test_a_job_that_ends_its_process_is_set_aside_at_the_third_time_and_its_neighbours_go_on(
    stage: Stage, record_property: Record
) -> None:
    killers: dict[str, int] = {}
    async with anyio.create_task_group() as group:
        for way in DEADLY:
            group.start_soon(keep_alive, stage, way)
            killers[way] = await stage.enqueue(queue=way, die=way, after=0.3)
            for _ in range(NEIGHBOURS):
                await stage.enqueue(queue=way, steps=2, seconds=0.1)
        await stage.all_ended(seconds=45)
        group.cancel_scope.cancel()

    verdict = await stage.verdict()
    begun = [entry.job for entry in stage.journal.entries("begin")]
    deaths = [worker.code() for worker in stage.workers if worker.code() is not None]
    record_property(
        "figures",
        f"{len(deaths)} workers died by {len(killers)} jobs ({', '.join(killers)}), each set aside at crash"
        f" {CRASH_LIMIT}; {verdict.figures()}",
    )
    for killer in killers.values():
        assert begun.count(killer) == CRASH_LIMIT
        assert await ending(stage, killer) == ("failed", "quarantined", "crashed", CRASH_LIMIT)
    assert len(deaths) == CRASH_LIMIT * len(killers)
    assert verdict.states == {"failed": len(killers), "completed": NEIGHBOURS * len(killers)}
    assert verdict.tries_used == 0


@pytest.mark.scorecard(20)
async def test_a_neighbour_that_never_got_on_beside_the_killer_is_not_set_aside_with_it(
    stage: Stage, record_property: Record
) -> None:
    await stage.enqueue(queue="exit", die="exit", after=0.2)
    neighbour = await stage.enqueue(queue="exit", steps=1, seconds=1)
    async with anyio.create_task_group() as group:
        group.start_soon(keep_alive, stage, "exit")
        await stage.all_ended(seconds=45)
        group.cancel_scope.cancel()

    ended = await ending(stage, neighbour)
    record_property("figures", f"the neighbour of a killer: {ended[0]}, {ended[3]} crashes")
    assert ended[0] == "completed"


async def ending(stage: Stage, id_: int) -> tuple[object, ...]:
    row = await stage.db.fetchrow(
        "select state::text, reason, error_code, crashes from worker.job_history where id = $1", id_
    )
    assert row is not None
    return tuple(row)


@pytest.mark.scorecard(20)
async def test_a_job_that_wants_too_much_memory_or_stack_ends_and_harms_nobody(
    stage: Stage, record_property: Record
) -> None:
    allowed: Mapping[str, set[str]] = {"memory": {"unexpected"}, "recursion": {"crashed", "unexpected"}}
    greedy = {way: await stage.enqueue(queue=way, die=way, after=0.3) for way in allowed}
    for way in allowed:
        await stage.enqueue(queue=way, steps=2, seconds=0.1)
    async with anyio.create_task_group() as group:
        for way in allowed:
            group.start_soon(keep_alive, stage, way)
        await stage.all_ended(seconds=45)
        group.cancel_scope.cancel()

    verdict = await stage.verdict()
    codes = {way: (await ending(stage, id_))[2] for way, id_ in greedy.items()}
    record_property(
        "figures",
        f"{', '.join(f'{way}: failed as {code}' for way, code in codes.items())}; {verdict.figures()}",
    )
    assert all(codes[way] in allowed[way] for way in allowed)
    assert verdict.states == {"failed": 2, "completed": 2}
