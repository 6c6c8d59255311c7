"""Work a source's pending imports into the catalogue, batch by batch, until none is left or none moves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from worker import observe
from worker.catalog import canon, imports
from worker.catalog.imports import RecordKind
from worker.catalog.normalize import BatchResult, Worked, normalize_again, normalize_batch
from worker.db import Database
from worker.queue.contract import Done, Ending
from worker.runs.closing import ItemCount, RunTotals, Summary
from worker.runs.handler import JobPayload
from worker.runs.items import Item
from worker.runs.work import Batch, UnknownCheckpoint, Work

RECORD_KINDS: tuple[RecordKind, ...] = ("set", "card")
SETS_NAMED = 10
"""How many of the sets that cards wait for are named in the log."""


class Payload(JobPayload):
    """Which source to work, and how."""

    source: str = Field(
        min_length=1, description="whose imports: pokemonapi, tcgdex, …; dump means pokemonapi"
    )
    batch_size: int | None = Field(None, ge=1, le=5000, description="rows between two checkpoints")
    jobs: int | None = Field(
        None, ge=1, le=64, description="jobs that share the work, perhaps on several workers"
    )
    counted: bool = Field(
        False, description="set on the jobs that a run's first job adds: the total is known"
    )

    @field_validator("source")
    @classmethod
    def _a_dump_is_the_api_in_files(cls, source: str) -> str:
        return "pokemonapi" if source == "dump" else source


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a job is: sets before cards, and again from the start while a pass still changes something."""

    kind: RecordKind = "set"
    after: int = 0
    progressed: bool = False
    """Whether this pass has changed anything."""
    patient: bool = False
    """Whether this pass waits for rows that other workers hold."""
    waiting: int = 0
    """Cards met in this pass whose set is unknown."""
    missing: tuple[str, ...] = ()
    """Some of the sets they wait for."""
    ended: bool = False
    version: Literal[1] = 1

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, checkpoint: Mapping[str, Any]) -> Self:
        """Read what ``asdict`` wrote; raises ``UnknownCheckpoint`` when another version did."""
        try:
            return TypeAdapter(cls).validate_python(checkpoint)
        except ValidationError:
            raise UnknownCheckpoint from None

    def moved(self, batch: BatchResult) -> Self:
        """Go on behind a batch."""
        missing = dict.fromkeys([*self.missing, *batch.waiting])
        return replace(
            self,
            after=batch.last_id or self.after,
            progressed=self.progressed or bool(batch.worked),
            waiting=self.waiting + len(batch.waiting),
            missing=tuple(missing)[:SETS_NAMED],
        )

    def turned(self, pending: int) -> Self:
        """Go on where a kind has no more rows: from sets to cards, then round again, or to the end."""
        if self.kind == "set":
            return replace(self, kind="card", after=0)
        if pending == 0:  # What waited when we passed it, other workers have done since.
            return replace(self, ended=True, waiting=0, missing=())
        if self.patient and not self.progressed:
            return replace(self, ended=True)
        return type(self)(patient=not self.progressed)


@dataclass(frozen=True)
class NormalizeBatch:
    """Several may work one source at once: each takes rows that no other holds."""

    kind: ClassVar = "normalize_batch"
    queue: ClassVar = "catalog"
    timeout: ClassVar = timedelta(hours=6)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    batch_size: int
    jobs: int

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Go from batch to batch; each is one transaction with its rows, items and cursor."""
        await self._work_again(work, payload)
        cursor = await self._begin(work, payload) if work.checkpoint is None else Cursor.read(work.checkpoint)
        while not cursor.ended:
            cursor = await self._step(work, payload, cursor)
        if not payload.counted:
            await self._say_what_is_off(work, payload.source)
        return Done({"waiting": cursor.waiting})

    async def _work_again(self, work: Work, payload: Payload) -> None:
        """Work the rows whose items failed before and were retried, and no others."""
        size = payload.batch_size or self.batch_size
        for kind in RECORD_KINDS:
            rows = [int(one.data["row"]) for one in work.again if one.ref.type == kind and one.data]
            for first in range(0, len(rows), size):
                await self._some_again(work, payload.source, kind, rows[first : first + size])

    async def _some_again(self, work: Work, source: str, kind: RecordKind, rows: Sequence[int]) -> None:
        while True:
            try:
                async with work.commit() as batch:
                    result = await normalize_again(batch.connection, source, kind, rows)
                    batch.items.extend(_item(kind, one) for one in result.worked)
            except canon.Overtaken:
                continue  # Another worker made one of our prints meanwhile; this time it is seen.
            return

    async def _begin(self, work: Work, payload: Payload) -> Cursor:
        async with work.commit() as batch:
            batch.checkpoint = asdict(Cursor())
            if not payload.counted:
                batch.expected = await imports.count_pending(batch.connection, payload.source)
                sibling = payload.model_copy(update={"jobs": 1, "counted": True}).model_dump()
                for _ in range((payload.jobs or self.jobs) - 1):
                    await batch.enqueue(self.kind, sibling)
        return Cursor()

    async def _step(self, work: Work, payload: Payload, cursor: Cursor) -> Cursor:
        while True:
            try:
                async with work.commit() as batch:
                    reached = await self._one_batch(batch, payload, cursor)
                    batch.checkpoint = asdict(reached)
                    if reached.ended and reached.waiting and not payload.counted:
                        await self._say_what_waits(work, batch, payload.source, reached)
            except canon.Overtaken:
                continue  # Another worker made one of our prints meanwhile; this time it is seen.
            return reached

    async def _one_batch(self, batch: Batch, payload: Payload, cursor: Cursor) -> Cursor:
        result = await normalize_batch(
            batch.connection,
            payload.source,
            cursor.kind,
            after=cursor.after,
            limit=payload.batch_size or self.batch_size,
            patient=cursor.patient,
        )
        batch.items.extend(_item(cursor.kind, one) for one in result.worked)
        if result.last_id is not None:
            return cursor.moved(result)
        return cursor.turned(await imports.count_pending(batch.connection, payload.source))

    async def _say_what_waits(self, work: Work, batch: Batch, source: str, cursor: Cursor) -> None:
        """Tell, once a run, of what cannot move: by its first job, together with its last checkpoint."""
        stuck = {"source": source, "waiting": cursor.waiting, "missing_sets": cursor.missing}
        observe.say("no_progress", level="warning", job=work.job.id, **stuck)
        await batch.log("warning", "no_progress", **stuck)

    async def _say_what_is_off(self, work: Work, source: str) -> None:
        if off := await canon.totals_off(self.db, source):
            await work.log("info", "set_totals_off", sets=off)


def _item(kind: RecordKind, one: Worked) -> Item:
    if one.result == "normalized":
        return Item(kind, one.external_id, "completed")
    return Item(kind, one.external_id, "failed", one.code, one.note, data={"row": one.row_id})


def summarise(totals: RunTotals) -> Summary:
    """Say a run's totals in the words of the catalogue: normalized, conflicts, errors, processed."""
    summary: Summary = {
        name: {"normalized": 0, "conflicts": 0, "errors": 0, "processed": 0} for name in ("sets", "cards")
    }
    for one in totals.items:
        words = summary[f"{one.type}s"]
        words[_word(one)] += one.count
        words["processed"] += one.count
    return summary


def _word(count: ItemCount) -> str:
    if count.state == "completed":
        return "normalized"
    return "conflicts" if (count.error_code or "").startswith("conflict") else "errors"
