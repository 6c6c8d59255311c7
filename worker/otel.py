"""OpenTelemetry: how spans are made and get to a collector. Loaded only where traces are switched on.

Spans wait in a queue of the SDK's, and a thread of its own sends them: whoever ends one never waits. When the
queue is full, or the collector takes nothing, they are lost, and nothing else is.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import Token
from dataclasses import dataclass, field

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from worker.tracing import Facts, Kind

EXPORT_SECONDS = 5.0
"""How long one message to the collector may take with its tries, where no variable of ``TIMEOUTS`` says."""
PATH = "/v1/traces"
TIMEOUTS = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
NANOSECONDS = 1_000_000_000
KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
    "producer": SpanKind.PRODUCER,
}
PROPAGATOR = TraceContextTextMapPropagator()

for _name in ("opentelemetry", "urllib3"):
    # They would tell each outage in lines that are not ours; ``OnExport`` tells it once.
    logging.getLogger(_name).addHandler(logging.NullHandler())

QUEUE = logging.getLogger("opentelemetry.sdk._shared_internal")
QUEUE_FULL = "Queue full"

OnExport = Callable[[bool, int], None]
"""Hears of each message to the collector: whether it was taken, and of how many spans."""


@dataclass(slots=True)
class OtelSpan:
    """A span of OpenTelemetry's, and its place in the context of its task."""

    span: trace.Span
    began: int
    _place: "Token[context.Context] | None" = field(default=None)

    @property
    def trace_id(self) -> str:
        return trace.format_trace_id(self.span.get_span_context().trace_id)

    @property
    def span_id(self) -> str:
        return trace.format_span_id(self.span.get_span_context().span_id)

    @property
    def traceparent(self) -> str:
        flags = self.span.get_span_context().trace_flags
        return f"00-{self.trace_id}-{self.span_id}-{flags:02x}"

    def leave(self) -> None:
        if self._place is not None:
            context.detach(self._place)
            self._place = None

    def end(self, facts: Facts, *, error: str | None, is_ok: bool, seconds: float | None) -> None:
        self.span.set_attributes(facts)
        if error is not None:
            self.span.set_attribute("error.type", error)
            self.span.set_status(Status(StatusCode.ERROR, error))
        elif is_ok:
            self.span.set_status(Status(StatusCode.OK))
        self.span.end(None if seconds is None else self.began + int(seconds * NANOSECONDS))


@dataclass(frozen=True, slots=True)
class OtelTracer:
    """Begins spans. Use ``open_tracer`` to get one."""

    provider: TracerProvider
    tracer: trace.Tracer

    def begin(self, name: str, kind: Kind, facts: Facts) -> OtelSpan:
        return self._begin(name, kind, facts, context.get_current())

    def resume(self, name: str, kind: Kind, facts: Facts, traceparent: str | None) -> OtelSpan:
        carrier = {} if traceparent is None else {"traceparent": traceparent}
        return self._begin(name, kind, facts, PROPAGATOR.extract(carrier, context.Context()))

    def _begin(self, name: str, kind: Kind, facts: Facts, above: context.Context) -> OtelSpan:
        began = time.time_ns()
        # Ends are told to it, never exceptions: their words may hold anything.
        span = self.tracer.start_span(
            name,
            above,
            KINDS[kind],
            facts,
            start_time=began,
            record_exception=False,
            set_status_on_exception=False,
        )
        return OtelSpan(span, began, context.attach(trace.set_span_in_context(span, above)))

    def current(self) -> OtelSpan | None:
        span = trace.get_current_span()
        return OtelSpan(span, 0) if span.get_span_context().is_valid else None

    def close(self, seconds: float) -> None:
        """Send what waits, for so long at most; what is not sent by then is lost."""
        # The SDK's own limit is half a minute, and not over all of it.
        closing = threading.Thread(target=self.provider.shutdown, name="mintmark traces", daemon=True)
        closing.start()
        closing.join(seconds)


class _Told(SpanExporter):
    """An exporter whose outcomes are told."""

    def __init__(self, exporter: SpanExporter, on_export: OnExport) -> None:
        self._exporter, self._on_export = exporter, on_export

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        self._on_export(result is SpanExportResult.SUCCESS, len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Full(logging.Handler):
    """Hears what the SDK says when its queue is full, which it tells nobody in another way."""

    def __init__(self, on_full: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_full = on_full

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(QUEUE_FULL):
            self._on_full()


def open_tracer(
    endpoint: str,
    *,
    sample_ratio: float,
    service_name: str | None,
    version: str,
    on_export: OnExport,
    on_full: Callable[[], None],
) -> OtelTracer:
    """Send spans to the OTLP/HTTP collector at ``endpoint``, below which ``/v1/traces`` is.

    A trace is kept as its producer has decided; of those that begin here, this share is. It becomes the
    provider of the process, so that a handler's own spans get there too. Connects to nothing yet. ``on_full``
    hears now and then that spans are dropped because too many wait.
    """
    timeout = None if any(os.environ.get(name) for name in TIMEOUTS) else EXPORT_SECONDS
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/").removesuffix(PATH) + PATH, timeout=timeout)
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(sample_ratio)),
        resource=_resource(service_name, version),
        shutdown_on_exit=False,  # It would wait for a dead collector; ``close`` has a limit.
    )
    QUEUE.addHandler(_Full(on_full))
    provider.add_span_processor(BatchSpanProcessor(_Told(exporter, on_export)))
    trace.set_tracer_provider(provider)
    return OtelTracer(provider, provider.get_tracer("mintmark", version))


def _resource(service_name: str | None, version: str) -> Resource:
    name = service_name or os.environ.get("OTEL_SERVICE_NAME") or "mintmark"
    return Resource.create({"service.name": name, "service.version": version})
