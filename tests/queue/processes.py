"""A worker in a process of its own, as the fault tests start, hear and end it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.queue.scene import until
from tests.rig import as_worker
from tests.runs.scene import NOTHING_DAILY

ROOT = Path(__file__).parents[2]
QUEUE = {
    "LEASE_SECONDS": "10",
    "HEARTBEAT_SECONDS": "0.4",
    "RESCUE_SECONDS": "0.2",
    "POLL_SECONDS": "0.1",
    "GRACE_SECONDS": "2",
    "STALL_SECONDS": "30",
}


class WorkerProcess:
    """A worker of its own process, and what it has said."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        direct_url: str | None = None,
        concurrency: int = 3,
        program: Sequence[str] = ("-m", "worker"),
        environment: Mapping[str, str] | None = None,
        **queue: object,
    ) -> None:
        self._log = folder / f"worker-{time.monotonic_ns()}.log"
        settings = {**QUEUE, **{name.upper(): str(value) for name, value in queue.items()}}
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
        environ |= {f"WORKER_QUEUE__{name}": value for name, value in settings.items()}
        environ |= {"DATABASE_URL": as_worker(url), "MIGRATIONS_URL": as_worker(direct_url or url)}
        environ |= {"PYTHONPATH": str(ROOT)} | NOTHING_DAILY
        environ |= {"WORKER_OPS__PORT": "0", "WORKER_LOG__FORMAT": "json"} | dict(environment or {})
        with self._log.open("ab") as out:
            command = [sys.executable, *program, "worker", "--concurrency", str(concurrency)]
            self.process = subprocess.Popen(command, cwd=folder, env=environ, stdout=out, stderr=out)

    def said(self, event: str) -> list[dict[str, Any]]:
        """All that it has logged of one event."""
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.startswith("{")]
        return [one for one in map(json.loads, lines) if one["event"] == event]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def ready(self) -> "WorkerProcess":
        async def has_started() -> bool:
            assert self.process.poll() is None, self._log.read_text(errors="replace")
            return bool(self.said("worker_started"))

        await until(has_started, seconds=30)
        return self

    async def exit_code(self, seconds: float = 20) -> int:
        async def has_ended() -> bool:
            return self.process.poll() is not None

        await until(has_ended, seconds=seconds)
        return self.process.returncode

    def can_hear(self) -> bool:
        """Tell whether a handler for SIGTERM is installed."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    async def problems(self) -> list[str]:
        """What its health port says is wrong now."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.said('ops_port')[0]['url']}/healthz")
        problems: list[str] = answer.json()["problems"]
        assert answer.status_code == (503 if problems else 200)
        return problems

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


Start = Callable[..., WorkerProcess]
