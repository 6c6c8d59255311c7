"""The outbox of alerts: what waits for a channel, how the channel stands, and what became of each try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from worker import observe
from worker.db import Connection, Database, Record, statements

SQL = statements(Path(__file__).with_name("alerts.sql"))
GIVE_UP_AFTER = timedelta(days=1)
"""A channel that has been down for so long is not troubled with what is as old."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
"""How long a channel that is down is left alone: the first of them at first, doubled by each failure."""
MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel stands: ``wait`` seconds until it may be tried, then ``free`` messages this hour.

    ``failures`` in a row; ``refused``: the last of them was a no, and not a silence.
    """

    failures: int
    refused: bool
    free: int
    wait: float
    hopeless: bool


async def look(connection: Connection, channel: str, *, per_hour: int) -> Standing:
    """Hold a channel for the rest of the transaction, and see how it stands."""
    await connection.execute(SQL["hold"], channel)
    row = await connection.fetchrow(SQL["look"], channel, per_hour, GIVE_UP_AFTER)
    assert row is not None
    return Standing(row["failures"], row["refused"], row["free"], row["wait"], row["hopeless"])


async def give_up(connection: Connection, channel: str) -> int:
    """Let a channel wait no more for what is a day old; answers for how many alerts."""
    count: int = await connection.fetchval(SQL["give_up"], channel, GIVE_UP_AFTER)
    return count


async def due(connection: Connection, channel: str) -> list[Record]:
    """The oldest alerts that wait for a channel.

    The columns: id, key, alert, message, org_id, run_id, job_id, data (JSON text) and raised_at.
    """
    return await connection.fetch(SQL["due"], channel, MOST_AT_ONCE)


async def note_try(connection: Connection, channel: str) -> None:
    """Count a message before it is sent: whatever comes of it, it is one of its hour."""
    await connection.execute(SQL["note_try"], channel)


async def took(connection: Connection, channel: str, ids: Sequence[int]) -> None:
    """Note that a channel took these alerts, and is up."""
    await connection.execute(SQL["took"], channel, ids)
    await connection.execute(SQL["up_again"], channel)


async def failed(connection: Connection, channel: str, *, refused: bool, advice: timedelta | None) -> Record:
    """Note that a channel took nothing; answers its ``failures`` in a row and the ``wait`` in seconds.

    It is left alone for as long as it advises itself, or longer by what it has failed before.
    """
    at_least = advice or timedelta(0)
    row = await connection.fetchrow(SQL["failed"], channel, refused, at_least, FIRST_WAIT, LONGEST_WAIT)
    assert row is not None
    return row


async def settle(connection: Connection, channels: Sequence[str]) -> None:
    """Let go of the alerts for which none of these channels waits any more."""
    await connection.execute(SQL["settle"], channels)


class Attention:
    """Sees to it that alerts which wait are not forgotten; done now and then by every worker.

    A job that ends while an alert is being raised has not seen it, and the alert took the job for one that
    would. A worker without a channel says, once, that jobs of others' wait for nobody.
    """

    def __init__(self, db: Database, *, has_channel: bool) -> None:
        self._db = db
        self._has_channel = has_channel
        self._said = False

    async def look(self) -> None:
        """Enqueue the delivery of what waits, where there is a channel and no job."""
        row = await self._db.fetchrow(SQL["waiting"])
        assert row is not None
        observe.ALERTS_WAITING.set(row["alerts"])
        if self._has_channel and row["alerts"] and not row["attended"]:
            await self._db.execute(SQL["enqueue"])
        if not self._has_channel:
            self._complain(row)

    def _complain(self, row: Record) -> None:
        if row["unheard"] and not self._said:
            observe.say("alerts_unheard", level="warning", alerts=row["alerts"])
        self._said = row["unheard"]
