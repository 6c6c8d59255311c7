"""Handlers that block, and the plain functions of theirs: in a module, so that a process can find them."""

import os
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Literal

from worker.queue.contract import Done, Ending
from worker.runs.handler import JobPayload


class Odd(Exception):
    """One that can be pickled, and not be made again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def raise_odd() -> None:
    raise Odd("this", "that")


def raise_value_error(text: str) -> None:
    raise ValueError(text)


def leave() -> None:
    raise SystemExit(3)


def give_a_lock() -> object:
    return threading.Lock()


def die(code: int) -> None:
    os._exit(code)


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def chatter() -> str:
    """Write to stdout in all ways, and read from stdin."""
    print("by Python")  # noqa: T201 - it is what is tried.
    os.write(1, b"by the system\n")
    subprocess.run(["/bin/sh", "-c", "echo by another program; cat"], check=True)
    return "heard"


def shrug_off(number: int) -> str:
    os.kill(os.getpid(), number)
    return "alive"


def pid() -> int:
    return os.getpid()


def spin(seconds: float) -> None:
    """Compute in Python, which lets others run now and then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000))


def hog() -> None:
    """Compute in C, for longer than anybody waits, without ever letting another thread run."""
    re.match("(a+)+$", "a" * 50 + "b")


def is_at_work(number: int) -> bool:
    """Tell whether a process is there and not merely unburied."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def sockets(number: int | Literal["self"]) -> set[str]:
    """The sockets that a process has open."""
    found = set()
    for place in Path(f"/proc/{number}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(place.readlink()))
    return {one for one in found if one.startswith("socket:")}


def noted(note: Path) -> int:
    """The number of the process that has written a note; 0 while none has."""
    return int(note.read_text()) if note.exists() else 0


class Gate:
    """Where threads wait to be let through, and how many of them there were at once."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def pass_through(self) -> str:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        assert self.open.wait(20)
        with self._lock:
            self.inside -= 1
        return "too late"


class Task(JobPayload):
    seconds: float = 0
    note: str = ""
    """A file for the number of the process that is at work."""


def _work(task: Task) -> Ending:
    if task.note:
        _note(task.note)
    spin(task.seconds)
    return Done({"pid": os.getpid(), "sockets": sorted(sockets("self"))})


def start_another(task: Task) -> None:
    """Leave the work to another program."""
    with subprocess.Popen(["/bin/sleep", "600"]) as another:
        _note(task.note, another.pid)


def _note(name: str, number: int | None = None) -> None:
    whole = Path(f"{name}.{os.getpid()}")
    whole.write_text(str(number or os.getpid()))
    whole.rename(name)


@dataclass(frozen=True)
class InThread:
    """Computes in a thread."""

    kind: ClassVar = "in_thread"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=1)
    max_attempts: ClassVar = 1
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Task
    runs_in: ClassVar[Literal["thread", "process"]] = "thread"

    def handle(self, payload: Task) -> Ending:
        return _work(payload)


@dataclass(frozen=True)
class InProcess:
    """Computes in a process."""

    kind: ClassVar = "in_process"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=1)
    max_attempts: ClassVar = 1
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Task
    runs_in: ClassVar[Literal["thread", "process"]] = "process"

    def handle(self, payload: Task) -> Ending:
        return _work(payload)


@dataclass(frozen=True)
class Hog(InProcess):
    """Computes in a process and never stops."""

    kind: ClassVar = "hog"

    def handle(self, payload: Task) -> Ending:
        _note(payload.note)
        hog()
        return Done()


@dataclass(frozen=True)
class Short(InProcess):
    """Is given less time than it needs."""

    kind: ClassVar = "short"
    timeout: ClassVar = timedelta(seconds=3)  # Enough to start a process in, also on a busy machine.


@dataclass(frozen=True)
class Dying(InProcess):
    """Ends its process, whatever it is told."""

    kind: ClassVar = "dying"
    max_attempts: ClassVar = 2

    def handle(self, payload: Task) -> Ending:  # noqa: ARG002
        segfault()
        return Done()


@dataclass(frozen=True)
class Careless(InThread):
    """Answers what is not an ending."""

    kind: ClassVar = "careless"

    def handle(self, payload: Task) -> Ending:  # noqa: ARG002
        return "fine"  # type: ignore[return-value]


@dataclass(frozen=True)
class Waiting:
    """Waits in a thread at a gate, with too little time for it."""

    gate: Gate
    kind: ClassVar = "waiting"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(seconds=0.2)
    max_attempts: ClassVar = 1
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Task
    runs_in: ClassVar[Literal["thread", "process"]] = "thread"

    def handle(self, payload: Task) -> Ending:  # noqa: ARG002
        return Done({"said": self.gate.pass_through()})


SHIPPED = (InThread(), InProcess(), Hog(), Short(), Dying(), Careless())
