"""What the queue's tests share: kinds made on the spot, workers that are only a row, and one way to wait."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import UUID, uuid4

import anyio

from worker.db import Connection, Database, Record
from worker.queue.attempt import Attempt
from worker.queue.contract import Done, Ending, Job, Kind, Kinds
from worker.queue.daemon import Daemon, Pace
from worker.queue.finisher import Finisher
from worker.queue.jobs import Jobs
from worker.queue.lease import SQL as WORKERS
from worker.queue.vitals import Vitals

T = TypeVar("T")
Asked: TypeAlias = "Database | Connection"
Perform = Callable[[Job], Awaitable[Ending]]

ANYTHING: Mapping[str, Any] = {"type": "object", "properties": {}, "additionalProperties": True}
TICK = 0.01
PACE = {
    "concurrency": 4,
    "lease_seconds": 10.0,
    "heartbeat_seconds": 0.5,
    "rescue_seconds": 0.2,
    "poll_seconds": 0.1,
    "grace_seconds": 5.0,
    "stall_seconds": 30.0,
    "patience_seconds": 60.0,
}


async def until(condition: Callable[[], Awaitable[T]], *, seconds: float = 15) -> T:
    """Look again and again until the condition holds, and answer what it held; fail past the deadline."""
    with anyio.fail_after(seconds):
        while not (found := await condition()):  # noqa: ASYNC110 - a database cannot set an event.
            await anyio.sleep(TICK)
    return found


async def done(_: Job) -> Ending:
    return Done()


def errand(perform: Perform = done, *, name: str = "errand", **promises: Any) -> Kind:
    """Make a kind that takes any payload."""
    return Kind(name=name, perform=perform, schema=ANYTHING, **promises)


def kinds(*known: Kind) -> Kinds:
    return Kinds({kind.name: kind for kind in known})


async def enqueue(db: Asked, kind: str = "errand", payload: Any = None, **named: Any) -> int:
    """Call ``worker.enqueue`` as a producer does, with named arguments."""
    types = {"run_at": "timestamptz", "run_id": "uuid", "priority": "int", "max_attempts": "int"}
    extra = "".join(f", {name} => ${n}::{types.get(name, 'text')}" for n, name in enumerate(named, start=3))
    call = f"select worker.enqueue($1, $2::jsonb{extra})"
    job: int = await db.fetchval(call, kind, json.dumps({} if payload is None else payload), *named.values())
    return job


async def job(db: Asked, id_: int) -> Record:
    """One job as ``worker.job_status`` shows it, live or finished."""
    row = await db.fetchrow("select * from worker.job_status where id = $1", id_)
    assert row is not None, f"job {id_} is lost"
    return row


async def states(db: Asked) -> dict[str, int]:
    """How many jobs there are in each state, live and finished."""
    rows = await db.fetch("select state::text, count(*)::int from worker.job_status group by state")
    return {row["state"]: row["count"] for row in rows}


async def alive(db: Database, lease: timedelta = timedelta(minutes=1)) -> UUID:
    """Register a worker that is nothing but its row."""
    id_ = uuid4()
    await db.execute(WORKERS["register"], id_, "test", 1, lease)
    return id_


async def let_die(db: Database, worker: UUID) -> None:
    """Let a worker's lease run out."""
    await db.execute("update worker.workers set lease_until = now() - interval '1 s' where id = $1", worker)


async def claimed(
    db: Database, worker: UUID, kind: str = "errand", queue: str = "default", limit: int = 1
) -> list[Job]:
    return await Jobs(db).claim(queue, [kind], limit, worker)


async def nobody_told(_: Sequence[Job]) -> None:
    """Stand where the runs would be told of ended jobs."""


class Desk:
    """A finisher at work, and what it has said of each job: True when its ending is stored."""

    def __init__(self, db: Database) -> None:
        self.finisher = Finisher(Jobs(db), on_written=self._note, after_finish=self._tell)
        self.said: dict[int, bool] = {}
        self.told: list[int] = []
        self._tidied = anyio.Event()

    def put(self, job: Job, ending: Ending) -> None:
        attempt = Attempt(job, uuid4())
        attempt.end(ending)
        self.finisher.put(attempt)

    async def write(self, job: Job, ending: Ending) -> bool:
        """Hand in an ending; answers, once that is known, whether it is stored."""
        self.put(job, ending)
        return await self.verdict(job)

    async def verdict(self, job: Job) -> bool:
        async def known() -> bool:
            return job.id in self.said

        await until(known)
        return self.said.pop(job.id)

    async def tidied(self) -> None:
        """Wait until a batch's keys have been given away, which comes after its endings are stored."""
        with anyio.fail_after(15):
            await self._tidied.wait()

    def _note(self, attempts: Sequence[Attempt], ours: set[int]) -> None:
        self.said |= {attempt.job.id: attempt.job.id in ours for attempt in attempts}

    async def _tell(self, jobs: Sequence[Job]) -> None:
        self.told += [job.id for job in jobs]
        self._tidied.set()


@asynccontextmanager
async def finishing(db: Database) -> AsyncIterator[Desk]:
    """Run a finisher for as long as the block lasts."""
    desk = Desk(db)
    async with anyio.create_task_group() as group:
        group.start_soon(desk.finisher.run)
        yield desk
        group.cancel_scope.cancel()


def new_daemon(db: Database, url: str, known: Kinds, **given: Any) -> Daemon:
    """Make a daemon; keyword arguments of ``Pace`` change the pace, all others go to the daemon."""
    pace = Pace(**{**PACE, **{name: given.pop(name) for name in list(given) if name in PACE}})
    vitals = Vitals(pace.lease_seconds, claim_limit_seconds=30)
    options = {"direct_url": url, "vitals": vitals, "after_finish": nobody_told, **given}
    return Daemon(db, kinds=known, pace=pace, **options)


@asynccontextmanager
async def serving(daemon: Daemon) -> AsyncIterator[Daemon]:
    """Run a daemon for as long as the block lasts, and stop it politely."""
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(daemon.run)
            try:
                yield daemon
            finally:
                daemon.stop()


async def drained(daemon: Daemon) -> float:
    """Run a draining daemon to its end; answers the seconds it took."""
    began = time.monotonic()
    with anyio.fail_after(20):
        await daemon.run()
    return time.monotonic() - began


async def waiting_for_a_lock(db: Asked, like: str) -> bool:
    """Tell whether a statement of this database that looks like that waits for a lock."""
    blocked: bool = await db.fetchval(
        """
        select exists (select from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock' and query like $1)
        """,
        like,
    )
    return blocked
