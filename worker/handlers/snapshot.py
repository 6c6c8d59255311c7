"""Keep a day of every seller's inventory, and put weeks together of days that are old."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from worker.catalog import snapshots
from worker.catalog.snapshots import kept_since, monday_of
from worker.db import Database, statements
from worker.errors import UserError
from worker.queue.contract import Done, Ending
from worker.runs.handler import JobPayload
from worker.runs.items import Item
from worker.runs.work import UnknownCheckpoint, Work

SQL = statements(Path(__file__).with_name("snapshot.sql"))
BATCH_ROWS = 200_000
SELLERS_A_FOLD = 200


class Payload(JobPayload):
    """Which day."""

    date_: date | None = Field(None, alias="date", description="the day (UTC); none: today")
    batch_rows: int = Field(
        BATCH_ROWS, ge=1, le=1_000_000, description="rows of inventory between two checkpoints, about"
    )


@dataclass(frozen=True, slots=True)
class Place:
    """The checkpoint: which day is taken, behind which seller, which week is put together, and the counts."""

    day: date
    after: int = 0
    doing: Literal["day", "weeks"] = "day"
    week: date | None = None
    sellers: int = 0
    rows: int = 0
    weeks: int = 0
    version: Literal[1] = 1

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, checkpoint: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote; raises ``UnknownCheckpoint`` when another version did."""
        try:
            return TypeAdapter(cls).validate_python(checkpoint)
        except ValidationError:
            raise UnknownCheckpoint from None

    def as_json(self) -> dict[str, Any]:
        """What goes into a checkpoint."""
        return {**asdict(self), "day": str(self.day), "week": self.week and str(self.week)}


@dataclass(frozen=True)
class Snapshot:
    """In a run: takes a day of its org's sellers. Without one, as the clock asks: starts a run in each org.

    Each batch is one transaction with its rows, items (a seller each) and place.
    """

    kind: ClassVar = "snapshot"
    queue: ClassVar = "catalog"
    timeout: ClassVar = timedelta(hours=6)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    days: int

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Go from batch to batch; raises ``UserError`` for a day that has not come, or is long gone."""
        if work.job.run_id is None:
            return await self._start_runs(work, payload)
        org: UUID = await self.db.fetchval(SQL["org"], work.job.run_id)
        at = Place.read(work.checkpoint) if work.checkpoint else await self._begin(work, payload, org)
        while at.doing == "day":
            at = await self._take(work, payload, org, at)
        now = await snapshots.today(self.db)
        while (following := await self._fold(work, org, at, kept_since(now, self.days))) is not None:
            at = following
        return Done({"date": str(at.day), "sellers": at.sellers, "rows": at.rows, "weeks": at.weeks})

    async def _start_runs(self, work: Work, payload: Payload) -> Ending:
        if work.checkpoint is not None:
            return Done(work.checkpoint)
        day = await self._day(payload)
        async with work.commit() as batch:
            told = {"date": str(day), "runs": await batch.connection.fetchval(SQL["start"], day)}
            batch.checkpoint = told
        return Done(told)

    async def _begin(self, work: Work, payload: Payload, org: UUID) -> Place:
        at = Place(await self._day(payload))
        async with work.commit() as batch:
            if await snapshots.is_folded(batch.connection, org, at.day):
                raise UserError(f"the week of {at.day} is put together already: it takes no more days")
            batch.expected = await snapshots.count_sellers(batch.connection, org)
            batch.checkpoint = at.as_json()
        return at

    async def _day(self, payload: Payload) -> date:
        now = await snapshots.today(self.db)
        day = payload.date_ or now
        if day > now:
            raise UserError(f"a snapshot of {day} cannot be taken: in UTC it is {now}")
        if day < monday_of(kept_since(now, self.days)):
            raise UserError(
                f"a snapshot of {day} would be put together at once: days are kept for {self.days} days"
            )
        return day

    async def _take(self, work: Work, payload: Payload, org: UUID, at: Place) -> Place:
        async with work.commit() as batch:
            found = await snapshots.take(
                batch.connection, org, at.day, after=at.after, rows=payload.batch_rows
            )
            if found is None:
                reached = replace(at, doing="weeks", after=0)
            else:
                batch.items.extend(Item("seller", str(one), "completed") for one in found.sellers)
                sellers, rows = at.sellers + len(found.sellers), at.rows + found.rows
                reached = replace(at, after=found.last, sellers=sellers, rows=rows)
            batch.checkpoint = reached.as_json()
        return reached

    async def _fold(self, work: Work, org: UUID, at: Place, since: date) -> Place | None:
        """Put the next batch of the oldest week together; None where no week is left."""
        async with work.commit() as batch:
            week = at.week or await snapshots.first_week(batch.connection, org, since)
            if week is None:
                return None
            found = await snapshots.fold(batch.connection, org, week, after=at.after, sellers=SELLERS_A_FOLD)
            if found is None:
                reached = replace(at, week=None, after=0)
            else:
                reached = replace(at, week=week, after=found.last, weeks=at.weeks + found.rows)
            batch.checkpoint = reached.as_json()
        return reached
