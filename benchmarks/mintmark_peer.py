"""mintmark for the peers' harness: one kind that does nothing, through the interface that every handler uses.

Speaks the line protocol of the harness's own ``peerlib``, which must be importable. CONC (slots) from env.
"""

import json
import logging
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import asyncpg
import peerlib as p  # type: ignore[import-not-found]  # Of the harness, which starts this script.
import uvloop

from worker.app import Service, Urls, kinds_of, migrate_and_publish, run_worker
from worker.db import open_database
from worker.observe import configure_logging
from worker.queue.contract import Done, Ending
from worker.queue.jobs import Jobs
from worker.runs.handler import JobPayload
from worker.runs.work import Work
from worker.settings import Settings

SLOTS = int(os.environ.get("CONC", "500"))
CHUNK = int(os.environ.get("CHUNK", "5000"))


class Payload(JobPayload):
    i: int


@dataclass(frozen=True)
class Noop:
    """Counts that it was called."""

    kind: ClassVar[str] = "noop"
    queue: ClassVar[str] = "noop"
    timeout: ClassVar[timedelta] = timedelta(minutes=1)
    max_attempts: ClassVar[int] = 5
    starts_run: ClassVar[bool] = False
    takes: ClassVar[type[JobPayload]] = Payload

    async def handle(self, work: Work, payload: Payload) -> Ending:  # noqa: ARG002
        p.hit(payload.i)
        return Done()


async def main(role: str, args: list[str]) -> None:
    configure_logging("warning", "json")
    urls = Urls(p.DSN, p.DSN, embedded=False)
    if role == "setup":
        await migrate_and_publish(Settings(), urls)
        async with open_database(p.DSN, size=1) as db:
            await Jobs(db).publish(kinds_of([Noop()], db))
        return
    if role == "worker":
        p.ready_and_wait()
        settings = Settings.model_validate({"ops": {"enabled": False}, "queue": {"concurrency": SLOTS}})
        await run_worker(settings, urls, Service(handlers=lambda *_: [Noop()]))
        return
    connection = await asyncpg.connect(p.DSN)

    async def enqueue(i: int) -> None:
        await connection.fetchval("select worker.enqueue('noop', $1::jsonb)", json.dumps({"i": i}))

    async def bulk(n: int) -> None:
        for start in range(0, n, CHUNK):
            payloads = [json.dumps({"i": i}) for i in range(start, min(n, start + CHUNK))]
            await connection.fetch("select worker.enqueue_many('noop', $1::jsonb[])", payloads)

    await p.dispatch(enqueue, bulk, role, args)


logging.disable(logging.INFO)
uvloop.run(main(sys.argv[1], sys.argv[2:]))
