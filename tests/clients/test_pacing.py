import itertools

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from worker.clients.http import Wiring
from worker.clients.pacing import Pace


def _pace(per_minute: int, wiring: Wiring) -> Pace:
    return Pace(per_minute, clock=wiring.clock, sleep=wiring.sleep)


async def test_a_burst_within_the_limit_goes_through_and_the_next_one_waits(
    wiring: Wiring, slept: list[float]
) -> None:
    pace = _pace(3, wiring)

    for _ in range(3):
        await pace.wait()
    assert slept == []

    await pace.wait()
    assert slept == [61]


async def test_a_slower_pace_counts_what_has_passed_already(wiring: Wiring, slept: list[float]) -> None:
    pace = _pace(5, wiring)
    for _ in range(4):
        await pace.wait()

    pace.slow_to(2)
    await pace.wait()

    assert slept == [61]


async def test_a_pace_is_never_made_faster(wiring: Wiring, slept: list[float]) -> None:
    pace = _pace(1, wiring)

    pace.slow_to(100)
    await pace.wait()
    await pace.wait()

    assert slept == [61]


async def test_callers_cancelled_while_they_wait_use_nothing_up() -> None:
    now = [0.0]
    waiting = anyio.Event()

    async def sleep(_seconds: float) -> None:
        waiting.set()
        await anyio.sleep_forever()

    pace = Pace(1, clock=lambda: now[0], sleep=sleep)
    await pace.wait()
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(pace.wait)
        await waiting.wait()
        group.cancel_scope.cancel()

    now[0] = 61
    with anyio.fail_after(1):
        await pace.wait()


@given(
    per_minute=st.integers(min_value=1, max_value=5),
    gaps=st.lists(st.floats(min_value=0, max_value=90), max_size=30),
)
def test_no_minute_ever_sees_more_than_the_limit(per_minute: int, gaps: list[float]) -> None:
    now = [0.0]
    passed: list[float] = []

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await checkpoint()

    async def callers() -> None:
        pace = Pace(per_minute, clock=lambda: now[0], sleep=sleep)
        for gap in gaps:
            now[0] += gap
            await pace.wait()
            passed.append(now[0])

    anyio.run(callers)

    for first, beyond in zip(passed, itertools.islice(passed, per_minute, None), strict=False):
        assert beyond - first == pytest.approx(61) or beyond - first > 61
