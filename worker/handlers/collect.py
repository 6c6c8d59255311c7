"""Gather what the market says of prints: of some, or of those that are most worth another look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from worker import observe
from worker.collecting import targets
from worker.collecting.progress import Progress, chunks
from worker.collecting.round import Round, TryAgain
from worker.collecting.source import Source
from worker.collecting.sources import Sources, open_sources
from worker.db import Database
from worker.queue.contract import Backoff, Cancel, Done, Ending, Retry
from worker.runs.closing import RunTotals, Summary
from worker.runs.handler import JobPayload
from worker.runs.items import Item
from worker.runs.work import Batch, Work

CURVES = "price_curve"
COUNTED = ("offers", "new", "changed", "unchanged", "of_another_org", "bad")


class Payload(JobPayload):
    """Which prints, and whom to ask about them."""

    prints: tuple[int | str, ...] | None = Field(
        None,
        min_length=1,
        max_length=10_000,
        description='these: ids, or names such as "base1-4", "tcgdex:base1-4"',
    )
    stalest: int | None = Field(
        None, ge=1, le=100_000, description="so many of those most worth a look, within today's quota"
    )
    sources: tuple[str, ...] | None = Field(
        None, min_length=1, description="these sources only; else all that are enabled"
    )
    most: int | None = Field(None, ge=1, le=10_000, description="offers of each print and source at most")
    curves: bool = Field(True, description="compute the prints' price curves afterwards")
    counted: bool = Field(False, description="set on the jobs that a run's first job adds")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.prints is None) == (self.stalest is None):
            raise ValueError('say either "prints" or "stalest"')
        return self


@dataclass(frozen=True)
class Collect:
    """Goes print by print, source by source, page by page; each page is one transaction with its rows.

    ``adapters`` are the sources' code, by the names in the column ``adapter``. Many prints are shared by
    several jobs of ``prints_per_job`` each.
    """

    kind: ClassVar = "collect"
    queue: ClassVar = "collect"
    timeout: ClassVar = timedelta(hours=2)
    max_attempts: ClassVar = 8
    starts_run: ClassVar = True
    backoff: ClassVar = Backoff(timedelta(seconds=2), timedelta(minutes=5))
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    adapters: Mapping[str, Source]
    most: int
    prints_per_job: int

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Collect what is left, from the page where an attempt before was cut off."""
        sources = await open_sources(self.db, self.adapters, payload.sources)
        if work.checkpoint is None:
            for name, why in sources.skipped.items():
                observe.say("source_skipped", level="warning", source=name, why=why)
            at = await self._begin(work, payload, sources)
            if at is None:
                return Cancel("a run that looks for what is stalest is not over")
        else:
            at = Progress.read(work.checkpoint)
        at = await self._again(work, at)
        round_ = Round(
            self.db,
            work,
            sources,
            await targets.org_of(self.db, work.job.run_id),
            payload.most or self.most,
        )
        try:
            while at.print_id is not None:
                at = await round_.go_on(at)
        except TryAgain as error:
            code, after = error.error.code, getattr(error.error, "retry_after", None)
            return Retry(code, str(error), after)
        return await self._end(work, payload, at)

    async def _begin(self, work: Work, payload: Payload, sources: Sources) -> Progress | None:
        """Find the prints, count them, and share them out where they are many."""
        async with work.commit() as batch:
            if payload.stalest is not None:
                if await targets.is_another_under_way(batch.connection, work.job.run_id, self.kind):
                    return None
                names: Sequence[int | str] = await _stalest(batch, payload.stalest, sources)
            else:
                names = payload.prints or ()
            found = await targets.find(batch.connection, names)
            batch.items.extend(
                Item("card", name, "failed", "no_such_print", f"there is no print {name!r}")
                for name in found.unknown
            )
            batch.expected = 0 if payload.counted else len(found.ids) + len(found.unknown)
            own, *others = chunks(found.ids, self.prints_per_job) or [[]]
            for some in others:
                await batch.enqueue(self.kind, _share(payload, some))
            at = Progress(tuple(own))
            batch.checkpoint = at.as_json()
        return at

    async def _again(self, work: Work, at: Progress) -> Progress:
        """The prints whose items failed before and were retried, and no others."""
        names = [one.ref.external_id for one in work.again if one.ref.type == "card"]
        if not names or not at.ended:
            return at
        async with work.commit() as batch:
            found = await targets.find(batch.connection, names)
            batch.items.extend(
                Item("card", name, "failed", "no_such_print", f"there is no print {name!r}")
                for name in found.unknown
            )
            at = Progress(tuple(found.ids))
            batch.checkpoint = at.as_json()
        return at

    async def _end(self, work: Work, payload: Payload, at: Progress) -> Ending:
        if not at.ended:
            async with work.commit() as batch:
                if payload.curves and at.prints:
                    await batch.enqueue(CURVES, {"prints": list(at.prints)})
                batch.checkpoint = at.over().as_json()
        return Done({"prints": len(at.prints)})


async def _stalest(batch: Batch, wanted: int, sources: Sources) -> list[int]:
    """As many as today's quota is good for: each costs a call of each API at least."""
    apis = [one.source.api for one in sources.desks if one.source.api is not None]
    left = await targets.calls_left(batch.connection, apis)
    most = wanted if left is None else min(wanted, left)
    found = await targets.stalest(batch.connection, most)
    await batch.log("info", "stalest_chosen", wanted=wanted, calls_left=left, prints=len(found))
    return found


def _share(payload: Payload, prints: Sequence[int]) -> dict[str, Any]:
    """What a job that shares the work is told."""
    shared = payload.model_dump(mode="json", include={"sources", "most", "curves"}, exclude_none=True)
    return {**shared, "prints": list(prints), "counted": True}


def summarise(totals: RunTotals) -> Summary:
    """Say a run's totals in the words of collecting: prints, what was found of them, what failed, calls."""
    prints = {"completed": 0, "failed": 0}
    failures: dict[str, int] = {}
    for one in totals.items:
        if one.type == "card" and one.state in prints:
            prints[one.state] += one.count
        if one.error_code:
            failures[one.error_code] = failures.get(one.error_code, 0) + one.count
    found = {name: totals.tally.get(name, 0) for name in COUNTED}
    return {"prints": prints, **found, "failures": failures, "calls": totals.calls}
