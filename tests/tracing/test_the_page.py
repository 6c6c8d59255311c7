"""The trace that the page shows is the one that a collector gets."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.docs.pages import blocks
from tests.queue.processes import ROOT
from tests.selling.market import market
from tests.tracing.collector import Collector, Span
from tests.tracing.conftest import PARENT, PROMPT, TRACEPARENT

FACTS = ("mintmark.job.ending", "mintmark.job.attempt", "mintmark.api.status", "mintmark.batch.items")


def drawn(spans: Sequence[Span], above: str, depth: int = 0) -> Iterator[str]:
    """The spans below one as a tree: a line each, in the order in which they began."""
    for span in sorted((one for one in spans if one.parent_id == above), key=lambda one: one.began):
        told = [f"{name.rpartition('.')[2]}={span.facts[name]}" for name in FACTS if name in span.facts]
        yield f"{'   ' * depth}{span.name}".ljust(40) + span.kind.ljust(10) + " ".join(told)
        yield from drawn(spans, span.span_id, depth + 1)


def mintmark(folder: Path, environment: Mapping[str, str], *words: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    environ |= {"PYTHONPATH": str(ROOT), "WORKER_OPS__PORT": "0", **PROMPT, **environment}
    command = [sys.executable, "-m", "worker", *words]
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, timeout=40)


def test_the_trace_of_a_job_is_drawn_as_the_page_shows_it(
    database_url: str, tmp_path: Path, collector: Collector
) -> None:
    [shown] = blocks("trace")
    with market(tmp_path, sellers=1, orders=0) as running:
        environment = {
            **running.variables(),
            "DATABASE_URL": database_url,
            "WORKER_TRACING__ENDPOINT": collector.url,
            "TRACEPARENT": TRACEPARENT,
        }
        mintmark(tmp_path, environment, "enqueue", "ebay_limits")
        mintmark(tmp_path, environment, "worker", "--drain")

    assert "\n".join(line.rstrip() for line in drawn(collector.spans, PARENT)) == shown.text.rstrip()
