"""A collector that is down, hangs or refuses loses spans, and nothing else."""

import signal
import time

import httpx

from tests.queue.scene import states, until
from tests.tracing.collector import REFUSED, TOOK, Collector, collecting
from tests.tracing.conftest import Command, Start
from worker.db import Database
from worker.traces import FLUSH_SECONDS

JOBS = 200
IN_A_HURRY = {"OTEL_EXPORTER_OTLP_TIMEOUT": "0.3"}
GRACE_SECONDS = 2
"""What the worker of these tests is given, see ``tests/queue/processes.py``."""


async def enqueue(db: Database, count: int = JOBS) -> None:
    await db.execute("select worker.enqueue_many('demo', array_fill('{}'::jsonb, array[$1::int]))", count)


async def all_completed(db: Database, count: int = JOBS) -> None:
    async def are_completed() -> bool:
        return await states(db) == {"completed": count}

    await until(are_completed, seconds=20)


async def test_a_collector_that_hangs_neither_holds_up_a_job_nor_a_stop(db: Database, start: Start) -> None:
    with collecting(answering=False) as silent:
        worker = await start(WORKER_TRACING__ENDPOINT=silent.url).ready()
        await enqueue(db)
        await all_completed(db)
        assert silent.raw, "it was asked"

        worker.signal(signal.SIGTERM)
        began = time.monotonic()
        assert await worker.exit_code() == 0
        assert time.monotonic() - began < GRACE_SECONDS + FLUSH_SECONDS
    assert not await db.fetchval("select exists (select from worker.workers)")


async def test_a_collector_that_is_not_there_costs_no_job_and_is_said_once(
    db: Database, start: Start
) -> None:
    worker = await start(WORKER_TRACING__ENDPOINT="http://127.0.0.1:9", **IN_A_HURRY).ready()

    async def is_said() -> bool:
        return bool(worker.said("outage_began"))

    await enqueue(db)
    await all_completed(db)
    await until(is_said)
    await enqueue(db)
    await all_completed(db, 2 * JOBS)
    worker.signal(signal.SIGTERM)

    assert await worker.exit_code() == 0
    [said] = worker.said("outage_began")
    assert (said["what"], said["level"]) == ("traces", "warning")


async def test_a_collector_that_comes_back_gets_what_ends_from_then_on(
    db: Database, start: Start, collector: Collector
) -> None:
    collector.status = REFUSED
    worker = await start(**IN_A_HURRY).ready()
    await enqueue(db, 1)

    async def is_over() -> bool:
        if worker.said("outage_began") and collector.status == REFUSED:
            collector.status = TOOK
            await enqueue(db, 1)
        return bool(worker.said("outage_ended"))

    await until(is_over)

    assert len(collector.named("job demo")) == 1
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{worker.said('ops_port')[0]['url']}/metrics")).text
    assert 'mintmark_spans_total{outcome="lost"} 1.0' in metrics
    assert 'mintmark_spans_total{outcome="sent"} 1.0' in metrics


async def test_spans_that_are_dropped_because_too_many_wait_are_not_dropped_in_silence(
    db: Database, start: Start
) -> None:
    with collecting(answering=False) as silent:
        few = {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"}
        worker = await start(WORKER_TRACING__ENDPOINT=silent.url, **few).ready()
        await enqueue(db)
        await all_completed(db)

    assert {line["level"] for line in worker.said("spans_dropped")} == {"warning"}


async def test_a_command_takes_its_job_to_the_queue_and_does_not_wait_for_a_dead_collector(
    db: Database, command: Command, published: None
) -> None:
    del published
    with collecting(answering=False) as silent:
        began = time.monotonic()
        job = command("enqueue", "demo", WORKER_TRACING__ENDPOINT=silent.url)["job"]
        took = time.monotonic() - began

    assert await db.fetchval("select metadata is not null from worker.jobs where id = $1", job)
    assert took < 20
