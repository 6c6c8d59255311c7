"""Row 29: a marketplace that fails is not met with more calls, and is found again when it is back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import anyio
import pytest

from tests.chaos.bazaar import Bazaar, bazaar, moments
from tests.chaos.conftest import Times
from tests.queue.scene import until
from worker.db import Database

WORKERS, SLOTS = 2, 8
A_SECOND = 50
MOST_AMPLIFIED = 1.1
OPENS_SECONDS, RECOVERS_SECONDS = 5, 20
TRIES = """
select count(*)::int as tries, count(distinct (l.job_id, l.fence, l.step))::int as asks
  from worker.ledger l where l.held_at >= $1 and l.held_at < $2
"""


@pytest.mark.timeout(400)
@pytest.mark.scorecard(29)
async def test_an_outage_is_met_with_fewer_calls_and_costs_no_job_its_end(
    db: Database,
    database_url: str,
    tmp_path: Path,
    times: Times,
    record_property: Callable[[str, object], None],
) -> None:
    in_peace, seconds = times(3, 35), times(8, 60)
    async with bazaar(db, database_url, tmp_path, sellers=6, workers=WORKERS, slots=SLOTS) as stage:
        async with producing(stage) as produced:
            await anyio.sleep(in_peace)  # So much goes well before: it must not hide what comes.
            await stage.faults({"kind": "status", "status": 503})
            before, began = produced(), datetime.now(UTC)
            await anyio.sleep(seconds)  # The outage lasts so long.
            await stage.faults()
            offered, ended = produced() - before, datetime.now(UTC)
            await until(lambda: all_closed(stage), seconds=RECOVERS_SECONDS * 2)
        await until(stage.all_ended, seconds=120)

        calls = await stage.seen()
        failed = [call.at for call in calls if call.status == 503]
        opened = [
            (moments(one, "api_breaker", state="open")[0] - failed[0]).total_seconds()
            for one in stage.workers
        ]
        closed = max(moments(one, "api_breaker", state="closed")[-1] for one in stage.workers)
        first = min(call.at for call in calls if call.at > ended and call.status == 200)
        tries = await stage.db.fetchrow(TRIES, began, ended)
        assert tries is not None
        used, failures = await stage.most_tries(), await stage.failures()
        assert await stage.reserved() == len(calls)

    again = tries["tries"] - tries["asks"]
    amplified = len(failed) / offered
    recovered = max((closed - ended).total_seconds(), (first - ended).total_seconds())
    record_property(
        "figures",
        f"{seconds} s of 503 after {in_peace} s of peace, {offered / seconds:.0f} jobs a second, {WORKERS}"
        f" workers: {len(failed)} calls for {offered} jobs (x{amplified:.2f}), {again}"
        f" of them made again; open after {max(opened):.2f} s; first answer"
        f" {(first - ended).total_seconds():.1f} s and all closed {recovered:.1f} s after its end;"
        f" jobs and items given up {len(failures)}, tries used by any job {used} of 8",
    )
    assert amplified <= MOST_AMPLIFIED
    assert max(opened) <= OPENS_SECONDS
    assert recovered <= RECOVERS_SECONDS
    assert failures == []


@asynccontextmanager
async def producing(stage: Bazaar) -> AsyncIterator[Callable[[], int]]:
    """Enqueue syncs at a steady rate for as long as the block lasts; yields how many there are so far."""
    made = 0

    async def produce() -> None:
        nonlocal made
        began = anyio.current_time()
        for user in cycle(stage.users):
            await anyio.sleep(max(0.0, began + made / A_SECOND - anyio.current_time()))
            await stage.sync(user)
            made += 1

    async with anyio.create_task_group() as group:
        group.start_soon(produce)
        yield lambda: made
        group.cancel_scope.cancel()


async def all_closed(stage: Bazaar) -> bool:
    """Tell whether each worker's breaker has opened and is closed again."""
    said = [[line["state"] for line in worker.said("api_breaker")] for worker in stage.workers]
    return all(states and states[-1] == "closed" for states in said)
