"""A collector, an API that notes what it is asked with, workers and producers in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.queue.processes import ROOT, WorkerProcess
from tests.tracing import caller
from tests.tracing.collector import Collector, collecting
from worker import tracing
from worker.app import kinds_of
from worker.db import Database
from worker.otel import OtelTracer
from worker.queue.jobs import Jobs
from worker.sandbox.serve import served

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
PROMPT = {"OTEL_BSP_SCHEDULE_DELAY": "50", "NO_PROXY": "127.0.0.1"}

Start = Callable[..., WorkerProcess]
Command = Callable[..., Any]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture
def ended() -> Iterator[InMemorySpanExporter]:
    """Switch traces on in this process; what has ended is in here."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.switch_on(OtelTracer(provider, provider.get_tracer("test")))
    yield exporter
    tracing.switch_on(None)


@pytest.fixture
def asked() -> list[Mapping[str, str]]:
    """The headers of each request that the API has had."""
    return []


@pytest.fixture
def api(asked: list[Mapping[str, str]]) -> Iterator[str]:
    """The URL of an API that finds everything, and refuses to be refused."""

    async def look(request: Request) -> JSONResponse:
        asked.append(dict(request.headers))
        return JSONResponse({"found": True})

    async def refuse(request: Request) -> JSONResponse:
        asked.append(dict(request.headers))
        return JSONResponse({"error": caller.SECRET}, 503)

    routes = [Route("/look/{what}", look), Route("/refuse", refuse, methods=["POST"])]
    with served(Starlette(routes=routes)) as url:
        yield url


@pytest.fixture
async def published(db: Database) -> None:
    await Jobs(db).publish(kinds_of(caller.handlers(), db))


@pytest.fixture
def start(database_url: str, tmp_path: Path, collector: Collector, published: None) -> Iterator[Start]:
    """Start a worker that knows the callers, and sends its spans to the collector, or where it is told."""
    del published
    with ExitStack() as stack:

        def begin(**environment: str) -> WorkerProcess:
            told = {"WORKER_TRACING__ENDPOINT": collector.url} | PROMPT | environment
            program = ("-m", "tests.tracing.caller")
            worker = WorkerProcess(database_url, tmp_path, program=program, environment=told)
            stack.callback(worker.end)
            return worker

        yield begin


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> Command:
    """Run ``mintmark`` and read the JSON that it prints."""
    return partial(_run, database_url, tmp_path)


def _run(url: str, folder: Path, *words: str, **environment: str) -> Any:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    environ |= {"DATABASE_URL": url, "PYTHONPATH": str(ROOT), **PROMPT, **environment}
    done = subprocess.run(
        [sys.executable, "-m", "worker", *words, "--json"],
        cwd=folder,
        env=environ,
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
