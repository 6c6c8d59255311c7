"""Debian's Prometheus for a test: promtool as a program, the server as a process with a folder of its own.

A test that needs them is skipped, visibly, where they are not (``tests/monitoring/install`` gets them).
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.monitoring.rules import FILES, ROOT, hurried

PLACES = f"{os.environ.get('PATH', '')}:{ROOT / '.venv' / 'prometheus' / 'usr' / 'bin'}"
SCRAPE_MILLISECONDS = 15_000
LOOKBACK_SECONDS = 300
START_SECONDS = 20
ATTEMPTS = 5


def program(name: str) -> str:
    """Where the program is; skips the test where there is none."""
    if found := shutil.which(name, path=PLACES):
        return found
    pytest.skip(f"{name} is not here (make prometheus, or Debian: apt-get install prometheus)")


def promtool(*arguments: object, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run promtool, in a folder; what it says stands in ``stdout``."""
    return subprocess.run(
        [program("promtool"), *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=50,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus that scrapes workers and follows our rules."""

    url: str

    async def ask(self, path: str, **params: str) -> Any:
        """Ask its API; answers the ``data``."""
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            answer = await client.get(f"/api/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """What an expression comes to now: labels and value of each series."""
        found = (await self.ask("query", query=expression))["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    async def firing(self) -> dict[str, list[dict[str, str]]]:
        """The alerts that fire now: by name, the labels of each."""
        alerts: dict[str, list[dict[str, str]]] = {}
        for one in (await self.ask("alerts"))["alerts"]:
            if one["state"] == "firing":
                alerts.setdefault(one["labels"]["alertname"], []).append(one["labels"])
        return alerts

    async def ever_fired(self) -> set[str]:
        """The names of all alerts that have fired since it was started, however shortly."""
        found = await self.query('count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1h]))')
        return {labels["alertname"] for labels, _ in found}


@contextmanager
def prometheus(folder: Path, targets: Sequence[str], *, factor: int) -> Iterator[Prometheus]:
    """Run one over these workers; scrapes, ``for:``, ranges and lookback are quicker by a ``factor``."""
    (folder / "rules").mkdir()
    for file in FILES:
        (folder / "rules" / file.name).write_text(hurried(file.read_text("utf-8"), factor), encoding="utf-8")
    every = f"{SCRAPE_MILLISECONDS // factor}ms"
    job = {"job_name": "mintmark-worker", "static_configs": [{"targets": list(targets)}]}
    config = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": [job],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML.
    process, url = _started(folder, lookback=f"{LOOKBACK_SECONDS * 1000 // factor}ms")
    try:
        yield Prometheus(url)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(folder: Path, *, lookback: str) -> tuple["subprocess.Popen[bytes]", str]:
    log = folder / "prometheus.log"
    for _ in range(ATTEMPTS):  # Somebody else may take the port between our asking and its opening.
        with socket.create_server(("127.0.0.1", 0)) as asked:
            address = f"127.0.0.1:{asked.getsockname()[1]}"
        command = [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        command += [f"--web.listen-address={address}", f"--query.lookback-delta={lookback}"]
        with log.open("ab") as out:
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
        if _is_ready(process, f"http://{address}"):
            return process, f"http://{address}"
        process.kill()
        process.wait()
    raise RuntimeError(f"Prometheus did not start: {log.read_text(errors='replace')}")


def _is_ready(process: "subprocess.Popen[bytes]", url: str) -> bool:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"{url}/-/ready", timeout=5).status_code == 200:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.05)  # Nothing tells when its port is open.
    return False
