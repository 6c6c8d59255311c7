"""Ask eBay how many calls are left of its day, and have all workers know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from worker.accounts.asking import Asker
from worker.clients.ebay_limits import RateLimit, get_rate_limits, read_rate_limits
from worker.db import Database
from worker.errors import UserError
from worker.queue.contract import Done, Ending
from worker.runs.handler import JobPayload
from worker.runs.quotas import Counted, Ours, ours, reconcile
from worker.runs.work import Work


class Payload(JobPayload):
    """Nothing: all limits are asked for at once."""


@dataclass(frozen=True)
class EbayLimits:
    """Reconciles the quotas with what eBay itself has counted; ``own`` are limits of the settings, by API.

    Of an API that eBay says nothing about, all stays as it is.
    """

    kind: ClassVar = "ebay_limits"
    queue: ClassVar = "sync"
    timeout: ClassVar = timedelta(minutes=2)
    max_attempts: ClassVar = 3
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    asker: Asker | None
    own: Mapping[str, int]

    async def handle(self, work: Work, payload: Payload) -> Ending:  # noqa: ARG002
        """Ask once, and take over what was counted."""
        if self.asker is None:
            raise UserError("this worker cannot ask eBay: set WORKER_EBAY__CLIENT_ID and its companions")
        # First ours, then eBay's: what leaves in between is counted twice at most, and not forgotten.
        known = await ours(self.db)
        limits = read_rate_limits(
            await self.asker.ask_as_application(work, get_rate_limits(), step="rate limits")
        )
        async with work.commit() as batch:
            # One order for all: two that reconcile at once shall not wait for each other.
            for one in sorted(limits, key=lambda limit: limit.api):
                told = self._counted(one)
                await reconcile(batch.connection, told, known.get(one.api, Ours()), job=work.job.id)
        return Done({one.api: one.remaining for one in limits})

    def _counted(self, limit: RateLimit) -> Counted:
        """What the settings allow stays the limit where it is less than eBay's."""
        calls = min(limit.limit, self.own.get(limit.api, limit.limit))
        return Counted(limit.api, calls, max(0, limit.limit - limit.remaining), limit.resets_at)
