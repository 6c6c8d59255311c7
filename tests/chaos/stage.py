"""Where a fault is tried: a database that knows the trial, a journal, workers, and a producer."""

import json
import random
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from tests.chaos.checker import Verdict, check
from tests.chaos.fleet import Nursery, Worker
from tests.chaos.journal import Journal
from tests.chaos.trial import TABLE, Trial
from tests.queue.scene import until
from worker.app import kinds_of
from worker.db import Connection, Database, is_outage, open_database
from worker.queue.jobs import Jobs

ENQUEUE = "select worker.enqueue('trial', $1::jsonb, queue => $2)"
RUNNING = """
select j.id from worker.jobs j join worker.workers w on w.id = j.worker_id
 where j.state = 'running' and w.pid = $1
"""


@dataclass(slots=True)
class Stage:
    """One database and everybody who is at work on it."""

    url: str
    db: Database
    journal: Journal
    nursery: Nursery
    workers: list[Worker] = field(default_factory=list)

    def worker(self, url: str | None = None, **given: Any) -> Worker:
        """Start a worker; keyword arguments as for ``Worker``. None outlives the stage."""
        worker = Worker(self.nursery, url or self.url, self.journal.path, **given)
        self.workers.append(worker)
        return worker

    async def ready(self, count: int, **given: Any) -> list[Worker]:
        """Start so many workers, and wait until each of them claims."""
        started = [self.worker(**given) for _ in range(count)]
        return [await worker.ready() for worker in started]

    async def enqueue(self, queue: str = "default", **payload: Any) -> int:
        """Enqueue one trial and note that it was acknowledged."""
        id_: int = await self.db.fetchval(ENQUEUE, json.dumps(payload), queue)
        self.journal.write("acknowledged", id_)
        return id_

    @asynccontextmanager
    async def producing(self, *, a_second: float, **payload: Any) -> AsyncIterator[None]:
        """Let a producer go on for as long as the block lasts."""
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: self.produce(sys.maxsize, a_second=a_second, **payload))
            yield
            group.cancel_scope.cancel()

    async def produce(self, count: int, *, a_second: float, **payload: Any) -> None:
        """Be a producer: so many trials at that rate, over a connection of its own, through every outage.

        An enqueue whose answer was lost is not acknowledged: it is tried again, as another job.
        """
        began, told = anyio.current_time(), 0
        while told < count:
            told = await self._tell(began, told, count, a_second, json.dumps(payload))
            await anyio.sleep(0.1)

    async def _tell(self, began: float, told: int, count: int, a_second: float, payload: str) -> int:
        connection: Connection | None = None
        try:
            connection = await asyncpg.connect(self.url, timeout=3, command_timeout=3)
            while told < count:
                await anyio.sleep(max(0.0, began + told / a_second - anyio.current_time()))
                self.journal.write("acknowledged", await connection.fetchval(ENQUEUE, payload, "default"))
                told += 1
        except Exception as error:
            if not is_outage(error):
                raise
        finally:
            if connection is not None:
                connection.terminate()
        return told

    async def held_by(self, worker: Worker) -> list[int]:
        """The jobs that a worker holds, as far as the database knows."""
        return [row["id"] for row in await self.db.fetch(RUNNING, worker.pid)]

    async def until_it_claims(self, worker: Worker, seconds: float = 15) -> None:
        """Wait until a worker is registered, alive, and has begun a job since now."""
        now = time.monotonic()

        async def has_begun() -> bool:
            return any(entry.pid == worker.pid and entry.at > now for entry in self.journal.entries("begin"))

        await until(has_begun, seconds=seconds)

    async def holder(self, among: Iterable[Worker], chance: random.Random) -> Worker:
        """Wait until one of the workers is at work; answers one that is, by chance."""
        workers = list(among)

        async def at_work() -> list[Worker]:
            return [worker for worker in workers if await self.held_by(worker)]

        return chance.choice(await until(at_work))

    async def all_ended(self, seconds: float = 30) -> None:
        """Wait until no job is left, whatever becomes of the database meanwhile."""

        async def none_left() -> bool:
            try:
                return bool(await self.db.fetchval("select not exists (select from worker.jobs)"))
            except Exception as error:
                if not is_outage(error):
                    raise
                return False

        await until(none_left, seconds=seconds)

    async def verdict(self) -> Verdict:
        """Judge, and fail with every promise that was broken."""
        found = await check(self.db, self.journal)
        assert found.faults() == []
        return found


@asynccontextmanager
async def staged(url: str, folder: Path, nursery: Nursery) -> AsyncIterator[Stage]:
    """Make a migrated database a stage for as long as the block lasts."""
    journal = Journal(folder / "journal")
    async with open_database(url, size=4, statement_seconds=5) as db:
        await db.execute(TABLE)
        await Jobs(db).publish(kinds_of([Trial(journal)], db))
        stage = Stage(url, db, journal, nursery)
        try:
            yield stage
        finally:
            for worker in stage.workers:
                worker.end()
            journal.close()
