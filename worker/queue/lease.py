"""The lease: one row that says this worker lives, pushed on from a thread with its own connection.

A handler that blocks the event loop must not cost us the lease, and a process whose loop has died must not
keep it. So the thread beats on while the loop stands still, and ends the process when that takes too long.
The other side of the bargain is kept on the loop: past the local deadline, handlers are cancelled before
anybody else may start their jobs.
"""

import asyncio
import contextlib
import faulthandler
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import asyncpg

from worker import observe
from worker.db import statements
from worker.errors import MintmarkError
from worker.queue.outage import Outage
from worker.queue.vitals import Vitals

SQL = statements(Path(__file__).with_name("workers.sql"))
EXIT_STUCK = 75
"""The exit code of a worker that ended itself; supervisors start it again."""
GUARD_SECONDS = 0.1


class Lease:
    """This worker's identity and until when it is believed; beaten by a thread between start and stop."""

    def __init__(
        self, url: str, *, lease: timedelta, beat: timedelta, stall: timedelta, vitals: Vitals
    ) -> None:
        self.worker_id: UUID = uuid4()
        self._url = url
        self._lease = lease
        self._beat = beat.total_seconds()
        self._stall = stall.total_seconds()
        self._vitals = vitals
        self._deadline = 0.0
        self._stop = threading.Event()
        self._exit_by: float | None = None
        self._registered = threading.Event()
        self._thread = threading.Thread(target=self._live, name="mintmark-heartbeat", daemon=True)

    async def start(self) -> None:
        """Register, and return when the database has acknowledged the first lease."""
        self._vitals.loop_ticked = time.monotonic()
        self._thread.start()
        while not await asyncio.to_thread(self._registered.wait, 0.5):
            self._vitals.loop_ticked = time.monotonic()
            self._require_thread()

    def abandon(self) -> None:
        """Let the thread end by itself, soon."""
        self._stop.set()

    async def stop(self) -> None:
        """Take the row away: everything has been handed back."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join, self._beat + 5)

    def held(self) -> bool:
        """Tell whether the jobs claimed under this identity are still ours beyond doubt."""
        return time.monotonic() < self._deadline

    def must_exit_within(self, seconds: float) -> None:
        """End the process by force if it is still there after so long: no handler may hold up a stop."""
        self._exit_by = time.monotonic() + seconds

    async def watch(self, on_lapse: Callable[[], None]) -> None:
        """Tick for the thread to see; when the lease has lapsed, cancel handlers and wait for a new one."""
        tick = min(0.25, self._beat / 4)
        while True:
            before = time.monotonic()
            await anyio.sleep(tick)
            self._vitals.loop_ticked = time.monotonic()
            observe.LOOP_LAG.set(max(0.0, self._vitals.loop_ticked - before - tick))
            self._require_thread()
            if not self.held() and self._registered.is_set():
                observe.say("lease_lapsed", level="error", worker=str(self.worker_id))
                self._registered.clear()
                on_lapse()

    def _require_thread(self) -> None:
        if not self._thread.is_alive() and not self._stop.is_set():
            raise MintmarkError(
                "the heartbeat has ended by an error (above); a worker cannot go on without it"
            )

    def _live(self) -> None:
        asyncio.run(self._beat_and_guard())

    async def _beat_and_guard(self) -> None:
        # Apart from the beats: those may wait for a database that does not answer.
        guard = asyncio.create_task(self._guard())
        try:
            await self._beat_until_stopped()
        finally:
            guard.cancel()

    async def _guard(self) -> None:
        while True:
            self._end_if_stuck()
            await asyncio.sleep(GUARD_SECONDS)

    async def _beat_until_stopped(self) -> None:
        outage = Outage("heartbeat")
        connection: asyncpg.Connection[asyncpg.Record] | None = None
        while not self._stop.is_set():
            try:
                connection = connection or await self._connect()
                await self._beat_once(connection)
                outage.over()
                pause = self._beat * random.uniform(0.8, 1.0)
            except Exception as error:  # noqa: BLE001 - an outage is waited for, anything else is raised anew.
                outage.note(error)
                pause = self._beat / 4
                if connection is not None:
                    connection.terminate()
                connection = None
            await self._sleep(pause)
        if connection is not None:
            await _retire(connection, self.worker_id)

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        # Long enough for a slow server, short enough for another beat, on a new connection, within the lease.
        limit = max(1.0, self._lease.total_seconds() / 6)
        settings = {"application_name": "mintmark heartbeat"}
        return await asyncpg.connect(
            self._url,
            timeout=limit,
            command_timeout=limit,
            statement_cache_size=0,  # Also through a transaction pooler; a beat needs no speed.
            server_settings=settings,
        )

    async def _beat_once(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        sent = time.monotonic()
        if self._registered.is_set() and await connection.fetchval(SQL["beat"], self.worker_id, self._lease):
            self._acknowledge(sent)
            return
        if self._registered.is_set():
            self._deadline = 0.0  # Declared dead by the others: the loop's watch sees it.
            return
        fresh = uuid4()
        await connection.execute(SQL["register"], fresh, socket.gethostname(), os.getpid(), self._lease)
        self.worker_id = fresh
        self._acknowledge(sent)
        self._registered.set()

    def _acknowledge(self, sent: float) -> None:
        margin = self._lease.total_seconds() / 10
        self._deadline = sent + self._lease.total_seconds() - margin
        self._vitals.lease_acknowledged = time.monotonic()

    async def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        # Another thread says when to stop, and it cannot set an event of this loop.
        while (left := until - time.monotonic()) > 0 and not self._stop.is_set():  # noqa: ASYNC110
            await asyncio.sleep(min(left, GUARD_SECONDS))

    def _end_if_stuck(self) -> None:
        now = time.monotonic()
        stood_still = now - self._vitals.loop_ticked
        if stood_still > self._stall or (self._exit_by is not None and now > self._exit_by):
            observe.say("worker_stuck", level="error", loop_stood_still_seconds=round(stood_still, 1))
            faulthandler.dump_traceback(all_threads=True)
            os._exit(EXIT_STUCK)


async def _retire(connection: "asyncpg.Connection[asyncpg.Record]", worker_id: UUID) -> None:
    with contextlib.suppress(Exception):  # Whatever it is, the lease runs out by itself.
        await connection.execute(SQL["retire"], worker_id)
    connection.terminate()
