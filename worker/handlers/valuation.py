"""Value a thing that is no card of the catalogue: ask for its like, judge what is said, and explain."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from worker import observe
from worker.catalog import intakes
from worker.catalog.evidence import present_rules
from worker.catalog.intakes import Intake, SourceFacts
from worker.collecting.appraising import Terms, appraise
from worker.collecting.keeping import keep_page
from worker.collecting.source import Page, Source, SourceRow, Wanted
from worker.collecting.sources import switch_off
from worker.collecting.targets import org_of
from worker.collecting.valuation_items import listings, summarise, valued
from worker.collecting.valuation_progress import Progress
from worker.db import Database
from worker.errors import AccessDenied, SourceDown, SourceError, SourceGarbled, SourceRetired, UserError
from worker.pricing.coin_query import BadAttributes
from worker.pricing.likeness import COIN, Likeness, likeness_of
from worker.queue.contract import Backoff, Done, Ending, Fail, Retry
from worker.runs.handler import JobPayload
from worker.runs.work import Batch, Work

__all__ = ["Payload", "Valuation", "summarise"]


class Payload(JobPayload):
    """Which thing is valued, and by what."""

    intake_id: int | None = Field(None, ge=1, description="a thing that is there; else its attributes")
    attributes: dict[str, Any] | None = Field(
        None, description="what it is: year, mintmark, denomination, title, grade, …; it becomes an intake"
    )
    kind: str = Field(
        COIN, min_length=1, max_length=40, description="of a thing given by attributes: coin, or another word"
    )
    reference: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="your own name for it: given again, it is the same intake",
    )
    sources: tuple[str, ...] | None = Field(None, description="which are asked; without it, all that can be")
    most: int = Field(200, ge=1, le=2000, description="listings of each source at most")
    collect: bool = Field(True, description="ask the sources now; without it, by what is there already")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="prices in another are left out")
    sale_days: int = Field(365, ge=1, description="older sales are left out")
    ask_days: int = Field(30, ge=1, description="asks that were seen last before that are left out")

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> Self:
        if (self.intake_id is None) == (self.attributes is None):
            raise ValueError("give either intake_id or attributes")
        return self


@dataclass(frozen=True)
class Valuation:
    """Asks page by page, each one transaction with its rows and cursor; the last one writes the valuation.

    A source that does not answer is left out of it, and the explanation says so.
    """

    kind: ClassVar = "valuation"
    queue: ClassVar = "pricing"
    timeout: ClassVar = timedelta(minutes=30)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = True
    backoff: ClassVar = Backoff(timedelta(seconds=2), timedelta(minutes=5))
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    adapters: Mapping[str, Source]

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Go on from the page where an attempt before was cut off; a thing that cannot be searched fails."""
        org = await org_of(self.db, work.job.run_id)
        try:
            progress = (
                Progress.read(work.checkpoint) if work.checkpoint else await self._begin(work, payload, org)
            )
            intake = await intakes.find(self.db, org, progress.intake)
            if intake is None:
                return Fail(
                    "no_intake", f"there is no intake {progress.intake} in this org: see public.intakes"
                )
            like = likeness_of(intake.kind, intake.attributes)
        except BadAttributes as error:
            return Fail("bad_attributes", str(error))
        try:
            while progress.left:
                progress = await self._step(work, payload, intake, like, progress)
        except (SourceDown, SourceGarbled) as error:
            return Retry(error.code, str(error), getattr(error, "retry_after", None))
        if progress.valuation is None:
            progress = await self._value(work, payload, intake, like, progress)
        return Done({"intake": intake.id, "valuation": progress.valuation})

    async def _begin(self, work: Work, payload: Payload, org: UUID) -> Progress:
        """Find or make the intake, and choose the sources."""
        chosen, silent = await self._sources(payload)
        async with work.commit() as batch:
            intake = payload.intake_id
            if intake is None:
                attributes = payload.attributes or {}
                likeness_of(payload.kind, attributes)
                intake = await intakes.make(
                    batch.connection, org, payload.kind, payload.reference, attributes
                )
            progress = Progress(intake, tuple(chosen), silent=silent)
            batch.expected = 1
            batch.checkpoint = progress.as_json()
        return progress

    async def _sources(self, payload: Payload) -> tuple[list[str], dict[str, str]]:
        if not payload.collect:
            return [], {}
        found = await intakes.sources_of_value(self.db, payload.sources)
        if unknown := set(payload.sources or ()) - {one.name for one in found}:
            raise UserError(f"there is no source {min(unknown)} of sales or asks: see public.sources")
        if payload.sources is None:
            found = [one for one in found if self._asks_somebody(one)]
        why = {one.name: self._why_not(one) for one in found}
        silent = {name: reason for name, reason in why.items() if reason is not None}
        return [name for name in why if name not in silent], silent

    def _asks_somebody(self, source: SourceFacts) -> bool:
        """Tell whether its adapter asks; what is in our own tables is looked at anyhow."""
        adapter = self.adapters.get(source.adapter)
        return adapter is not None and adapter.api is not None

    def _why_not(self, source: SourceFacts) -> str | None:
        if source.adapter not in self.adapters:
            return f"this worker has no adapter {source.adapter} to ask it with"
        return None if source.enabled else source.disabled_reason or "it is switched off"

    async def _step(
        self, work: Work, payload: Payload, intake: Intake, like: Likeness, at: Progress
    ) -> Progress:
        source = next(iter(await intakes.sources_of_value(self.db, at.left[:1])), None)
        why = "it is gone" if source is None else self._why_not(source)
        if source is None or why is not None:
            return await self._pass_over(work, at, why or "")
        row = SourceRow(source.name, source.adapter, source.basis, source.weight, source.config)
        wanted = Wanted(
            words=like.words,
            category=like.category,
            currency=payload.currency,
            card_print_id=None,
            most=payload.most,
            org_id=intake.org_id,
        )
        try:
            page = await self.adapters[source.adapter].page(work, row, wanted, at.position)
        except (AccessDenied, SourceRetired) as error:
            return await self._pass_over(work, at, str(error), for_good=True)
        except (UserError, SourceError) as error:
            waiting_helps = isinstance(error, SourceDown | SourceGarbled)
            if waiting_helps and work.job.attempt < work.job.max_attempts:
                raise
            return await self._pass_over(work, at, str(error))
        return await self._store(work, payload, intake, like, at, row, page)

    async def _pass_over(self, work: Work, at: Progress, why: str, *, for_good: bool = False) -> Progress:
        """Go on without a source; one that will not answer whatever we wait is switched off for all jobs."""
        name = at.left[0]
        async with work.commit() as batch:
            reached = at.passed_over(why)
            batch.checkpoint = reached.as_json()
            if for_good and await switch_off(batch.connection, name, why):
                await batch.log("warning", "source_disabled", source=name, why=why)
            else:
                await batch.log("warning", "source_skipped", source=name, why=why)
        observe.say("source_skipped", level="warning", source=name, why=why)
        return reached

    async def _store(
        self,
        work: Work,
        payload: Payload,
        intake: Intake,
        like: Likeness,
        at: Progress,
        row: SourceRow,
        page: Page,
    ) -> Progress:
        async with work.commit() as batch:
            new = await _keep(work, batch, intake, row, page)
            batch.items.extend(listings(row.name, like, page))
            batch.expected = len(batch.items)
            reached = at.turned(page.position, len(page.offers) + len(page.bad), payload.most)
            batch.checkpoint = reached.as_json()
        observe.observations(source=row.name, basis=row.basis, count=new)
        return reached

    async def _value(
        self, work: Work, payload: Payload, intake: Intake, like: Likeness, at: Progress
    ) -> Progress:
        async with work.commit() as batch:
            await intakes.look_at_words(batch.connection, intake, like.words.split())
            now, looked = await intakes.looked_at(batch.connection, intake.id)
            rules = await present_rules(batch.connection)
            terms = Terms(payload.currency, payload.sale_days, payload.ask_days, rules)
            found = appraise(looked, like, terms, at.silent, now)
            await intakes.judge(batch.connection, intake.id, found.verdicts)
            valuation = await intakes.add_valuation(
                batch.connection,
                intake,
                like.query,
                payload.currency,
                found.value,
                found.explanation,
                found.evidence,
            )
            batch.items.append(valued(intake, payload.currency, found))
            facts = {"intake": intake.id, "valuation": valuation, "explanation": found.explanation}
            await batch.log("info", "valued", **facts)
            reached = replace(at, valuation=valuation)
            batch.checkpoint = reached.as_json()
        return reached


async def _keep(work: Work, batch: Batch, intake: Intake, row: SourceRow, page: Page) -> int:
    """Write a page's offers as observations that the intake looks at; answers how many are new."""
    run = work.job.run_id
    kept = await keep_page(batch.connection, row, page, org_id=intake.org_id, run_id=run, wanted=None)
    items = [offer.item_id for offer in page.offers]
    await intakes.look_at_items(batch.connection, intake, row.name, row.marketplace, items)
    return kept.new
