"""Claims beside a long history and a long queue: short, and by the index that was made for them."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from tests.chaos.conftest import Times
from tests.queue.scene import errand, kinds
from worker.db import Database
from worker.queue.jobs import ANY_PRIORITY, SQL, Jobs
from worker.queue.lease import SQL as WORKERS

pytestmark = pytest.mark.scorecard(14)

FINISHED = """
insert into worker.job_history (id, fence, run_at, created_at, priority, max_attempts, attempt, crashes,
                                state, queue, kind, payload, finished_at)
select n, 1, now(), now(), 0, 5, 1, 0, 'completed', 'default', 'errand', '{}', now()
  from generate_series(1, $1::int) n
"""
WAITING = """
insert into worker.jobs (kind, payload, queue, max_attempts, state, priority)
select 'errand', '{}', 'default', 5, 'pending', n % 3 from generate_series(1, $1::int) n
"""
CLAIMS, BATCH = 200, 10


async def worker_of_an_hour(db: Database) -> UUID:
    id_: UUID = await db.fetchval("select gen_random_uuid()")
    await db.execute(WORKERS["register"], id_, "test", 1, timedelta(hours=1))
    return id_


@pytest.mark.timeout(900)
async def test_a_claim_stays_short_and_walks_its_index(
    db: Database, times: Times, record_property: Callable[[str, object], None]
) -> None:
    await Jobs(db).publish(kinds(errand()))
    finished, waiting = times(20_000, 1_000_000), times(5_000, 100_000)
    await db.execute(FINISHED, finished)
    await db.execute(WAITING, waiting)
    await db.execute("analyze worker.jobs")
    worker, took = await worker_of_an_hour(db), []

    for _ in range(CLAIMS):
        async with db.transaction() as connection:
            await connection.execute("set local statement_timeout = '500ms'")
            began = time.perf_counter()
            claimed = await connection.fetch(
                SQL["claim"], "default", ["errand"], BATCH, worker, *ANY_PRIORITY
            )
            took.append(time.perf_counter() - began)
        assert len(claimed) == BATCH
        assert await Jobs(db).complete([*await Jobs(db).unheard("default", worker, [])]) == {
            row["id"] for row in claimed
        }

    plan = await db.fetchval(
        f"explain (format json) {SQL['claim']}", "default", ["errand"], BATCH, worker, *ANY_PRIORITY
    )
    p99 = sorted(took)[int(CLAIMS * 0.99)] * 1000
    assert '"Index Name": "jobs_claimable"' in json.dumps(json.loads(plan))
    assert "Seq Scan on jobs" not in plan
    assert p99 <= times(250, 50), "milliseconds; the short lane shares its processors with other tests"
    record_property("figures", f"{finished} finished, {waiting} waiting: claim p99 {p99:.1f} ms, no timeout")
