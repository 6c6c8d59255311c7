"""Row 12: a worker process behind PgBouncer in transaction mode, three backends for all that it does."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.conftest import Times
from tests.pooler.bouncer import Bouncer, pgbouncer
from tests.queue.processes import WorkerProcess
from tests.queue.scene import enqueue, states, until
from worker.db import Database, open_database

Note = Callable[[str, object], None]


@pytest.fixture
def bouncer(database_url: str) -> Iterator[Bouncer]:
    with pgbouncer(database_url, size=3) as started:
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    with ExitStack() as stack:

        def started(url: str, direct_url: str) -> WorkerProcess:
            worker = WorkerProcess(url, tmp_path, direct_url=direct_url, concurrency=8)
            stack.callback(worker.end)
            return worker

        yield started


async def drain(worker: WorkerProcess, url: str, db: Database, count: int) -> float:
    """Enqueue through the pooler and wait until all is done; answers the seconds that took."""
    await worker.ready()
    began = time.monotonic()
    async with open_database(url, size=2) as producer:
        await producer.fetch(
            "select worker.enqueue_many('demo', array_fill('{}'::jsonb, array[$1::int]))", count - 1
        )
        await enqueue(producer, "demo", {"items": 5})

    async def is_done() -> bool:
        return bool(await db.fetchval("select count(*) = $1 from worker.job_history", count))

    await until(is_done, seconds=60 + count / 20)
    return time.monotonic() - began


def broken(worker: WorkerProcess, bouncer: Bouncer) -> int:
    """Lines of the worker's and the pooler's logs that speak of prepared statements, or of an outage."""
    lines = [*worker._log.read_text().splitlines(), *bouncer.log.read_text().splitlines()]
    return sum("prepared statement" in line or "outage_began" in line for line in lines)


@pytest.mark.timeout(1200)
@pytest.mark.scorecard(12)
async def test_a_worker_behind_a_transaction_pooler_works_and_is_woken_over_the_direct_url(
    db: Database,
    database_url: str,
    bouncer: Bouncer,
    start: Callable[..., WorkerProcess],
    times: Times,
    record_property: Note,
) -> None:
    count = times(300, 10_000)
    worker = start(bouncer.url, database_url)
    seconds = await drain(worker, bouncer.url, db, count)

    assert await states(db) == {"completed": count}
    assert broken(worker, bouncer) == 0
    assert [line["mode"] for line in worker.said("wakeup_mode")] == ["listen"]
    assert len(worker.said("pooler_found")) == 1
    record_property("figures", f"{count} jobs in {seconds:.1f} s, errors by prepared statements: 0, listens")


@pytest.mark.timeout(1200)
@pytest.mark.scorecard(12)
async def test_a_worker_with_both_urls_behind_a_transaction_pooler_polls_and_says_so(
    db: Database,
    bouncer: Bouncer,
    start: Callable[..., WorkerProcess],
    times: Times,
    record_property: Note,
) -> None:
    count = times(300, 10_000)
    worker = start(bouncer.url, bouncer.url)
    seconds = await drain(worker, bouncer.url, db, count)

    assert await states(db) == {"completed": count}
    assert broken(worker, bouncer) == 0

    async def has_said() -> bool:
        return bool(worker.said("wakeup_mode"))

    await until(has_said)
    (said,) = worker.said("wakeup_mode")
    assert said["mode"] == "poll"
    assert "transaction pooler" in said["why"]
    record_property("figures", f"{count} jobs in {seconds:.1f} s, errors by prepared statements: 0, polls")
