"""Traces that are not switched on cost nothing, load nothing, and break no chain."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.queue.processes import ROOT
from tests.queue.scene import until
from tests.tracing.collector import Collector
from tests.tracing.conftest import TRACE, TRACEPARENT, Command, Start
from tests.tracing.test_a_trace import payload
from worker.db import Database

WITHOUT_THE_EXTRA = """
import sys
sys.modules["opentelemetry"] = None
from worker.__main__ import main
main()
"""


def python(code: str, folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )


def test_nothing_of_opentelemetry_is_loaded(tmp_path: Path) -> None:
    look = "import sys, worker.cli, worker.pages; print([m for m in sys.modules if 'opentelemetry' in m])"

    assert python(look, tmp_path).stdout == "[]\n"


@pytest.mark.parametrize("words", [("worker",), ("web",), ("enqueue", "demo")])
def test_a_collector_without_the_extra_is_refused_with_what_to_install(
    tmp_path: Path, database_url: str, words: tuple[str, ...]
) -> None:
    done = python(
        WITHOUT_THE_EXTRA,
        tmp_path,
        *words,
        DATABASE_URL=database_url,
        WORKER_OPS__PORT="0",
        WORKER_TRACING__ENDPOINT="http://127.0.0.1:4318",
        WORKER_EBAY__CLIENT_ID="id",
        WORKER_EBAY__CLIENT_SECRET="secret",
        WORKER_EBAY__RU_NAME="name",
        WORKER_SECRETS__KEYS="one:" + "A" * 43 + "=",
    )

    assert done.returncode == 2
    assert "pip install 'mintmark[otel]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("off", [{"WORKER_TRACING__ENDPOINT": ""}, {"OTEL_SDK_DISABLED": "true"}])
async def test_a_worker_that_does_not_trace_passes_the_trace_on_and_names_it_in_its_lines(
    db: Database, collector: Collector, start: Start, command: Command, api: str, off: dict[str, str]
) -> None:
    worker = start(**off)
    command("run", "start", "caller", payload(api), TRACEPARENT=TRACEPARENT)

    async def all_ended() -> bool:
        return len(worker.said("job_finished")) == 2

    await until(all_ended)
    kept = await db.fetch("select distinct metadata ->> 'traceparent' as it from worker.job_history")
    assert [row["it"] for row in kept] == [TRACEPARENT]
    assert [(line["trace_id"], "span_id" in line) for line in worker.said("job_finished")] == [
        (TRACE, False)
    ] * 2
    assert not collector.paths
