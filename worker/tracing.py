"""The spans of a trace: every span and every attribute has its name here and nowhere else.

Takes plain values, as ``observe`` does, and knows no library: ``otel.py`` hands its tracer to ``switch_on``.
Until then there is nothing to load, and every function answers at once.

A span has only what stands here. Payloads, addresses, headers, bodies and the words of errors are never
among it: what goes to a collector is read by more people than a database.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

Fact: TypeAlias = str | int | float | bool
Facts: TypeAlias = Mapping[str, Fact]
Kind: TypeAlias = Literal["server", "client", "consumer", "producer"]

SYSTEM = "mintmark"
UNHEARD = "unheard"
"""The class of a call that ended with our own end: cancelled, or by an error that is not the API's."""
FAILED = frozenset({"retry", "fail", "lease_lost"})
GOOD = "2xx"
OUR_FAULT = 500


class Span(Protocol):
    """A span that has begun."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""

    @property
    def traceparent(self) -> str:
        """What a continuation of it is told, as W3C's trace context has it."""

    def leave(self) -> None:
        """Be the current one no more."""

    def end(self, facts: Facts, *, error: str | None, is_ok: bool, seconds: float | None) -> None:
        """End, with an error's name where there was one, now or so long after it began."""


class Tracer(Protocol):
    """What begins spans."""

    def begin(self, name: str, kind: Kind, facts: Facts) -> Span:
        """Begin a span below the current one, and make it the current one."""

    def resume(self, name: str, kind: Kind, facts: Facts, traceparent: str | None) -> Span:
        """Begin one below what ``traceparent`` names, else a new trace; and make it the current one."""

    def current(self) -> Span | None:
        """The span that work is done in just now."""


@dataclass
class _Switch:
    tracer: Tracer | None = None


_switch = _Switch()


def switch_on(tracer: Tracer | None) -> None:
    """From now on spans are begun by this tracer; None: none are."""
    _switch.tracer = tracer


def is_on() -> bool:
    """Tell whether spans are begun. Whoever does the same thousands of times a second asks here first."""
    return _switch.tracer is not None


def ids() -> dict[str, str]:
    """``trace_id`` and ``span_id`` of the current span, for a line of the log; nothing without one."""
    span = _switch.tracer.current() if _switch.tracer is not None else None
    return {} if span is None else ids_of(span, None)


def ids_of(span: Span | None, traceparent: str | None) -> dict[str, str]:
    """The same of a job: of its span, or where it has none of the trace that it was enqueued in."""
    if span is not None:
        return {"trace_id": span.trace_id, "span_id": span.span_id}
    return {} if traceparent is None else {"trace_id": traceparent.split("-")[1]}


def traceparent(otherwise: str | None) -> str | None:
    """What work that is enqueued now shall continue: the current span, or what is given."""
    span = _switch.tracer.current() if _switch.tracer is not None else None
    return otherwise if span is None else span.traceparent


def job_began(
    *, kind: str, queue: str, job: int, attempt: int, run: UUID | None, traceparent: str | None
) -> Span | None:
    """Begin the span of an attempt, below its producer's; all that its slot does now is below it.

    It stays current in its slot's task until the next begins: between two jobs nothing is traced there.
    """
    if _switch.tracer is None:
        return None
    facts: dict[str, Fact] = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
        "messaging.message.id": str(job),
        "mintmark.job.id": job,
        "mintmark.job.kind": kind,
        "mintmark.job.queue": queue,
        "mintmark.job.attempt": attempt,
    }
    if run is not None:
        facts["mintmark.run.id"] = str(run)
    return _switch.tracer.resume(f"job {kind}", "consumer", facts, traceparent)


def job_ended(span: Span | None, *, ending: str, code: str | None, seconds: float) -> None:
    """End the span of an attempt whose ending is committed, as so many seconds after it began."""
    if span is not None:
        error = (code or ending) if ending in FAILED else None
        span.end({"mintmark.job.ending": ending}, error=error, is_ok=ending == "done", seconds=seconds)


@contextmanager
def batch(*, kind: str, job: int) -> Iterator[dict[str, int]]:
    """A handler's transaction, from the wait for a connection to its commit; its counts are put down.

    Counts are called ``items``, ``failed_items``, ``charges``.
    """
    counts: dict[str, int] = {}
    facts: Facts = {
        "db.system.name": "postgresql",
        "db.operation.name": "COMMIT",
        "mintmark.job.id": job,
        "mintmark.job.kind": kind,
    }
    with _below("batch commit", "client", facts) as found:
        try:
            yield counts
        finally:
            found.update({f"mintmark.batch.{name}": count for name, count in counts.items()})


@dataclass(slots=True)
class Asked:
    """A call under way; ``status`` is the class of its answer, as the metrics have it."""

    status: str = UNHEARD


@contextmanager
def api_call(
    *, api: str, operation: str, method: str | None = None, request_id: str | None = None, retries: int = 0
) -> Iterator[Asked]:
    """One request to somebody else's API. It is told nothing of our traces."""
    asked = Asked()
    facts: dict[str, Fact] = {"mintmark.api": api, "mintmark.api.operation": operation}
    if method is not None:
        facts["http.request.method"] = method
    if request_id is not None:
        facts["mintmark.request.id"] = request_id
    if retries:
        facts["http.request.resend_count"] = retries
    with _below(f"{api} {operation}", "client", facts) as found:
        try:
            yield asked
        finally:
            found["mintmark.api.status"] = asked.status
            if asked.status not in {GOOD, UNHEARD}:
                found["error.type"] = asked.status


@dataclass(slots=True)
class Answered:
    """A request of somebody else's under way; ``status`` is that of its answer, 0 while there is none."""

    status: int = 0


@contextmanager
def web_request(*, method: str, route: str, request_id: str) -> Iterator[Answered]:
    """A request to our pages. It begins a trace of its own: whoever asks is not asked for one."""
    answered = Answered()
    tracer = _switch.tracer
    if tracer is None:
        yield answered
        return
    facts: Facts = {"http.request.method": method, "http.route": route, "mintmark.request.id": request_id}
    with _ended(tracer.resume(f"{method} {route}", "server", facts, None)) as (_, found):
        try:
            yield answered
        finally:
            found["http.response.status_code"] = answered.status
            if answered.status >= OUR_FAULT:
                found["error.type"] = str(answered.status)


@contextmanager
def enqueueing(kind: str, traceparent: str | None) -> Iterator[str | None]:
    """A job is put into a queue, below what ``traceparent`` names; answers what the job shall continue."""
    tracer = _switch.tracer
    if tracer is None:
        yield traceparent
        return
    facts: Facts = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": "enqueue",
        "messaging.operation.type": "send",
        "mintmark.job.kind": kind,
    }
    with _ended(tracer.resume(f"enqueue {kind}", "producer", facts, traceparent)) as (span, _):
        yield span.traceparent


@contextmanager
def _below(name: str, kind: Kind, facts: Facts) -> Iterator[dict[str, Fact]]:
    """A span of what is done in the block; facts that are found meanwhile are put down in what it gives."""
    tracer = _switch.tracer
    if tracer is None:
        yield {}
        return
    with _ended(tracer.begin(name, kind, facts)) as (_, found):
        yield found


@contextmanager
def _ended(span: Span) -> Iterator[tuple[Span, dict[str, Fact]]]:
    found: dict[str, Fact] = {}
    error: str | None = None
    try:
        yield span, found
    except BaseException as raised:
        error = type(raised).__name__  # Its class and not its words, which may hold anything.
        raise
    finally:
        error = str(found.pop("error.type", error) or "") or None
        span.leave()
        span.end(found, error=error, is_ok=False, seconds=None)
