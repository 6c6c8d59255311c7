"""Processes that are measured: started with nothing of the caller's settings, awaited, and always ended."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeAlias

import psycopg

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 15
START_SECONDS = 60
TICK = 0.01
OURS = ("WORKER_", "DATABASE_URL", "MIGRATIONS_URL")

Process: TypeAlias = "subprocess.Popen[bytes]"
Session: TypeAlias = "psycopg.Connection[tuple[object, ...]]"


class ProcessEnded(RuntimeError):
    """Raised when a process that is measured has ended by itself; shows what it said."""


@contextmanager
def python(*arguments: str, url: str) -> Iterator[Process]:
    """Run a Python program of the checkout against a database, in an empty folder; end it at the end."""
    with tempfile.TemporaryDirectory(prefix="mintmark-bench-") as folder, tempfile.TemporaryFile() as said:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        environ |= {"DATABASE_URL": url, "MIGRATIONS_URL": url, "PYTHONPATH": str(ROOT)}
        environ |= {"WORKER_OPS__ENABLED": "false", "WORKER_LOG__LEVEL": "warning"}
        command = [sys.executable, *arguments]
        with subprocess.Popen(command, cwd=folder, env=environ, stdout=said, stderr=said) as process:
            try:
                yield process
                _refuse_ended(process, said)
            except TimeoutError as error:
                error.add_note(_told(said))
                raise
            finally:
                _end(process)


@contextmanager
def noop_workers(
    url: str, *, slots: int, processes: int = 1, starts: Path | None = None
) -> Iterator[Sequence[Process]]:
    """Run workers of the kind ``noop``; yields them once all have looked for work, found none and sleep."""
    arguments = ["-m", "benchmarks.noop", "--slots", str(slots)]
    arguments += [] if starts is None else ["--starts", str(starts)]
    with ExitStack() as stack, psycopg.connect(url, autocommit=True) as connection:
        started = [stack.enter_context(python(*arguments, url=url)) for _ in range(processes)]
        until(lambda: asleep(connection, "noop") == processes, "the workers to start", alive=started)
        yield started


def asleep(connection: Session, queue: str) -> int:
    """Count the workers that wait for work in a queue."""
    row = connection.execute(
        "select count(*)::int from worker.sleepers s where s.queue = %s", (queue,)
    ).fetchone()
    assert row
    return int(str(row[0]))


def until(
    condition: Callable[[], bool], what: str, *, seconds: float = START_SECONDS, alive: Sequence[Process] = ()
) -> None:
    """Look again and again until the condition holds; raises ``TimeoutError`` past the limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline or any(process.poll() is not None for process in alive):
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(TICK)


def resident_mib(process: Process) -> float:
    """The memory a process has now, in MiB."""
    return _status(process, "VmRSS") / 1024


def peak_mib(process: Process) -> float:
    """The most memory a living process has had so far, in MiB."""
    return _status(process, "VmHWM") / 1024


def _status(process: Process, name: str) -> int:
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _refuse_ended(process: Process, said: IO[bytes]) -> None:
    if process.poll() is not None:
        raise ProcessEnded(f"a process ended with {process.returncode}: {_told(said)}")


def _told(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace").strip() or "it said nothing"


def _end(process: Process) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
