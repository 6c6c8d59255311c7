"""Sync connected sellers: a job for each, those not synced for longest first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from worker.db import statements
from worker.errors import UserError
from worker.handlers.account_sync import ResourceName
from worker.queue.contract import Done, Ending
from worker.runs.closing import RunTotals, Summary
from worker.runs.handler import JobPayload
from worker.runs.work import Work

SQL = statements(Path(__file__).with_name("seller_sync.sql"))
ALL = 2**31 - 1
COUNTED = ("orders", "line_items", "inserted", "updated", "unchanged", "unmapped")


class Payload(JobPayload):
    """Which sellers, and what of them."""

    since: AwareDatetime | None = Field(
        None, description="read from this moment on, and not from the cursors"
    )
    limit: int | None = Field(None, ge=1, description="records of each seller and resource at most")
    seller_limit: int | None = Field(None, ge=1, description="sellers at most")
    resources: tuple[ResourceName, ...] = Field(("orders",), min_length=1, description="what is read")
    dry_run: bool = Field(False, description="write nothing, and list what would be written")
    message_bodies: bool = Field(False, description="keep the words of messages, not only their subjects")
    account_id: UUID | None = Field(None, description="this account only")


@dataclass(frozen=True)
class SellerSync:
    """Plans a sync: enqueues ``account_sync`` for the sellers of its run's org, in one transaction."""

    kind: ClassVar = "seller_sync"
    queue: ClassVar = "sync"
    timeout: ClassVar = timedelta(minutes=10)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    environment: str
    is_configured: bool

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Enqueue a job for each seller; raises ``UserError`` where the one that is meant is not there."""
        if not self.is_configured:
            raise UserError("this worker cannot ask eBay: set WORKER_EBAY__CLIENT_ID and its companions")
        if work.checkpoint is not None:
            return Done(work.checkpoint)
        if payload.since is not None and payload.since > datetime.now(UTC):
            raise UserError(f"since is {payload.since.isoformat()}, which has not come yet")
        async with work.commit() as batch:
            rows = await batch.connection.fetch(
                SQL["plan"],
                work.job.run_id,
                self.environment,
                payload.account_id,
                payload.seller_limit or ALL,
                json.dumps(_share(payload)),
                work.job.id,
            )
            if payload.account_id is not None and not rows:
                raise UserError(
                    f"there is no active account {payload.account_id} of {self.environment} in this org: "
                    "see mintmark account list"
                )
            batch.expected = len(rows)
            batch.checkpoint = {"sellers": len(rows)}
        return Done({"sellers": len(rows)})


def _share(payload: Payload) -> dict[str, Any]:
    """What each seller's job is told."""
    shared = {"since", "limit", "resources", "dry_run", "message_bodies"}
    return payload.model_dump(mode="json", include=shared, exclude_none=True)


def summarise(totals: RunTotals) -> Summary:
    """Say a run's totals in the words of selling: sellers, orders, line items, what became of them, calls."""
    sellers = {"completed": 0, "failed": 0}
    failures: dict[str, int] = {}
    for one in totals.items:
        if one.type == "seller" and one.state in sellers:
            sellers[one.state] += one.count
        if one.error_code:
            failures[one.error_code] = failures.get(one.error_code, 0) + one.count
    return {
        "sellers": sellers,
        **{name: totals.tally.get(name, 0) for name in COUNTED},
        **_others(totals.tally),
        "skipped": _skipped(totals.tally),
        "failures": failures,
        "calls": totals.calls,
    }


def _others(tally: Mapping[str, int]) -> dict[str, int]:
    """What the other resources counted, and records that could not be read, where there were any."""
    return {
        name: count
        for name, count in sorted(tally.items())
        if count and name not in COUNTED and not name.startswith("skipped.")
    }


def _skipped(tally: Mapping[str, int]) -> dict[str, int]:
    return {
        name.removeprefix("skipped."): count for name, count in tally.items() if name.startswith("skipped.")
    }
