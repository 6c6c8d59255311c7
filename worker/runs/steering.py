"""Telling handlers at work that their run was paused or cancelled, or their job.

A handler hears of it at its next safe point in any case: there the database says so. What is here reaches
those that wait, at once, and cuts off those that go on without a safe point.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import anyio

from worker.db import Database, statements
from worker.errors import ToldToStop

SQL = statements(Path(__file__).with_name("steering.sql"))
GRACE_SECONDS = 10.0
"""How long a handler may go on, once its run is paused, before it is cut off."""


class Told:
    """What one attempt at a job has been told."""

    __slots__ = ("_cut_after", "_grace_seconds", "_is_paying", "_said", "why")

    def __init__(self, is_paying: Callable[[], bool]) -> None:
        self.why: str | None = None
        self._is_paying = is_paying
        self._said: anyio.Event | None = None
        self._grace_seconds = self._cut_after = 0.0

    def tell(self, why: str, *, grace_seconds: float) -> None:
        """Wake the handler where it waits; it has a time of grace to reach a safe point."""
        if self.why is None:
            self.why, self._grace_seconds = why, grace_seconds
            self._cut_after = time.monotonic() + grace_seconds
            if self._said is not None:
                self._said.set()

    def is_overdue(self) -> bool:
        """Tell whether the grace is over; it begins anew behind a paid call, so that that settles."""
        if self.why is None:
            return False
        if self._is_paying():
            self._cut_after = time.monotonic() + self._grace_seconds
        return time.monotonic() > self._cut_after

    async def sleep(self, seconds: float) -> None:
        """Sleep so long; raises ``ToldToStop`` as soon as the attempt is told to stop."""
        if self.why is None:
            self._said = self._said or anyio.Event()
            with anyio.move_on_after(seconds):
                await self._said.wait()
        if self.why is not None:
            raise ToldToStop(self.why)


class Tellable(Protocol):
    """An attempt at a job, which can be told something."""

    @property
    def told(self) -> Told:
        """What it has been told."""
        ...


class Steering:
    """The attempts at work in this process, and the word that reaches them.

    ``cut_off`` cancels the handler of a job by the job's id; the composition root gives it.
    """

    def __init__(self, db: Database, *, poll_seconds: float, grace_seconds: float = GRACE_SECONDS) -> None:
        self.cut_off: Callable[[int], None] = lambda _job: None
        self._db, self._poll_seconds, self._grace_seconds = db, poll_seconds, grace_seconds
        self._at_work: dict[int, Tellable] = {}
        self._news = anyio.Event()

    def enrol(self, job: int, attempt: Tellable) -> None:
        """Count an attempt among those at work, until ``let_go``."""
        self._at_work[job] = attempt

    def let_go(self, job: int, attempt: Tellable) -> None:
        """Count it no more; where it was given up, and the job is here again, that one stays."""
        if self._at_work.get(job) is attempt:
            del self._at_work[job]

    def hear(self) -> None:
        """Look at once: somebody has steered something."""
        self._news.set()

    async def watch(self) -> None:
        """Wait for news, or a while; tell whom it concerns, and cut off who has not obeyed in time."""
        with anyio.move_on_after(self._poll_seconds):
            await self._news.wait()
        self._news = anyio.Event()
        if self._at_work:
            for row in await self._db.fetch(SQL["unwanted"], list(self._at_work)):
                if (attempt := self._at_work.get(row["id"])) is not None:
                    attempt.told.tell(row["why"], grace_seconds=self._grace_seconds)
        for job, attempt in list(self._at_work.items()):
            if attempt.told.is_overdue():
                self.cut_off(job)
