"""Start a sync of all sellers in every org that has some; for the clock, which knows no orgs."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from worker.db import Database, statements
from worker.queue.contract import Done, Ending
from worker.runs.handler import JobPayload
from worker.runs.work import Work

SQL = statements(Path(__file__).with_name("sync_orgs.sql"))


class Payload(JobPayload):
    """Nothing: every org means every org."""


@dataclass(frozen=True)
class SyncOrgs:
    """Starts a run of ``seller_sync`` in each org, unless one it has started is not over there.

    It belongs to no run, so nobody who is confined to an org can enqueue it.
    """

    kind: ClassVar = "sync_orgs"
    queue: ClassVar = "sync"
    timeout: ClassVar = timedelta(minutes=5)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    environment: str

    async def handle(self, work: Work, payload: Payload) -> Ending:  # noqa: ARG002 - it says nothing.
        """Start what is to be started; answers how many runs that were, and how many are held by somebody."""
        async with work.commit() as batch:
            started = await batch.connection.fetchval(SQL["start"], self.environment)
            held = await batch.connection.fetchval(SQL["held"])
        return Done({"started": started, "held": held})
