"""Handlers that swallow their cancellation: their jobs end without them, and their worker is replaced."""

import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from tests.queue.processes import WorkerProcess
from tests.queue.scene import enqueue, errand, job, kinds, new_daemon, serving, until
from worker.db import Database
from worker.queue import slot
from worker.queue.contract import Done, Ending, Job
from worker.queue.jobs import Jobs
from worker.queue.lease import EXIT_STUCK

PUBLISHED = "select exists (select from worker.kinds where kind = 'deaf_for_long')"
PROGRAM = Path(__file__).with_name("deaf_program.py")


async def is_in(db: Database, id_: int, state: str) -> bool:
    return bool((await job(db, id_))["state"] == state)


async def test_a_deaf_handler_loses_its_job_and_its_slot_is_made_up_for(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "DEAF_SECONDS", 0.3)
    may_end = anyio.Event()
    ended = anyio.Event()

    async def perform(one: Job) -> Ending:
        while "deaf" in one.payload and not may_end.is_set():
            try:
                await may_end.wait()
            except BaseException:  # noqa: BLE001 - what is tried here.
                continue
        ended.set()
        return Done({"late": True})

    known = kinds(errand(perform, timeout=timedelta(seconds=0.2), max_attempts=1))
    await Jobs(db).publish(known)
    deaf = await enqueue(db, payload={"deaf": True})
    async with serving(new_daemon(db, database_url, known, concurrency=4)) as daemon:
        await until(lambda: is_in(db, deaf, "failed"))
        ended = anyio.Event()
        others = [await enqueue(db) for _ in range(20)]
        for id_ in others:
            await until(lambda id_=id_: is_in(db, id_, "completed"))  # type: ignore[misc]
        assert not daemon.worn_out, "one of four is a quarter, and not more"
        ended = anyio.Event()
        may_end.set()
        await ended.wait()

    row = await job(db, deaf)
    assert (row["state"], row["error_code"]) == ("failed", "timeout"), "what it said late was not heard"
    assert await db.fetchval("select result is null from worker.job_history where id = $1", deaf)


async def test_a_worker_whose_deaf_handlers_end_all_the_same_asks_to_be_started_anew(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "DEAF_SECONDS", 0.2)
    may_end = anyio.Event()

    async def perform(_: Job) -> Ending:
        while not may_end.is_set():
            try:
                await may_end.wait()
            except BaseException:  # noqa: BLE001 - what is tried here.
                continue
        return Done()

    known = kinds(errand(perform, timeout=timedelta(seconds=0.1), max_attempts=1))
    await Jobs(db).publish(known)
    daemon = new_daemon(db, database_url, known, concurrency=4)
    for _ in range(2):
        await enqueue(db)

    async def is_worn_out() -> bool:
        return daemon.worn_out

    async with serving(daemon):
        await until(is_worn_out)
        may_end.set()


@pytest.mark.scorecard(6)
async def test_a_worker_with_deaf_handlers_goes_on_and_is_replaced_when_too_many_slots_are_lost(
    db: Database, database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    worker = WorkerProcess(
        database_url, tmp_path, program=[str(PROGRAM)], concurrency=4, grace_seconds=2, poll_seconds=0.1
    )
    try:
        await worker.ready()
        await until(
            lambda: db.fetchval("select exists (select from worker.kinds where kind = 'deaf_for_long')")
        )
        began = time.monotonic()
        first = await enqueue(db, "deaf", max_attempts=1)
        await until(lambda: is_in(db, first, "failed"))
        fenced_after = time.monotonic() - began
        began = time.monotonic()
        for _ in range(20):
            id_ = await enqueue(db, "demo", {})
            await until(lambda id_=id_: is_in(db, id_, "completed"))  # type: ignore[misc]
        pickup = (time.monotonic() - began) / 20
        assert worker.process.poll() is None
        second = await enqueue(db, "deaf", max_attempts=1)
        await until(lambda: is_in(db, second, "failed"))
        began = time.monotonic()

        assert await worker.exit_code() == EXIT_STUCK
        assert worker.said("worker_worn_out")
        assert time.monotonic() - began < 3
        assert (await job(db, second))["error_code"] == "timeout"
        figures = f"fenced away after {fenced_after:.1f} s; {pickup * 1000:.0f} ms a job beside it"
        record_property("figures", figures)
    finally:
        worker.end()


async def test_sigterm_ends_a_worker_in_time_though_a_handler_does_not_listen(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    grace = 2
    worker = WorkerProcess(database_url, tmp_path, program=[str(PROGRAM)], grace_seconds=grace)
    try:
        await worker.ready()
        await until(
            lambda: db.fetchval("select exists (select from worker.kinds where kind = 'deaf_for_long')")
        )
        id_ = await enqueue(db, "deaf_for_long")
        await until(lambda: is_in(db, id_, "running"))
        began = time.monotonic()
        worker.signal(signal.SIGTERM)

        assert await worker.exit_code() == EXIT_STUCK
        assert time.monotonic() - began < grace + 1
        row = await job(db, id_)
        assert (row["state"], row["attempt"], row["crashes"]) == ("pending", 0, 0), "it was handed back"
    finally:
        worker.end()
