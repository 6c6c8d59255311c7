"""Workers as the faults meet them: processes that can be started, signalled, heard and buried."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from tests.chaos.program import Order
from tests.queue.scene import until

ROOT = Path(__file__).parents[2]
LEASE = 1.5
PACE: dict[str, float] = {
    "lease_seconds": LEASE,
    "heartbeat_seconds": 0.4,
    "rescue_seconds": 0.2,
    "poll_seconds": 0.2,
    "grace_seconds": 2,
    "stall_seconds": 30,
}


@dataclass(frozen=True, slots=True)
class Nursery:
    """The process that forks workers (``program.py``), and where it writes how they ended."""

    asks: IO[str]
    answers: IO[str]
    endings: Path

    def fork(self, order: Order) -> int:
        """Start a worker; answers its number."""
        self.asks.write(json.dumps(asdict(order)) + "\n")
        self.asks.flush()
        return int(self.answers.readline())

    def ending(self, pid: int) -> int | None:
        """How a worker ended: its exit code, below zero for a signal; None while it lives."""
        path = self.endings / str(pid)
        return int(path.read_text()) if path.exists() else None


@contextmanager
def nursing(endings: Path) -> Iterator[Nursery]:
    """Run a nursery for as long as the block lasts; no worker outlives it."""
    command = [sys.executable, "-m", "tests.chaos.program", str(endings)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Nursery(process.stdin, process.stdout, endings)


class Worker:
    """One worker process, and what it has said."""

    def __init__(
        self,
        nursery: Nursery,
        url: str,
        journal: Path,
        *,
        direct_url: str | None = None,
        queues: Sequence[str] = (),
        concurrency: int = 4,
        environment: Mapping[str, str] | None = None,
        **pace: float,
    ) -> None:
        self._nursery = nursery
        self._log = journal.with_name(f"worker-{time.monotonic_ns()}.log")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
        environ |= {f"WORKER_QUEUE__{name.upper()}": str(value) for name, value in (PACE | pace).items()}
        environ |= {"DATABASE_URL": url, "MIGRATIONS_URL": direct_url or url}
        environ |= {"WORKER_OPS__PORT": "0", "WORKER_LOG__FORMAT": "json"} | dict(environment or {})
        folder, log = str(journal.parent), str(self._log)
        self.pid = nursery.fork(Order(folder, log, str(journal), environ, list(queues), concurrency))

    def text(self) -> str:
        """All that it has written."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def said(self, event: str) -> list[dict[str, Any]]:
        """All that it has logged of one event."""
        found = [json.loads(line) for line in self.text().splitlines() if f'"event": "{event}"' in line]
        return [one for one in found if one["event"] == event]

    def code(self) -> int | None:
        """Its exit code, below zero for a signal; None while it lives."""
        return self._nursery.ending(self.pid)

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.code() is None:
            os.kill(self.pid, number)

    def end(self) -> None:
        """Let it be gone."""
        self.signal(signal.SIGKILL)

    async def ready(self) -> "Worker":
        """Wait until it claims."""

        async def has_started() -> bool:
            assert self.code() is None, self.text()
            return bool(self.said("worker_started"))

        await until(has_started, seconds=30)
        return self

    async def exit_code(self, seconds: float = 20) -> int:
        """Wait until it has ended; answers how."""

        async def has_ended() -> bool:
            return self.code() is not None

        await until(has_ended, seconds=seconds)
        code = self.code()
        assert code is not None
        return code

    def can_hear(self) -> bool:
        """Tell whether it has a handler for SIGTERM."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    async def ask(self, path: str) -> httpx.Response:
        """Ask its ops port."""
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.get(f"{self.said('ops_port')[0]['url']}{path}")

    async def problems(self) -> list[str]:
        """What its health port says is wrong now."""
        answer = await self.ask("/healthz")
        problems: list[str] = answer.json()["problems"]
        assert answer.status_code == (503 if problems else 200)
        return problems
