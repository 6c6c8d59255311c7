"""A process that loads the program once and forks a worker for every line it is told.

A line is the JSON of an ``Order``; the answer is the worker's number. How each worker ended is written into
the folder that is the argument: a file named by its number holds its exit code (below zero: the signal).
When nothing more can be told, the workers that are left are killed.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import anyio

from tests.chaos.buyer import Buyer
from tests.chaos.journal import Journal
from tests.chaos.trial import Trial
from worker.accounts.asking import Asker
from worker.app import Handlers, Service, database_urls, run_worker, shipped_handlers
from worker.db import Database
from worker.observe import configure_logging
from worker.settings import load_settings
from worker.settings_model import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What one worker shall be."""

    folder: str
    log: str
    journal: str
    environment: Mapping[str, str]
    queues: Sequence[str]
    concurrency: int


def be_a_worker(order: Order) -> None:
    """Serve with the shipped kinds and those of the trials until a signal comes."""
    loaded = load_settings()
    configure_logging(loaded.log.level, loaded.log.format)

    def handlers(settings: Settings, db: Database, asker: Asker | None) -> Handlers:
        journal = Journal(Path(order.journal))
        return [
            *shipped_handlers(settings, db, asker),
            Trial(journal),
            Buyer.ordered(journal, order.environment),
        ]

    async def run() -> None:
        await run_worker(loaded, urls, Service(order.queues, order.concurrency, handlers=handlers))

    with database_urls(loaded) as urls:
        anyio.run(run, backend_options={"use_uvloop": True})


class Nursery:
    """Forks, and buries."""

    def __init__(self, endings: Path) -> None:
        self._endings = endings
        self._alive: set[int] = set()

    def serve(self) -> None:
        """Fork a worker for every line; returns in each of them when that has ended."""
        signal.signal(signal.SIGCHLD, self._bury)
        while line := sys.stdin.readline():
            order = Order(**json.loads(line))
            if (pid := self._fork()) == 0:
                become(order)
                return
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()
        for pid in [*self._alive]:
            os.kill(pid, signal.SIGKILL)

    def _fork(self) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        if pid := os.fork():
            (self._endings / str(pid)).unlink(missing_ok=True)  # Of another that had its number.
            self._alive.add(pid)
        else:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        return pid

    def _bury(self, _signal: int, _frame: FrameType | None) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:  # Another signal came meanwhile, and all are buried.
                return
            if pid == 0:
                return
            self._alive.discard(pid)
            draft = self._endings / f"{pid}.draft"
            draft.write_text(str(os.waitstatus_to_exitcode(status)))
            draft.rename(self._endings / str(pid))


def become(order: Order) -> None:
    """Be the worker that was ordered; ends as a program ends."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    be_a_worker(order)


if __name__ == "__main__":
    Nursery(Path(sys.argv[1])).serve()
