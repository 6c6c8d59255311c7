"""Requests to our own pages are spans, of traces that begin here."""

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.tracing.conftest import TRACE, TRACEPARENT
from tests.web.scene import hearing
from worker import tracing
from worker.web.pages import Answer
from worker.web.reception import Door, Reception, Visit

SECRET = "code-of-the-caller"


async def calling(_: Visit) -> Answer:
    with tracing.api_call(api="stand_in", operation="look") as asked:
        asked.status = "2xx"
    return Answer(200, "found")


async def broken(_: Visit) -> Answer:
    raise RuntimeError(SECRET)


DOORS = {"/calling": Door({"GET": calling}), "/broken": Door({"GET": broken})}


async def get(path: str) -> httpx.Response:
    transport = httpx.ASGITransport(Reception(DOORS, https=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
        return await client.get(f"{path}?code={SECRET}", headers={"traceparent": TRACEPARENT})


async def test_a_request_is_a_span_with_its_calls_below_it(ended: InMemorySpanExporter) -> None:
    answer = await get("/calling")

    call, request = ended.get_finished_spans()
    assert request.name == "GET /calling"
    assert call.parent is not None
    assert call.parent.span_id == request.context.span_id
    assert (request.attributes or {})["http.response.status_code"] == 200
    assert (request.attributes or {})["mintmark.request.id"] == answer.headers["x-request-id"]


async def test_a_stranger_s_trace_is_not_continued(ended: InMemorySpanExporter) -> None:
    await get("/calling")

    [*_, request] = ended.get_finished_spans()
    assert request.parent is None
    assert f"{request.context.trace_id:032x}" != TRACE


@pytest.mark.parametrize(("path", "name"), [("/broken", "GET /broken"), (f"/{SECRET}", "GET other")])
async def test_neither_an_address_nor_an_error_s_words_are_in_it(
    ended: InMemorySpanExporter, path: str, name: str
) -> None:
    with hearing():
        answer = await get(path)

    [request] = ended.get_finished_spans()
    assert request.name == name
    assert SECRET not in request.to_json()
    assert (request.status.status_code.name == "ERROR") == (answer.status_code >= 500)
