"""What a collector receives of a real worker."""

import json
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from tests.queue.scene import until
from tests.tracing.caller import REQUEST, SECRET
from tests.tracing.collector import Collector
from tests.tracing.conftest import PARENT, TRACE, TRACEPARENT, Command, Start
from worker.db import Database


def payload(api: str, **more: str) -> str:
    return json.dumps({"url": api, **more})


async def test_the_span_of_a_job_continues_the_trace_of_its_producer(
    collector: Collector, start: Start, command: Command, api: str
) -> None:
    start()
    run = command("run", "start", "caller", payload(api), TRACEPARENT=TRACEPARENT)["run"]

    [job] = await collector.has("job caller")

    assert (job.trace_id, job.parent_id, job.kind) == (TRACE, PARENT, "consumer")
    assert job.facts["messaging.destination.name"] == job.facts["mintmark.job.queue"] == "default"
    assert job.facts["messaging.message.id"] == str(job.facts["mintmark.job.id"])
    assert job.facts["mintmark.job.attempt"] == 1
    assert job.facts["mintmark.job.ending"] == "done"
    assert job.facts["mintmark.run.id"] == run
    assert job.status == "ok"
    assert job.resource["service.name"] == "mintmark"


async def test_calls_and_batches_are_below_the_job_and_what_it_enqueues_is_below_its_batch(
    collector: Collector, start: Start, command: Command, api: str
) -> None:
    start()
    command("run", "start", "caller", payload(api), TRACEPARENT=TRACEPARENT)

    [job], [call], [batch], [child] = [
        await collector.has(name) for name in ("job caller", "stand_in look", "batch commit", "job demo")
    ]

    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert (call.parent_id, call.kind) == (job.span_id, "client")
    assert (batch.parent_id, batch.kind) == (job.span_id, "client")
    assert (child.parent_id, child.kind) == (batch.span_id, "consumer")
    assert call.facts == {
        "mintmark.api": "stand_in",
        "mintmark.api.operation": "look",
        "mintmark.api.status": "2xx",
        "mintmark.request.id": REQUEST,
        "http.request.method": "GET",
    }
    assert batch.facts["db.system.name"] == "postgresql"
    assert batch.facts["mintmark.batch.items"] == 2
    assert batch.facts["mintmark.batch.failed_items"] == 1
    assert job.began <= call.began <= batch.began
    assert job.seconds >= call.seconds + batch.seconds


async def test_a_command_with_a_collector_puts_its_own_span_between(
    collector: Collector, start: Start, command: Command
) -> None:
    start()
    command("enqueue", "demo", TRACEPARENT=TRACEPARENT, WORKER_TRACING__ENDPOINT=collector.url)

    [sent], [job] = [await collector.has(name) for name in ("enqueue demo", "job demo")]

    assert (sent.trace_id, sent.parent_id, sent.kind) == (TRACE, PARENT, "producer")
    assert (job.trace_id, job.parent_id) == (TRACE, sent.span_id)


async def test_a_job_of_nobodys_trace_begins_one(
    collector: Collector, start: Start, command: Command
) -> None:
    start()
    command("enqueue", "demo", TRACEPARENT="not one")

    [job] = await collector.has("job demo")

    assert job.parent_id == ""
    assert job.trace_id != TRACE


async def test_many_jobs_of_one_statement_are_all_below_their_producer(
    collector: Collector, start: Start, db: Database
) -> None:
    start()
    async with db.transaction() as connection:
        await connection.execute("select set_config('mintmark.traceparent', $1, true)", TRACEPARENT)
        await connection.execute("select worker.enqueue_many('demo', array['{}', '{}', '{}']::jsonb[])")

    jobs = await collector.has("job demo", 3)

    assert {(job.trace_id, job.parent_id) for job in jobs} == {(TRACE, PARENT)}
    assert len({job.span_id for job in jobs}) == 3


async def test_each_attempt_has_its_span_and_says_how_it_ended(
    collector: Collector, start: Start, command: Command, api: str
) -> None:
    start()
    command("run", "start", "caller", payload(api, fail="retry"), TRACEPARENT=TRACEPARENT)

    [refused] = await collector.has("stand_in refuse")
    first, second = await collector.has("job caller", 2)

    assert (refused.status, refused.message) == ("error", "5xx")
    assert refused.facts["error.type"] == refused.facts["mintmark.api.status"] == "5xx"
    assert (first.facts["mintmark.job.attempt"], first.facts["mintmark.job.ending"]) == (1, "retry")
    assert (first.status, first.message) == ("error", "source_down")
    assert (second.facts["mintmark.job.attempt"], second.status) == (2, "ok")
    assert {first.parent_id, second.parent_id} == {PARENT}


async def test_no_secret_is_in_a_span_and_nobody_else_hears_of_the_trace(
    collector: Collector,
    start: Start,
    command: Command,
    api: str,
    asked: list[Mapping[str, str]],
) -> None:
    start()
    command("run", "start", "caller", payload(api, fail="raise"), TRACEPARENT=TRACEPARENT)

    first, _ = await collector.has("job caller", 2)
    await collector.has("batch commit", 2)

    assert first.message == "unexpected"
    assert SECRET in str(asked)
    assert SECRET.encode() not in collector.raw
    assert b"/look" not in collector.raw
    assert not [header for headers in asked for header in headers if header.startswith(("trace", "baggage"))]
    assert {span.extras for span in collector.spans} == {0}


async def test_a_trace_that_its_producer_does_not_keep_is_not_sent(
    collector: Collector, start: Start, command: Command
) -> None:
    worker = start()
    command("enqueue", "demo", TRACEPARENT=TRACEPARENT[:-2] + "00")
    command("enqueue", "demo", TRACEPARENT=TRACEPARENT)

    await collector.has("job demo")

    async def finished() -> bool:
        return len(worker.said("job_finished")) == 2

    await until(finished)
    worker.signal(signal.SIGTERM)
    assert await worker.exit_code() == 0
    assert len(collector.named("job demo")) == 1


async def test_of_the_traces_that_begin_here_the_share_of_the_settings_is_kept(
    collector: Collector, start: Start, command: Command
) -> None:
    worker = start(WORKER_TRACING__SAMPLE_RATIO="0")
    command("enqueue", "demo")
    command("enqueue", "demo", TRACEPARENT=TRACEPARENT)

    [job] = await collector.has("job demo")
    worker.signal(signal.SIGTERM)
    await worker.exit_code()

    assert job.trace_id == TRACE
    assert collector.named("job demo") == [job]


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"OTEL_SERVICE_NAME": "cards"}, "cards"),
        ({"OTEL_SERVICE_NAME": "cards", "WORKER_TRACING__SERVICE_NAME": "vault"}, "vault"),
    ],
)
async def test_a_service_is_called_as_it_is_set(
    collector: Collector, start: Start, command: Command, environment: dict[str, str], name: str
) -> None:
    start(OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test", **environment)
    command("enqueue", "demo")

    [job] = await collector.has("job demo")

    assert job.resource["service.name"] == name
    assert job.resource["deployment.environment.name"] == "test"
    assert collector.paths[0] == "/v1/traces"


async def test_the_line_of_a_job_names_its_span(
    collector: Collector, start: Start, command: Command, api: str
) -> None:
    worker = start()
    command("run", "start", "caller", payload(api, fail="raise"), TRACEPARENT=TRACEPARENT)

    first, second = await collector.has("job caller", 2)
    lines = [ids(line) for line in worker.said("job_finished") if line["kind"] == "caller"]

    assert lines == [(TRACE, first.span_id), (TRACE, second.span_id)]
    assert [ids(line) for line in worker.said("job_crashed_handler")] == [(TRACE, first.span_id)]


def ids(line: Mapping[str, Any]) -> tuple[str, str]:
    return line["trace_id"], line["span_id"]
