"""Row 9: the LISTEN connection dies, and somebody shouts on the channel."""

from collections.abc import Awaitable, Callable
from itertools import count

import anyio
import pytest

from tests.chaos.conftest import Times
from tests.chaos.fleet import Worker
from tests.chaos.stage import Stage
from tests.conftest import Connect
from tests.queue.scene import until

Record = Callable[[str, object], None]
POLL = 1.0
SLACK = 0.5
"""Seconds for a busy machine, beyond what is promised."""
AT_ONCE = 2000
KILL_THE_EAR = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
 where datname = current_database() and application_name = 'mintmark listen'
"""
NOISE = "select pg_notify('mintmark_jobs', 'noise ' || ($1 + n)) from generate_series(1, $2::int) n"


def modes(worker: Worker) -> list[str]:
    """The ways in which it said that it learns of work, in order."""
    return [said["mode"] for said in worker.said("wakeup_mode")]


def listens(worker: Worker, times: int) -> Callable[[], Awaitable[bool]]:
    """Tell whether it listens, and has begun to so many times."""

    async def so_often() -> bool:
        return modes(worker).count("listen") == times and modes(worker)[-1] == "listen"

    return so_often


async def pickup(stage: Stage) -> float:
    """Enqueue one job; answers the seconds until its handler began."""
    began = anyio.current_time()
    id_ = await stage.enqueue()

    async def begun() -> list[float]:
        return [entry.at for entry in stage.journal.entries("begin") if entry.job == id_]

    return (await until(begun))[0] - began


@pytest.mark.scorecard(9)
async def test_a_listen_connection_that_is_killed_listens_again_and_polling_stands_in(
    stage: Stage, connect: Connect, times: Times, record_property: Record
) -> None:
    (worker,) = await stage.ready(1, poll_seconds=POLL)
    admin, back, picked = await connect(), list[float](), list[float]()
    await until(listens(worker, 1))

    for deaths in range(1, times(5, 20) + 1):
        assert await admin.fetchval(KILL_THE_EAR) == 1
        began = anyio.current_time()
        picked.append(await pickup(stage))
        await until(listens(worker, deaths + 1))
        back.append(anyio.current_time() - began)
    await stage.all_ended()

    verdict = await stage.verdict()
    record_property(
        "figures",
        f"{len(back)} deaths: listened again after {max(back):.1f} s at most, picked up after"
        f" {max(picked):.2f} s at most with a poll of {POLL:g} s; {verdict.figures()}",
    )
    assert max(back) <= 2
    assert max(picked) <= POLL + SLACK
    assert verdict.tries_used == 0


@pytest.mark.scorecard(9)
async def test_a_storm_of_notifications_from_outside_hinders_neither_producer_nor_worker(
    stage: Stage, connect: Connect, times: Times, record_property: Record
) -> None:
    (worker,) = await stage.ready(1, poll_seconds=POLL)
    await until(listens(worker, 1))
    storm, seconds = await connect(), times(3, 30)
    picked, shouted = list[float](), 0

    async def shout() -> None:
        nonlocal shouted
        for shouted in count(AT_ONCE, AT_ONCE):
            await storm.execute(NOISE, shouted, AT_ONCE)
            await anyio.sleep(AT_ONCE / 10_000)  # Ten thousand a second, if the machine can.

    async with anyio.create_task_group() as group:
        group.start_soon(shout)
        with anyio.move_on_after(seconds):
            while True:
                picked.append(await pickup(stage))
        group.cancel_scope.cancel()
    await stage.all_ended()

    verdict = await stage.verdict()
    record_property(
        "figures",
        f"{shouted:,} notifications in {seconds} s: {len(picked)} jobs enqueued and picked up meanwhile, the"
        f" slowest after {max(picked):.2f} s; {verdict.figures()}",
    )
    assert shouted >= AT_ONCE
    assert max(picked) <= POLL + SLACK
    assert worker.code() is None
    assert modes(worker) == ["listen"]
    assert verdict.tries_used == 0
