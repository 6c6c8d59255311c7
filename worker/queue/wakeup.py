"""Waking up: LISTEN tells at once, polling is the backstop that correctness rests on."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import anyio
import asyncpg

from worker import observe
from worker.db import Database, is_outage, statements
from worker.pooler import is_shared

SQL = statements(Path(__file__).with_name("wakeup.sql"))
CHANNEL = "mintmark_jobs"
STEERING_CHANNEL = "mintmark_runs"
CONNECT_SECONDS = 4.0
PROBE_SECONDS = 5.0
ANSWER_SECONDS = 3.0
HEAR_SECONDS = 2.0
DEAF_SECONDS = 60.0
"""So long until LISTEN is tried again where no notification gets through."""
POOLED = "MIGRATIONS_URL goes through a transaction pooler, which lets no notification through"
UNHEARD = "no notification comes through from DATABASE_URL to MIGRATIONS_URL"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Deaf(Exception):
    """Raised when LISTEN is accepted and nothing is heard; its text says why."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears: ``on_news`` of new work in a queue, by its name; ``on_steering`` of a pause or an end."""

    on_news: Callable[[str], None]
    on_steering: Callable[[], None] = lambda: None


async def listen(url: str, db: Database, ears: Ears) -> None:
    """Tell the ears what is announced in the database; reconnect for ever.

    A connection that has died without a word, or on which LISTEN was lost, is found out within eight seconds
    by a notification to itself. After every (re)connection ``on_news("")`` says "anything may have happened".
    Where a notification from ``db`` does not get through at all, it is said once, and polling does the work.
    """
    mode, pause = _Mode(), 0.2
    while True:
        try:
            await _listen_once(url, db, ears, mode)
        except Deaf as deaf:
            mode.become("poll", str(deaf))
            await anyio.sleep(DEAF_SECONDS)
        except Exception as error:
            if not is_outage(error):
                raise
            pause = 0.2 if mode.is_now("listen") else min(10.0, pause * 2)
            mode.become("poll", f"the LISTEN connection is away ({type(error).__name__})")
            await anyio.sleep(pause * random.uniform(0.5, 1.5))


class _Mode:
    """How work is learned of; said when it changes, and not at every try."""

    def __init__(self) -> None:
        self._mode = ""

    def is_now(self, mode: str) -> bool:
        return self._mode == mode

    def become(self, mode: str, why: str) -> None:
        if mode != self._mode:
            observe.wakeup_mode(mode, why=why)
        self._mode = mode


async def _listen_once(url: str, db: Database, ears: Ears, mode: _Mode) -> None:
    connection: Connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=ANSWER_SECONDS,
        statement_cache_size=0,
        server_settings={"application_name": "mintmark listen"},
    )
    try:
        if await is_shared(url, connection):
            raise Deaf(POOLED)  # Before LISTEN: it would stay behind in a backend of the pooler.
        ear = _Ear(connection)
        await ear.open(ears)
        await ear.require_hearing(db)
        mode.become("listen", "a notification came through")
        ears.on_news("")
        ears.on_steering()
        while True:
            await ear.probe()
    finally:
        connection.terminate()


class _Ear:
    """One connection that listens, and a channel of its own on which it hears itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._own_channel = f"mintmark_echo_{uuid4().hex}"
        self._heard, self._closed = asyncio.Event(), asyncio.Event()

    async def open(self, ears: Ears) -> None:
        self._connection.add_termination_listener(lambda _: self._closed.set())
        await self._connection.add_listener(self._own_channel, lambda *_: self._heard.set())
        await self._connection.add_listener(CHANNEL, lambda _c, _p, _ch, queue: ears.on_news(str(queue)))
        await self._connection.add_listener(STEERING_CHANNEL, lambda *_: ears.on_steering())

    async def require_hearing(self, db: Database) -> None:
        """Be called from where jobs come from: what we call ourselves, even a pooler may bring back."""
        await db.execute(SQL["call"], self._own_channel)
        if not await self._hears(HEAR_SECONDS):
            self._require_open()  # A connection that was lost meanwhile says nothing of the way to it.
            raise Deaf(UNHEARD)

    async def probe(self) -> None:
        """Wait a while, then call ourselves; raises an outage when that is not heard."""
        with anyio.move_on_after(PROBE_SECONDS):
            await self._closed.wait()
        self._require_open()
        self._heard.clear()
        row = await self._connection.fetchrow(SQL["echo"], self._own_channel, CHANNEL)
        if row is None or not row["listens"] or not await self._hears(ANSWER_SECONDS):
            raise ConnectionResetError("the LISTEN connection hears nothing any more")

    def _require_open(self) -> None:
        if self._closed.is_set():
            raise ConnectionResetError("the LISTEN connection was closed")

    async def _hears(self, seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            await self._heard.wait()
        return self._heard.is_set()
