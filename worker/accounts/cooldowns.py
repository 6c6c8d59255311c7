"""Whom an API has told to wait: nobody asks it in that account's name until then, whatever worker it is."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from worker.clients.answers import LONGEST_WAIT
from worker.db import Database, statements
from worker.errors import CoolingDown

SQL = statements(Path(__file__).with_name("cooldowns.sql"))
UNADVISED = timedelta(seconds=60)
"""For whoever says "too often" and not until when, or nothing that can be read."""
ADVISED = timedelta(seconds=1)
"""What is doubled each time beside an advice: one that is too short is not followed for ever."""
JITTER_SECONDS = 1.0
WHY = "it was asked too often"


class Cooldowns:
    """Keeps them in the database, for all workers; ``jitter`` gives 0..1, by which they come back apart."""

    def __init__(self, db: Database, jitter: Callable[[], float] = random.random) -> None:
        self._db, self._jitter = db, jitter

    async def require_warm(self, api: str, account: str) -> bool:
        """Raise ``CoolingDown`` while a cooldown lasts; answers whether one is over and not forgotten."""
        row = await self._db.fetchrow(SQL["cooldown"], api, account)
        if row is not None and row["wait"] > timedelta(0):
            raise CoolingDown(api, row["reason"], self._jittered(row["wait"]))
        return row is not None

    async def begin(self, api: str, account: str, advice: timedelta | None) -> CoolingDown:
        """Begin a cooldown as an API advised, or for a minute; answers the error to raise.

        Each that begins right after another lasts at least twice as long as that had to, up to 15 minutes.
        """
        least = UNADVISED if advice is None else ADVISED
        wait = await self._db.fetchval(
            SQL["begin"], api, account, advice or UNADVISED, least, LONGEST_WAIT, WHY
        )
        told = CoolingDown(api, WHY, self._jittered(wait))
        told.request = "answered"
        return told

    async def end(self, api: str, account: str) -> None:
        """Forget a cooldown that is over, once the API has answered again: the next is the first."""
        await self._db.execute(SQL["end"], api, account)

    def _jittered(self, wait: timedelta) -> timedelta:
        return wait + timedelta(seconds=self._jitter() * JITTER_SECONDS)


async def forget(db: Database) -> None:
    """Forget cooldowns that nobody has asked about for an hour after they were over."""
    await db.execute(SQL["forget"])
