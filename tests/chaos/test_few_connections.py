"""Row 13: more slots than connections, and handlers that keep the connections for themselves."""

from collections.abc import Callable

import pytest

from tests.chaos.conftest import Times
from tests.chaos.stage import Stage
from worker.app import MOST_CONNECTIONS

SLOTS = 2 * MOST_CONNECTIONS + 5
HOLD = 5.5
"""Seconds: two turns of it are longer than a third handler may wait for a connection."""


@pytest.mark.scorecard(13)
async def test_handlers_that_wait_for_a_connection_in_vain_are_handed_back_and_no_lease_is_lost(
    stage: Stage, times: Times, record_property: Callable[[str, object], None]
) -> None:
    for _ in range(SLOTS * times(1, 20)):
        await stage.enqueue(hold=HOLD)
    worker = stage.worker(concurrency=SLOTS, lease_seconds=3, heartbeat_seconds=0.8)

    await stage.all_ended(seconds=times(45, 900))

    verdict = await stage.verdict()
    back = [said for said in worker.said("job_finished") if said["ending"] == "hand_back"]
    record_property(
        "figures",
        f"{SLOTS} slots, {MOST_CONNECTIONS} connections, each held for {HOLD:g} s: {len(back)} handed back"
        f" with a typed error; {verdict.figures()}",
    )
    assert back, "nobody waited in vain"
    assert {said["why"] for said in back} == {"database: Unavailable"}
    assert not worker.said("lease_lapsed")
    assert not worker.said("lease_lost")
    assert (verdict.tries_used, verdict.crashes) == (0, 0)
    assert verdict.states == {"completed": verdict.acknowledged}
