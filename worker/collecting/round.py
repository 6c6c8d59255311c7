"""One round of a job: print by print, of each print every source, of each source every page."""

from dataclasses import dataclass
from uuid import UUID

from worker import observe
from worker.clients.ebay import error_ids
from worker.collecting import targets
from worker.collecting.keeping import keep_page
from worker.collecting.progress import Progress
from worker.collecting.source import Page, Wanted
from worker.collecting.sources import Desk, Sources, switch_off
from worker.collecting.targets import Target
from worker.db import Database
from worker.errors import AccessDenied, SourceDown, SourceError, SourceGarbled, SourceRetired, UserError
from worker.runs.items import Item
from worker.runs.work import Work

NO_SOURCE = "no_source"


class TryAgain(Exception):
    """Raised where a source may answer later, and the job has tries left."""

    def __init__(self, error: SourceDown | SourceGarbled) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class Round:
    """What a job has in hand while it collects; ``sources`` shrinks by those that cannot be asked."""

    db: Database
    work: Work
    sources: Sources
    org_id: UUID
    most: int

    async def go_on(self, at: Progress) -> Progress:
        """Do the next page, or what comes behind the last page of a print; raises ``TryAgain``."""
        assert at.print_id is not None
        target = await targets.target(self.db, at.print_id)
        if target is None:
            return await self._skip(at)
        desk = self.sources.after(at.done)
        if desk is None:
            return await self._finish(at, target)
        wanted = target.wanted(desk.row, most=self.most, org_id=self.org_id)
        try:
            page = await desk.source.page(self.work, desk.row, wanted, at.position_of(desk.row.name))
        except (AccessDenied, SourceRetired) as error:
            return await self._switch_off(at, desk, error)
        except SourceError as error:
            return await self._fail(at, desk, target, error)
        except UserError as error:
            return self._leave_out(at, desk, error)
        return await self._keep(at, desk, wanted, page)

    async def _keep(self, at: Progress, desk: Desk, wanted: Wanted, page: Page) -> Progress:
        async with self.work.commit() as batch:
            kept = await keep_page(
                batch.connection,
                desk.row,
                page,
                org_id=self.org_id,
                run_id=self.work.job.run_id,
                wanted=wanted.card_print_id,
            )
            tally = {**kept.tally(), "offers": len(page.offers), "bad": len(page.bad)}
            reached = at.turned(desk.row.name, page.position, tally)
            batch.items.extend(
                Item("listing", f"{desk.row.name}/{one.item_id}", "failed", one.code, one.sentence)
                for one in page.bad
            )
            batch.expected = len(page.bad)
            batch.checkpoint = reached.as_json()
        observe.observations(source=desk.row.name, basis=desk.row.basis, count=kept.new)
        return reached

    async def _finish(self, at: Progress, target: Target) -> Progress:
        """The print's item, and that it was looked at; it has failed where a source has."""
        reached = at.next_print()
        async with self.work.commit() as batch:
            batch.items.append(_item(at, target, self.sources))
            await targets.note_collected(batch.connection, target.id)
            batch.checkpoint = reached.as_json()
        return reached

    async def _skip(self, at: Progress) -> Progress:
        """A print that somebody has deleted meanwhile."""
        reached = at.next_print()
        async with self.work.commit() as batch:
            batch.items.append(
                Item("card", str(at.print_id), "failed", "no_such_print", "there is no such print any more")
            )
            batch.checkpoint = reached.as_json()
        return reached

    async def _switch_off(self, at: Progress, desk: Desk, error: AccessDenied | SourceRetired) -> Progress:
        """For good, for all jobs, until somebody sets it enabled again; the others go on."""
        reached, name, why = at.passed(desk.row.name), desk.row.name, str(error)
        async with self.work.commit() as batch:
            if was_on := await switch_off(batch.connection, name, why):
                await batch.log("warning", "source_disabled", source=name, why=why)
            batch.checkpoint = reached.as_json()
        if was_on:
            observe.say("source_disabled", level="warning", source=name, why=why)
        self.sources = self.sources.without(name)
        return reached

    async def _fail(self, at: Progress, desk: Desk, target: Target, error: SourceError) -> Progress:
        """Later, if the source may answer then; else it has failed for this print, and the next is asked."""
        job = self.work.job
        if isinstance(error, SourceDown | SourceGarbled) and job.attempt < job.max_attempts:
            raise TryAgain(error)
        reached = at.passed(desk.row.name, code=error.code)
        async with self.work.commit() as batch:
            facts = {"source": desk.row.name, "print": target.source_card_id, "code": error.code}
            await batch.log("warning", "source_failed", **facts, why=str(error), numbers=error_ids(error))
            batch.checkpoint = reached.as_json()
        return reached

    def _leave_out(self, at: Progress, desk: Desk, error: UserError) -> Progress:
        """What this worker cannot ask: said once a job, and the others go on."""
        observe.say("source_skipped", level="warning", source=desk.row.name, why=str(error))
        skipped = {**self.sources.skipped, desk.row.name: str(error)}
        self.sources = Sources(self.sources.without(desk.row.name).desks, skipped)
        return at.passed(desk.row.name)


def _item(at: Progress, target: Target, sources: Sources) -> Item:
    data = {"tally": dict(at.tally), "failed": dict(at.failed)}
    if at.failed:
        source, code = next(iter(at.failed.items()))
        sentence = f"{source} could not be asked about it ({code})"
        return Item("card", target.source_card_id, "failed", code, sentence, data=data)
    if not at.answered:
        why = "; ".join(f"{name}: {one}" for name, one in sources.skipped.items()) or "none is left"
        return Item(
            "card", target.source_card_id, "failed", NO_SOURCE, f"no source answered: {why}", data=data
        )
    return Item("card", target.source_card_id, "completed", data=data)
