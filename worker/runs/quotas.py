"""Quotas that the settings know: how many calls a day each provider allows, made known to all workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.db import Database, statements

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
