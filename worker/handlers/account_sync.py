"""Read one connected account: its orders, and what else was asked for, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AwareDatetime, Field

from worker.accounts.accounts import Account, AccountInactive, deactivate, find, hold, require_active
from worker.accounts.asking import Asker, FreshTokenRejected
from worker.accounts.vault import CannotDecrypt
from worker.clients.answers import AnsweredNo
from worker.clients.ebay import error_ids
from worker.clients.ebay_shapes import BadRecord
from worker.db import Connection, Database
from worker.errors import AccessDenied, CredentialRevoked, SourceDown, SourceError, SourceGarbled, UserError
from worker.queue.contract import Backoff, Done, Ending, Retry
from worker.runs.handler import JobPayload
from worker.runs.items import Item
from worker.runs.work import Work
from worker.syncing.cursors import Habits, next_span, note_synced, reach
from worker.syncing.progress import Progress
from worker.syncing.resource import Page, Reading, Resource
from worker.syncing.shelving import see_account

ResourceName: TypeAlias = Literal["orders", "transactions", "disputes", "messages", "inventory", "offers"]
IN_THE_FUTURE = "30850"
FAST_CLOCK = timedelta(minutes=15)
"""By how much our clock is put back once it turned out to run ahead of eBay's."""
MOST_PUT_BACK = 8
DRIFTED = "drifted"
SHOWN = 200
"""Lines of a dry run that one entry of the run's log holds."""


class Payload(JobPayload):
    """Which account, and what of it."""

    account_id: UUID = Field(description="the account")
    since: AwareDatetime | None = Field(None, description="read from this moment on, and not from the cursor")
    limit: int | None = Field(None, ge=1, description="records of each resource at most; for trying out")
    resources: tuple[ResourceName, ...] = Field(("orders",), min_length=1, description="what is read")
    dry_run: bool = Field(False, description="write nothing, and list what would be written")
    message_bodies: bool = Field(False, description="keep the words of messages, not only their subjects")
    alone: bool = Field(False, description="the run is about this account only: it is paused when that fails")


@dataclass(frozen=True)
class AccountSync:
    """Goes through an account's resources; each page is one transaction with its rows, tallies and cursor.

    What fails for good fails the seller's item, and the run's other sellers go on.
    """

    kind: ClassVar = "account_sync"
    queue: ClassVar = "sync"
    timeout: ClassVar = timedelta(hours=2)
    max_attempts: ClassVar = 8
    starts_run: ClassVar = True
    backoff: ClassVar = Backoff(timedelta(seconds=2), timedelta(minutes=5))
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    asker: Asker | None
    resources: Sequence[Resource]
    habits: Habits

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Read everything that is left; from the page where an attempt before was cut off."""
        progress = Progress.read(work.checkpoint) if work.checkpoint else Progress(left=payload.resources)
        if progress.ended and not work.again:
            return Done(progress.tally)
        progress = replace(progress, ended=False)
        try:
            account, inactive = await find(self.db, payload.account_id, work.job.run_id)
            require_active(account, inactive)
            while not progress.is_done:
                progress = await self._step(work, payload, account, progress)
            await self._succeed(work, payload, account, progress)
        except AccountInactive as error:
            if payload.alone:
                raise
            return await self._give_up(work, payload, progress, error)
        except CannotDecrypt as error:
            if payload.alone:
                raise CredentialRevoked(str(error)) from None
            return await self._give_up(work, payload, progress, error)
        except SourceError as error:
            waiting_helps = isinstance(error, SourceDown | SourceGarbled)
            if waiting_helps and work.job.attempt < work.job.max_attempts:
                return Retry(error.code, str(error), getattr(error, "retry_after", None))
            if isinstance(error, FreshTokenRejected):
                await deactivate(self.db, payload.account_id, error.code, version=error.token.version)
            return await self._give_up(work, payload, progress, error)
        return Done(progress.tally)

    async def _step(self, work: Work, payload: Payload, account: Account, at: Progress) -> Progress:
        if at.resource is None:
            return await self._open(account, payload, at)
        resource = self._resource(at.resource)
        assert at.since is not None
        assert at.until is not None
        reading = Reading(account, at.since, at.until, payload.dry_run, payload.message_bodies)
        try:
            page = await resource.page(self._asking(work, account), reading, at.position)
        except AccessDenied as error:
            return await self._pass_over(work, at, error.code)
        except AnsweredNo as error:
            if IN_THE_FUTURE not in error_ids(error) or at.clock_put_back >= MOST_PUT_BACK:
                raise
            return await self._put_clock_back(work, at)
        return await self._store(work, payload, resource, reading, at, page)

    async def _open(self, account: Account, payload: Payload, at: Progress) -> Progress:
        resource = self._resource(at.left[0])
        span = await next_span(self.db, account, resource, self.habits, payload.since)
        return at.opened(span.since, span.until, resource.slice, joins=span.joins)

    async def _store(
        self, work: Work, payload: Payload, resource: Resource, reading: Reading, at: Progress, page: Page
    ) -> Progress:
        async with work.commit() as batch:
            await hold(batch.connection, account=reading.account)
            outcome = await resource.store(batch.connection, reading, page)
            reached = at.turned(page, {**outcome.tally, "bad": len(page.bad)}, dry_run=payload.dry_run)
            is_enough = payload.limit is not None and reached.records >= payload.limit
            if is_enough:
                reached = reached.closed("limit")
            elif page.position is None:
                reached = await self._end_pass(batch.connection, resource, reading, reached)
            batch.items.extend(_bad(resource.name, one) for one in page.bad if at.passes == 0)
            batch.expected = len(page.bad) if at.passes == 0 else 0
            batch.checkpoint = reached.as_json()
            for first in range(0, len(outcome.would) if at.passes == 0 else 0, SHOWN):
                facts = {"account": str(reading.account.id), "resource": resource.name}
                await batch.log("info", "would", **facts, lines=list(outcome.would[first : first + SHOWN]))
        outcome.count()
        return reached

    async def _end_pass(
        self, connection: Connection, resource: Resource, reading: Reading, at: Progress
    ) -> Progress:
        """Behind a pass's last page: read it again where records moved, else move the cursor."""
        if at.must_repeat():
            return at.repeated()
        if at.missed_some():
            return at.closed(DRIFTED)
        if reading.dry_run:
            return at.advanced(resource.slice)
        more = await resource.finish(connection, reading)
        if at.joins:
            await reach(connection, reading.account, resource.name, reading.until)
        counted = {name: at.tally.get(name, 0) + count for name, count in more.items()}
        return replace(at, tally={**at.tally, **counted}).advanced(resource.slice)

    async def _pass_over(self, work: Work, at: Progress, why: str) -> Progress:
        async with work.commit() as batch:
            reached = at.closed(why)
            batch.checkpoint = reached.as_json()
            await batch.log("warning", "resource_skipped", resource=at.resource, why=why)
        return reached

    async def _put_clock_back(self, work: Work, at: Progress) -> Progress:
        assert at.since is not None
        assert at.end is not None
        earlier = at.end - FAST_CLOCK
        async with work.commit() as batch:
            since, often = min(at.since, earlier - FAST_CLOCK), at.clock_put_back + 1
            reached = replace(at, until=earlier, end=earlier, since=since, clock_put_back=often)
            batch.checkpoint = reached.as_json()
            await batch.log("warning", "clock_ahead", minutes=FAST_CLOCK.total_seconds() / 60)
        return reached

    async def _succeed(self, work: Work, payload: Payload, account: Account, at: Progress) -> None:
        """The seller's item, and its turn, in the last transaction; one that allowed nothing has failed."""
        nothing_read = set(at.skipped.values()) == {AccessDenied.code} and len(at.skipped) == len(
            payload.resources
        )
        if nothing_read:
            raise AccessDenied("the account allows none of what was asked: connect it with more scopes")
        async with work.commit() as batch:
            tally = {**at.tally, **{f"skipped.{why}": 1 for why in at.skipped.values()}}
            facts = {"tally": tally, "skipped": at.skipped}
            batch.items.append(Item("seller", str(account.id), "completed", data=facts))
            batch.checkpoint = replace(at, ended=True).as_json()
            if not payload.dry_run:
                await hold(batch.connection, account=account)
                await see_account(batch.connection, account, work.job.run_id)
                if DRIFTED not in at.skipped.values():
                    await note_synced(batch.connection, account.id)

    async def _give_up(self, work: Work, payload: Payload, at: Progress, error: SourceError) -> Ending:
        async with work.commit() as batch:
            name, done = str(payload.account_id), {"tally": at.tally, "skipped": at.skipped}
            batch.items.append(Item("seller", name, "failed", error.code, str(error), data=done))
            batch.checkpoint = replace(at, ended=True).as_json()
        return Done({"failed": error.code})

    def _asking(self, work: Work, account: Account) -> Any:
        if self.asker is None:
            raise UserError("this worker cannot ask eBay: set WORKER_EBAY__CLIENT_ID and its companions")
        return partial(self.asker.ask, work, account)

    def _resource(self, name: str) -> Resource:
        found: Mapping[str, Resource] = {resource.name: resource for resource in self.resources}
        return found[name]


def _bad(resource: str, one: BadRecord) -> Item:
    kind: Literal["order", "listing"] = "listing" if resource in ("inventory", "offers") else "order"
    return Item(kind, f"{resource}/{one.id}", "failed", one.code, one.sentence)
