"""Row 10: connections that are up for all that anybody is told, and let nothing through."""

import asyncio
import signal
from collections.abc import Callable

import anyio
import pytest

from tests.chaos.conftest import Times
from tests.chaos.stage import Stage
from tests.chaos.test_outages import claims_again
from tests.queue.proxy import Proxy, proxy
from tests.queue.scene import until

Record = Callable[[str, object], None]
GRACE = 2.0
NOTICED_SECONDS = 10.0


def swallow(stand: Proxy, *, new_ones_too: bool) -> Callable[[], None]:
    """Let nothing more through, and break nothing either; answers how to let go again."""
    old = (stand.up, stand.down)
    for way in old:
        way.clear()
    if not new_ones_too:
        stand.up, stand.down = asyncio.Event(), asyncio.Event()
        stand.up.set()
        stand.down.set()

    def let_go() -> None:
        for way in old:
            way.set()

    return let_go


@pytest.mark.scorecard(10)
async def test_connections_that_swallow_everything_are_left_for_new_ones(
    stage: Stage, times: Times, record_property: Record
) -> None:
    async with proxy(stage.url) as stand:
        (worker,) = await stage.ready(1, url=stand.url, lease_seconds=4, heartbeat_seconds=1)
        # A handler's own statements have longer, and the short lane does not wait for that.
        async with stage.producing(a_second=5, steps=times(0, 2), seconds=0.2):
            await stage.until_it_claims(worker)
            heard = len(worker.said("wakeup_mode"))
            began = anyio.current_time()
            swallow(stand, new_ones_too=False)

            async def hears_again() -> bool:
                return [said["mode"] for said in worker.said("wakeup_mode")[heard:]][-1:] == ["listen"]

            gap = await claims_again(stage.journal, worker)
            await until(hears_again, seconds=20)
            listens = anyio.current_time() - began
            await anyio.sleep(max(0, times(0, 60) - listens))
        await stage.all_ended(seconds=60)

        verdict = await stage.verdict()
        record_property(
            "figures",
            f"claims went on over new connections after {gap:.1f} s, listened again after {listens:.1f} s;"
            f" {verdict.figures()}",
        )
        assert worker.code() is None
        assert not worker.said("lease_lapsed")
        assert max(gap, listens) <= NOTICED_SECONDS
        assert verdict.tries_used == 0
        assert set(verdict.states) == {"completed"}


@pytest.mark.scorecard(10)
async def test_a_worker_that_nothing_reaches_goes_on_by_itself_when_it_is_over(
    stage: Stage, times: Times, record_property: Record
) -> None:
    seconds = times(8, 60)
    async with proxy(stage.url) as stand:
        (worker,) = await stage.ready(1, url=stand.url)
        async with stage.producing(a_second=5, steps=2, seconds=0.2):
            await stage.until_it_claims(worker)
            began = anyio.current_time()
            let_go = swallow(stand, new_ones_too=True)

            async def says_so() -> bool:
                return bool(await worker.problems())

            await until(says_so, seconds=NOTICED_SECONDS)
            noticed = anyio.current_time() - began
            await anyio.sleep(seconds - noticed)  # How long it lasts is what is tried.
            assert worker.code() is None
            let_go()
            gap = await claims_again(stage.journal, worker)
        await stage.all_ended()

        verdict = await stage.verdict()
        record_property(
            "figures",
            f"cut off for {seconds} s, on its health port after {noticed:.1f} s; claims went on"
            f" {gap:.1f} s after the end; {verdict.figures()}",
        )
        assert gap <= NOTICED_SECONDS
        assert verdict.tries_used == 0
        assert set(verdict.states) == {"completed"}


@pytest.mark.scorecard(10)
async def test_a_worker_that_nothing_reaches_still_ends_in_time(
    stage: Stage, record_property: Record
) -> None:
    async with proxy(stage.url) as stand:
        (worker,) = await stage.ready(1, url=stand.url, grace_seconds=GRACE, lease_seconds=6)
        for steps in (1, 600):
            await stage.enqueue(steps=steps, seconds=600)
        await stage.until_it_claims(worker)
        swallow(stand, new_ones_too=True)
        worker.signal(signal.SIGTERM)
        began = anyio.current_time()

        code = await worker.exit_code()

        took = anyio.current_time() - began
    record_property(
        "figures", f"SIGTERM meanwhile: out after {took:.1f} s with a grace of {GRACE:g} s, code {code}"
    )
    assert took <= GRACE + 1.5
