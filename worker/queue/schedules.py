"""Schedules: whichever worker is there enqueues what is due, exactly once, by the database's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import asyncpg

from worker import observe
from worker.cron import Cron
from worker.db import Connection, Database, Record, is_outage, statements

SQL = statements(Path(__file__).with_name("schedules.sql"))
MOST_AT_A_LOOK = 1000
"""Jobs of one schedule in one transaction; what is left of a long absence comes with the next looks."""
LATE = timedelta(seconds=30)
"""How late a fire may be, beside the pause between two looks, before it counts as missed."""
CONFIRMED_EVERY = timedelta(seconds=10)
UNCONFIRMED = timedelta(seconds=60)
"""A schedule that no worker has confirmed for so long is free for any worker's settings."""
FORGOTTEN = timedelta(hours=1)
"""A schedule that has rested so long while workers were there is new when it comes back."""


class Missed(StrEnum):
    """What becomes of missed fires: they are let go, one job stands for all, or each has its own."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is enqueued by the clock. ``payload`` is JSON text; ``queue`` None is the kind's own."""

    name: str
    cron: Cron
    kind: str
    payload: str = "{}"
    queue: str | None = None
    priority: int = 0
    missed: Missed = Missed.ONCE

    def columns(self) -> tuple[Any, ...]:
        """Its values in the order in which the statements take them."""
        cron, zone = self.cron.expression, self.cron.timezone
        return (self.name, cron, zone, self.kind, self.payload, self.queue, self.priority, self.missed)


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do with a schedule now: enqueue a job for each of these times (UTC), and look again then."""

    due: Sequence[datetime]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Tried:
    jobs: Sequence[int]
    problem: str | None


def turn(schedule: Schedule, next_at: datetime | None, now: datetime, late: timedelta) -> Turn:
    """Decide what is due of a schedule that is to fire at ``next_at``, or that is new (None)."""
    cron = schedule.cron
    if next_at is None:
        return Turn([], cron.after(now))
    if next_at > now:
        return Turn([], next_at)
    match schedule.missed:
        case Missed.ONCE:
            return Turn([next_at], cron.after(now))
        case Missed.SKIP:
            first = next_at if next_at >= now - late else cron.after(now - late)
            return _each(cron, first, now)
        case Missed.ALL:
            return _each(cron, next_at, now)


def _each(cron: Cron, first: datetime | None, now: datetime) -> Turn:
    due: list[datetime] = []
    at = first
    while at is not None and at <= now and len(due) < MOST_AT_A_LOOK:
        due.append(at)
        at = cron.after(at)
    return Turn(due, at)


class Schedules:
    """The schedules of one worker's settings, and its share of firing them.

    ``late`` is how long after its time a fire still counts as on time; only ``Missed.SKIP`` asks.
    """

    def __init__(self, db: Database, wanted: Sequence[Schedule], *, late: timedelta = LATE) -> None:
        self._db, self._late = db, late
        self._wanted = {schedule.name: schedule for schedule in wanted}
        self._edition: int | None = None

    async def look(self) -> None:
        """Enqueue what is due, and make known what is new or changed; what others are at is left to them."""
        if not self._wanted:
            return
        if self._edition is None:
            self._edition = await self._db.fetchval(SQL["draw_edition"])
        columns = zip(*(schedule.columns() for schedule in self._wanted.values()), strict=True)
        lists = [list(column) for column in columns]
        for row in await self._db.fetch(SQL["wanting"], *lists, self._edition, CONFIRMED_EVERY):
            schedule = self._wanted[row["name"]]
            if row["is_new"]:
                await self._db.execute(SQL["note"], *schedule.columns(), self._edition)
            await self._attend(schedule)

    async def let_rest(self) -> None:
        """Note which schedules no worker has any more; forget those that were noted long ago."""
        await self._db.execute(SQL["let_rest"], UNCONFIRMED, FORGOTTEN)

    async def _attend(self, schedule: Schedule) -> None:
        async with self._db.transaction() as connection:
            await connection.execute(SQL["limit_hold"])
            row = await connection.fetchrow(SQL["take"], *schedule.columns(), self._edition, UNCONFIRMED)
            if row is None:
                return
            now = turn(schedule, row["next_at"], row["now"], self._late)
            tried = await self._fire(connection, schedule, now.due, row)
            # What was refused stays due: it is mended, or it is missed.
            next_at = row["next_at"] if now.due and tried.problem else now.next_at
            job = tried.jobs[-1] if tried.jobs else None
            await connection.execute(SQL["move_on"], schedule.name, next_at, tried.problem, job)
        _report(schedule, tried, row, now.due)

    async def _fire(
        self, connection: Connection, schedule: Schedule, due: Sequence[datetime], row: Record
    ) -> _Tried:
        if due:
            return await _enqueue(connection, schedule, due, keep=True)
        if row["problem"] is not None:
            # Better known now than at three in the morning.
            tried = await _enqueue(connection, schedule, [row["now"]], keep=False)
            return _Tried([], tried.problem)
        return _Tried([], None)


async def _enqueue(
    connection: Connection, schedule: Schedule, times: Sequence[datetime], *, keep: bool
) -> _Tried:
    attempt = connection.transaction()
    await attempt.start()
    try:
        rows = await connection.fetch(
            SQL["enqueue"], schedule.kind, schedule.payload, schedule.queue, schedule.priority, times
        )
    except asyncpg.PostgresError as error:
        if is_outage(error):
            raise
        await attempt.rollback()
        return _Tried([], error.message or type(error).__name__)
    await (attempt.commit() if keep else attempt.rollback())
    return _Tried([row["job"] for row in rows], None)


def _report(schedule: Schedule, tried: _Tried, row: Record, due: Sequence[datetime]) -> None:
    if tried.problem is not None and tried.problem != row["known_problem"]:
        observe.schedule_refused(schedule=schedule.name, kind=schedule.kind, why=tried.problem)
    if tried.jobs:
        late = (row["now"] - due[0]).total_seconds()
        observe.schedule_fired(
            schedule=schedule.name,
            kind=schedule.kind,
            job=tried.jobs[-1],
            count=len(tried.jobs),
            late=late,
        )
