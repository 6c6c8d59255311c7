"""The receiving end of OTLP/HTTP on loopback: takes spans, or refuses them, or says nothing."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.queue.scene import until

TOOK, REFUSED = 200, 503
OUTCOMES = {Status.STATUS_CODE_UNSET: "", Status.STATUS_CODE_OK: "ok", Status.STATUS_CODE_ERROR: "error"}


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it was received; ids in hexadecimal, times in seconds."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    began: float
    seconds: float
    facts: Mapping[str, Any]
    status: str
    message: str
    resource: Mapping[str, Any]
    extras: int
    """Events and links; there are none."""


@dataclass
class Collector:
    """A collector, and what it has received."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    raw: bytes = b""
    paths: list[str] = field(default_factory=list)
    status: int = TOOK
    answers: threading.Event = field(default_factory=threading.Event)
    """While it is not set, nothing is answered."""

    def take(self, path: str, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        self.paths.append(path)
        if self.status == TOOK:
            self.spans.extend(_spans(request))

    def named(self, name: str) -> list[Span]:
        """The spans of this name, in the order in which they began."""
        return sorted((span for span in self.spans if span.name == name), key=lambda span: span.began)

    async def has(self, name: str, count: int = 1) -> list[Span]:
        """Wait until so many spans of a name are there."""

        async def are_there() -> list[Span]:
            found = self.named(name)
            return found if len(found) >= count else []

        return await until(are_there, seconds=30)


@contextmanager
def collecting(*, answering: bool = True) -> Iterator[Collector]:
    """Be a collector for as long as the block lasts."""
    collector = Collector()
    if answering:
        collector.answers.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(collector))
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(collector: Collector) -> Callable[..., BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            collector.answers.wait(60)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(collector.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    return Receiver


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for group in request.resource_spans:
        resource = _facts(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.name,
                    SentSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano / 1e9,
                    (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                    _facts(span.attributes),
                    OUTCOMES[span.status.code],
                    span.status.message,
                    resource,
                    len(span.events) + len(span.links),
                )


def _facts(given: Any) -> dict[str, Any]:
    return {one.key: _value(one) for one in given}


def _value(one: KeyValue) -> Any:
    value: AnyValue = one.value
    return getattr(value, str(value.WhichOneof("value")))
