"""Bring the price index up to date, or make it again from scratch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from worker.catalog import price_index
from worker.db import Database
from worker.queue.contract import Done, Ending
from worker.runs.handler import JobPayload
from worker.runs.work import UnknownCheckpoint, Work

PRINTS_A_BATCH = 500


class Payload(JobPayload):
    """How far back."""

    days: int = Field(
        100, ge=1, le=10_000, description="so many days, today the last: what came in later for them counts"
    )
    rebuild: bool = Field(False, description="all days there are, as if there were no index yet")
    batch_prints: int = Field(PRINTS_A_BATCH, ge=1, le=10_000, description="prints between two checkpoints")


@dataclass(frozen=True, slots=True)
class Place:
    """The checkpoint: from which day on, behind which print, and what was done so far."""

    first: date
    after: int = 0
    written: int = 0
    gone: int = 0
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
        return {**asdict(self), "first": str(self.first)}


@dataclass(frozen=True)
class PriceIndex:
    """Goes through all prints, those of a batch in one transaction. The index is every org's, like curves."""

    kind: ClassVar = "price_index"
    queue: ClassVar = "catalog"
    timeout: ClassVar = timedelta(hours=6)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Go from batch to batch; answers how many rows were written, and how many taken out."""
        at = Place.read(work.checkpoint) if work.checkpoint else Place(await self._first(payload))
        while True:
            async with work.commit() as batch:
                found = await price_index.index(
                    batch.connection, at.first, after=at.after, prints=payload.batch_prints
                )
                if found is None:
                    break
                written, gone = at.written + found.written, at.gone + found.gone
                at = replace(at, after=found.last, written=written, gone=gone)
                batch.checkpoint = at.as_json()
        return Done({"first": str(at.first), "written": at.written, "gone": at.gone})

    async def _first(self, payload: Payload) -> date:
        return price_index.BEGINNING if payload.rebuild else await price_index.since(self.db, payload.days)
