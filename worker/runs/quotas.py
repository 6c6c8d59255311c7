"""Quotas that the settings know: how many calls a day each provider allows, made known to all workers."""

from collections.abc import Mapping
from pathlib import Path

from worker.db import Database, statements

SQL = statements(Path(__file__).with_name("quotas.sql"))


async def announce(db: Database, quotas: Mapping[str, int]) -> None:
    """Say how many calls a day each API allows; what was used of its day, and when that ends, stays."""
    if quotas:
        await db.execute(SQL["announce"], list(quotas), list(quotas.values()))
