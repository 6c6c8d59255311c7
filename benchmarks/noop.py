"""A kind that does nothing, and the worker that serves it: ``python -m benchmarks.noop``.

The worker is production's own, from the claim to the finish. Only the handler is ours; with ``--starts FILE``
it writes a line for each job: its number, and the clock (CLOCK_MONOTONIC, in ns) when the handler began. All
processes of one machine read the same clock.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import anyio

from worker.app import Service, Urls, kinds_of, run_worker
from worker.db import open_database
from worker.observe import configure_logging
from worker.queue.contract import Done, Ending
from worker.queue.jobs import Jobs
from worker.runs.handler import JobPayload
from worker.runs.work import Work
from worker.settings import Settings

QUEUE = "noop"


class Payload(JobPayload):
    """``i`` numbers the job; it waits so many ``ms``, as for somebody else's answer."""

    i: int
    ms: int = 0


def nothing(_: int) -> None:
    """Take no note."""


@dataclass(frozen=True)
class Noop:
    """Tells ``began`` its job's number, and is done."""

    began: Callable[[int], None] = nothing
    kind: ClassVar[str] = "noop"
    queue: ClassVar[str] = QUEUE
    timeout: ClassVar[timedelta] = timedelta(minutes=1)
    max_attempts: ClassVar[int] = 5
    starts_run: ClassVar[bool] = False
    takes: ClassVar[type[JobPayload]] = Payload

    async def handle(self, work: Work, payload: Payload) -> Ending:  # noqa: ARG002 - nothing is worked.
        self.began(payload.i)
        if payload.ms:
            await anyio.sleep(payload.ms / 1000)
        return Done()


async def publish(url: str) -> None:
    """Tell the database of a URL of the kind, so that jobs can be enqueued before a worker is there."""
    async with open_database(url, size=1) as db:
        await Jobs(db).publish(kinds_of([Noop()], db))


def stamping(path: Path) -> Callable[[int], None]:
    """Write each start to a file; whole lines at once, and nothing is held back."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return lambda i: stamp(file, i)


def stamp(file: int, i: int) -> None:
    """Write one line; the clock is read before anything else is done."""
    os.write(file, b"%d %d\n" % (i, time.monotonic_ns()))


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--starts", type=Path)
    given = parser.parse_args()
    configure_logging("warning", "json")
    began = stamping(given.starts) if given.starts else nothing
    url = os.environ["DATABASE_URL"]
    settings = Settings.model_validate({"ops": {"enabled": False}, "queue": {"concurrency": given.slots}})
    service = Service(queues=[QUEUE], handlers=lambda *_: [Noop(began)])
    anyio.run(
        run_worker,
        settings,
        Urls(url, url, embedded=False),
        service,
        backend_options={"use_uvloop": True},
    )


if __name__ == "__main__":
    main()
