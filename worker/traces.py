"""Traces, as the settings say: a part of the composition root."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version

from worker import observe, tracing
from worker.errors import BadSettings
from worker.settings_tracing import Tracing

COLLECTOR = "traces"
FLUSH_SECONDS = 1.0
"""How long an end waits for the collector: a worker's grace and this are within what its supervisor gives."""
DISABLED = "OTEL_SDK_DISABLED"
PRODUCER = "TRACEPARENT"
"""The variable in which whoever starts a command says its trace."""
MISSING = (
    "WORKER_TRACING__ENDPOINT is set, and the packages that traces need are not installed: "
    "pip install 'mintmark[otel]', or leave it unset"
)


class Exports:
    """What is known of the collector; an outage of it is said once, and once when it is over."""

    def __init__(self) -> None:
        self._away = False

    def heard(self, taken: bool, spans: int) -> None:
        """Note what became of one message to it; called by a thread of its own."""
        observe.SPANS.labels("sent" if taken else "lost").inc(spans)
        if taken and self._away:
            observe.say("outage_ended", what=COLLECTOR)
        elif not taken and not self._away:
            observe.say("outage_began", level="warning", what=COLLECTOR, error="spans are lost")
        self._away = not taken

    def full(self) -> None:
        """Say that spans are dropped."""
        observe.say("spans_dropped", level="warning")


@contextmanager
def traced(chosen: Tracing) -> Iterator[None]:
    """Trace what is done in the block, if a collector is named; at its end what waits is sent.

    Raises ``BadSettings`` where one is named and the extra is not installed.
    """
    if chosen.endpoint is None or os.environ.get(DISABLED, "").lower() == "true":
        yield
        return
    try:
        from worker.otel import open_tracer  # noqa: PLC0415 - an extra, and slow to load.
    except ImportError:
        raise BadSettings(MISSING) from None
    exports = Exports()
    tracer = open_tracer(
        chosen.endpoint.get_secret_value(),
        sample_ratio=chosen.sample_ratio,
        service_name=chosen.service_name,
        version=version("mintmark"),
        on_export=exports.heard,
        on_full=exports.full,
    )
    tracing.switch_on(tracer)
    try:
        yield
    finally:
        tracing.switch_on(None)
        tracer.close(FLUSH_SECONDS)


def enqueueing(kind: str) -> AbstractContextManager[str | None]:
    """A command puts a job into a queue; gives what the job shall continue: the trace of who started it."""
    return tracing.enqueueing(kind, os.environ.get(PRODUCER) or None)
