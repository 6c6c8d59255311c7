"""Quotas that the settings know: how many calls a day each provider allows, made known to all workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from worker.db import Connection, Database, statements

SQL = statements(Path(__file__).with_name("quotas.sql"))


async def announce(db: Database, quotas: Mapping[str, int]) -> None:
    """Say how many calls a day each API allows; what was used of its day, and when that ends, stays."""
    if quotas:
        await db.execute(SQL["announce"], list(quotas), list(quotas.values()))


@dataclass(frozen=True, slots=True)
class Day:
    """A provider's day: it ends at midnight in ``zone``, and ``kept_percent`` of it is kept.

    What is kept is for jobs of a priority above 0: those that somebody waits for.
    """

    zone: str
    kept_percent: int


async def assume(db: Database, quotas: Mapping[str, int], day: Day) -> None:
    """Say what providers allow as far as nobody has said yet, and what their days are like."""
    await db.execute(SQL["assume"], list(quotas), list(quotas.values()))
    await db.execute(SQL["shape"], list(quotas), day.zone, day.kept_percent)


@dataclass(frozen=True, slots=True)
class Ours:
    """How many calls of ours a provider has surely had in its day, and when that day ends as we know it."""

    calls: int = 0
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a provider says: ``calls`` a day, how many it has ``counted``, and when its day ends."""

    api: str
    calls: int
    counted: int
    resets_at: datetime


async def ours(db: Database) -> Mapping[str, Ours]:
    """What each provider has surely had of ours: to be read *before* it is asked what it has counted."""
    return {row["api"]: Ours(row["calls"], row["resets_at"]) for row in await db.fetch(SQL["ours"])}


async def reconcile(connection: Connection, told: Counted, known: Ours, *, job: int) -> None:
    """Take over what a provider counted; what it has beyond ours, somebody else made.

    ``job`` is who asked: what it holds has been counted, too. Calls that were on their way may count twice
    until the next time, and are never left out.
    """
    day = (told.api, told.calls, told.counted, told.resets_at)
    await connection.execute(SQL["reconcile"], *day, known.calls, known.resets_at, job)
