"""A worker whose handlers ``deaf`` and ``deaf_for_long`` swallow every cancellation."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import anyio

from worker.app import Service, database_urls, run_worker, shipped_handlers
from worker.commands.session import settings
from worker.db import Database
from worker.queue import slot
from worker.queue.contract import Done, Ending
from worker.runs.handler import AnyHandler, JobPayload
from worker.runs.work import Work
from worker.settings_model import Settings

slot.DEAF_SECONDS = 0.5


class Nothing(JobPayload):
    """Takes nothing."""


class Deaf:
    kind: ClassVar[str] = "deaf"
    queue: ClassVar[str] = "default"
    timeout: ClassVar[timedelta] = timedelta(seconds=0.3)
    max_attempts: ClassVar[int] = 5
    starts_run: ClassVar[bool] = False
    takes: ClassVar[type[JobPayload]] = Nothing

    async def handle(self, work: Work, payload: Nothing) -> Ending:  # noqa: ARG002 - a handler's signature.
        for _ in range(10**9):
            try:
                await anyio.sleep(60)
            except BaseException:  # noqa: BLE001 - what is tried here.
                continue
        return Done()


class DeafForLong(Deaf):
    kind: ClassVar[str] = "deaf_for_long"
    timeout: ClassVar[timedelta] = timedelta(minutes=10)


def with_the_deaf(loaded: Settings, db: Database, *_: object) -> Sequence[AnyHandler]:
    return [*shipped_handlers(loaded, db), Deaf(), DeafForLong()]


def main(concurrency: int) -> None:
    loaded = settings()
    with database_urls(loaded) as urls:
        anyio.run(run_worker, loaded, urls, Service(concurrency=concurrency, handlers=with_the_deaf))


if __name__ == "__main__":
    main(int(sys.argv[-1]))
