"""What the tests of runs and handlers share: whole workers, attempts without one, and looks at a run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from uuid import UUID, uuid4

import anyio

from tests.rig import as_worker
from worker.app import SUMMARIES, Service, Urls, run_worker
from worker.db import Connection, Database, Record
from worker.queue.contract import Job
from worker.queue.jobs import SQL as JOBS
from worker.queue.jobs import Finished, Jobs
from worker.queue.lease import SQL as WORKERS
from worker.queue.states import JobState
from worker.runs.closing import Closer
from worker.runs.handler import AnyHandler
from worker.runs.work import Work
from worker.settings_daily import Daily
from worker.settings_model import Ops, Queue, Settings

T = TypeVar("T")
Asked: TypeAlias = "Database | Connection"
TICK = 0.01
ROOT = Path(__file__).parents[2]
ENDED = ("completed", "failed", "cancelled")
NOTHING_DAILY = {
    f"WORKER_DAILY__{name}_CRON": "never" for name in ("SNAPSHOT", "PRICE_INDEX", "PRICE_CURVES")
}
"""Tests' workers do by the clock what their test has written down, and nothing else."""
MONEY = ("estimated", "estimate_over_cap", "budget_warning")


async def until(condition: Callable[[], Awaitable[T | None]], *, seconds: float = 20) -> T:
    """Look again and again until the condition holds, and answer what it held; fail past the deadline."""
    with anyio.fail_after(seconds):
        while not (found := await condition()):  # noqa: ASYNC110 - others move what is looked at.
            await anyio.sleep(TICK)
    return found


def pace(**queue: Any) -> Settings:
    """Settings of a worker in a hurry, without an ops port."""
    given = {"poll_seconds": 0.05, "rescue_seconds": 0.1, "concurrency": 4, **queue}
    by_hand = Daily(snapshot_cron="never", price_index_cron="never")
    return Settings(queue=Queue(**given), ops=Ops(enabled=False), daily=by_hand)


async def drain(url: str, *handlers: AnyHandler, **queue: Any) -> None:
    """Be a whole worker until nothing is left to do, with the shipped handlers or these."""
    url = as_worker(url)
    with anyio.fail_after(40):
        await run_worker(pace(**queue), Urls(url, url, embedded=False), _service(handlers, drain=True))


def _service(handlers: Sequence[AnyHandler], *, drain: bool = False) -> Service:
    return Service(drain=drain, handlers=lambda *_: handlers) if handlers else Service(drain=drain)


@asynccontextmanager
async def working(db: Database, url: str, *handlers: AnyHandler, **queue: Any) -> AsyncIterator[None]:
    """Be a whole worker for as long as the block lasts; then stop it as an operator does."""
    over, url = anyio.Event(), as_worker(url)

    async def run() -> None:
        try:
            await run_worker(pace(**queue), Urls(url, url, embedded=False), _service(handlers))
        finally:
            over.set()

    async def registered() -> bool:
        return bool(await db.fetchval("select exists (select from worker.workers where host <> 'test')"))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await until(registered)
        try:
            yield
        finally:
            if not over.is_set():
                signal.raise_signal(signal.SIGTERM)


def hire(url: str, folder: Path, **queue: Any) -> "subprocess.Popen[bytes]":
    """Start a worker process with an ops port, which the caller ends. ``folder`` holds its log."""
    with (folder / "workers.log").open("ab") as log:
        command = [sys.executable, "-m", "worker", "worker"]
        environ = _environ(url, queue) | {"WORKER_OPS__ENABLED": "true"}
        return subprocess.Popen(command, env=environ, cwd=folder, stdout=log, stderr=log)


@contextmanager
def nursery(url: str, folder: Path, **queue: Any) -> Iterator[Callable[[], int]]:
    """Yield a way to start worker processes fast, which answers their pids; all are killed at the end."""
    pids: list[int] = []
    with (folder / "workers.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            env=_environ(url, queue),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def start_one() -> int:
        assert process.stdin
        assert process.stdout
        process.stdin.write("one more\n")
        process.stdin.flush()
        pids.append(int(process.stdout.readline()))
        return pids[-1]

    with process:
        try:
            yield start_one
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _environ(url: str, queue: Mapping[str, Any]) -> dict[str, str]:
    ours = ("WORKER_", "DATABASE_URL", "MIGRATIONS_URL")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    given = {"poll_seconds": 0.05, "rescue_seconds": 0.1, **queue}
    return (
        environ
        | {f"WORKER_QUEUE__{name.upper()}": str(value) for name, value in given.items()}
        | {"WORKER_OPS__ENABLED": "false", "WORKER_OPS__PORT": "0", "WORKER_OPS__SAMPLE_SECONDS": "0.2"}
        | NOTHING_DAILY
        | {"DATABASE_URL": as_worker(url), "PYTHONPATH": str(ROOT)}
    )


async def start(db: Asked, kind: str, params: Mapping[str, Any], *, cap: Any = None) -> UUID:
    run: UUID = await db.fetchval(
        "select worker.start_run($1, $2::jsonb, budget_cap_cents => $3)", kind, json.dumps(params), cap
    )
    return run


async def enqueue(db: Asked, kind: str, payload: Mapping[str, Any], run: UUID | None = None) -> int:
    job: int = await db.fetchval(
        "select worker.enqueue($1, $2::jsonb, run_id => $3)", kind, json.dumps(payload), run
    )
    return job


async def run_row(db: Asked, run: UUID) -> Record:
    row = await db.fetchrow("select r.*, r.state::text as state from worker.runs r where r.id = $1", run)
    assert row is not None, f"run {run} is lost"
    return row


async def summary_of(db: Asked, run: UUID) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((await run_row(db, run))["summary"])
    return summary


async def ended(db: Asked, run: UUID) -> Record | None:
    """The run's row once it has ended."""
    row = await run_row(db, run)
    return row if row["state"] in ENDED else None


async def events(db: Asked, run: UUID) -> list[str]:
    """The run's log, oldest line first, without its facts."""
    rows = await db.fetch("select event from worker.run_events where run_id = $1 order by id", run)
    return [row["event"] for row in rows]


async def moves(db: Asked, run: UUID) -> list[str]:
    """The run's log without what is said of its money."""
    return [event for event in await events(db, run) if event not in MONEY]


async def job_states(db: Asked, run: UUID) -> dict[str, int]:
    rows = await db.fetch(
        "select state::text, count(*)::int from worker.job_status where run_id = $1 group by state", run
    )
    return {row["state"]: row["count"] for row in rows}


async def items(db: Asked, run: UUID) -> list[str]:
    """The external ids of what the run worked on, in the order of working."""
    rows = await db.fetch("select external_id from worker.items where run_id = $1 order by id", run)
    return [row["external_id"] for row in rows]


async def claim(db: Database, kind: str = "demo", queue: str = "default") -> Job:
    """Claim one job as a worker that is nothing but its row."""
    worker = uuid4()
    await db.execute(WORKERS["register"], worker, "test", 1, timedelta(minutes=1))
    [job] = await Jobs(db).claim(queue, [kind], 1, worker)
    return job


def work(db: Database, job: Job) -> Work:
    """One attempt, as the handler of the job would see it."""
    return Work(db, job, stopping=lambda: False)


async def end(db: Database, job: Job, state: JobState = JobState.COMPLETED) -> None:
    """Write that a job has ended, and close what that closes."""
    await Jobs(db).finish([Finished(job, state)])
    await closer(db).after_finish([job])


async def put_back(db: Asked, job: Job, reason: str = "run paused") -> None:
    """Hand a job back by the statement that a worker uses, on whatever connection."""
    await db.execute(
        JOBS["put_back"], [job.id], [job.fence], [timedelta(0)], [False], [reason], [None], [None]
    )


def closer(db: Database) -> Closer:
    return Closer(db, SUMMARIES)


async def waits_for_a_lock(db: Asked, like: str) -> bool:
    """Tell whether a statement of this database that looks like that waits for a lock."""
    return bool(
        await db.fetchval(
            """
            select exists (select from pg_stat_activity a
                            where a.datname = current_database() and a.wait_event_type = 'Lock'
                              and a.query like $1)
            """,
            like,
        )
    )
