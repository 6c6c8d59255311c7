"""Compute the price curves of prints: of some, of a set, or of all that somebody has said a price of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from worker.catalog.price_curves import Pricer
from worker.catalog.prints import NoSuchPrint, find_print
from worker.db import Connection, Database, statements
from worker.errors import UserError
from worker.queue.contract import Done, Ending
from worker.runs.closing import RunTotals, Summary
from worker.runs.handler import JobPayload
from worker.runs.items import Item, Outcome
from worker.runs.work import Batch, Work

SQL = statements(Path(__file__).with_name("price_curve.sql"))
PrintName = Annotated[int | str, Field(description="an id, or a name of it: base1-4, pokemonapi:base1-4")]


class Payload(JobPayload):
    """Whose curves; all, where nothing is said."""

    prints: tuple[PrintName, ...] | None = Field(
        None, min_length=1, max_length=10_000, description="these prints"
    )
    set: str | None = Field(None, min_length=1, description="all of this set, by its source's id: base1")
    jobs: int | None = Field(None, ge=1, le=64, description="jobs that share the work")
    share: int = Field(
        0, ge=0, description="which of these shares; set on the jobs that a run's first job adds"
    )
    shares: int = Field(1, ge=1, description="of so many")

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        if self.share >= self.shares:
            raise ValueError(f"there is no share {self.share} of {self.shares}: the first is 0")
        if self.prints is not None and (self.set is not None or self.shares > 1):
            raise ValueError('say either "prints", which are not shared, or "set"')
        return self


@dataclass(frozen=True)
class PriceCurve:
    """Goes through prints in the order of their ids; each batch is one transaction with its curves."""

    kind: ClassVar = "price_curve"
    queue: ClassVar = "pricing"
    timeout: ClassVar = timedelta(hours=2)
    max_attempts: ClassVar = 5
    starts_run: ClassVar = True
    takes: ClassVar[type[JobPayload]] = Payload

    db: Database
    pricer: Pricer
    batch_size: int
    jobs: int

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Compute what is left behind the checkpoint."""
        if payload.prints is not None:
            await self._again(work)
            return await self._some(work, list(dict.fromkeys(map(str, payload.prints))))
        at = work.checkpoint or await self._begin(work, payload)
        while not at["ended"]:
            at = await self._step(work, payload, at)
        return Done({"prints": at["done"]})

    async def _again(self, work: Work) -> None:
        """Those that were not there, and were retried; each is the item that it was."""
        names = [one.ref.external_id for one in work.again]
        for first in range(0, len(names), self.batch_size):
            async with work.commit() as batch:
                await self._compute(batch, await _found(batch, names[first : first + self.batch_size]))

    async def _some(self, work: Work, names: Sequence[str]) -> Ending:
        """Those that were named, in their order; one that is not there fails its item, and no other."""
        done = work.checkpoint["done"] if work.checkpoint else 0
        while done < len(names):
            async with work.commit() as batch:
                some = names[done : done + self.batch_size]
                await self._compute(batch, list(await _found(batch, some)))
                done += len(some)
                batch.expected = len(names) if work.checkpoint is None and done == len(some) else 0
                batch.expected -= len(some) - len(batch.items)  # Several may be names of one print.
                batch.checkpoint = {"done": done}
        return Done({"prints": done})

    async def _begin(self, work: Work, payload: Payload) -> dict[str, Any]:
        """Find the set, count what is to be done, and add the jobs that share it."""
        async with work.commit() as batch:
            set_id = await _set_id(batch.connection, payload.set)
            shares = payload.shares if payload.shares > 1 else payload.jobs or self.jobs
            at = {"after": 0, "set": set_id, "shares": shares, "done": 0, "ended": False}
            if payload.shares == 1:
                batch.expected = await batch.connection.fetchval(SQL["count_prints"], set_id)
                for share in range(1, shares):
                    shared = payload.model_copy(update={"share": share, "shares": shares})
                    await batch.enqueue(self.kind, shared.model_dump(mode="json", exclude_none=True))
            batch.checkpoint = at
        return at

    async def _step(self, work: Work, payload: Payload, at: dict[str, Any]) -> dict[str, Any]:
        async with work.commit() as batch:
            rows = await batch.connection.fetch(
                SQL["prints_with_evidence"],
                at["after"],
                at["set"],
                at["shares"],
                payload.share,
                self.batch_size,
            )
            prints = [row["id"] for row in rows]
            if prints:
                await self._compute(batch, prints)
            batch.checkpoint = {
                **at,
                "after": prints[-1] if prints else at["after"],
                "done": at["done"] + len(prints),
                "ended": len(prints) < self.batch_size,
            }
        return dict(batch.checkpoint)

    async def _compute(self, batch: Batch, prints: Sequence[int] | Mapping[int, str]) -> None:
        """Compute these, with an item each; by its own name, or by the one that it is given here."""
        names = prints if isinstance(prints, Mapping) else {}
        curves = await self.pricer.compute(batch.connection, list(prints))
        priced = {one.print_id for one in curves if one.curve.prices}
        rows = await batch.connection.fetch(SQL["names_of"], list(prints))
        batch.items.extend(
            Item("card", names.get(row["id"], row["source_card_id"]), _outcome(row["id"] in priced))
            for row in rows
        )


def _outcome(is_priced: bool) -> Outcome:
    return "completed" if is_priced else "skipped"


async def _found(batch: Batch, names: Sequence[str]) -> dict[int, str]:
    prints = dict[int, str]()
    for name in names:
        try:
            prints[(await find_print(batch.connection, name)).id] = name
        except NoSuchPrint as error:
            batch.items.append(Item("card", name, "failed", error.code, str(error)))
    return prints


async def _set_id(connection: Connection, name: str | None) -> int | None:
    if name is None:
        return None
    found: int | None = await connection.fetchval(SQL["set_of_name"], name)
    if found is None:
        raise UserError(f"there is no set {name!r}: sets are named by their source's id, as in base1")
    return found


def summarise(totals: RunTotals) -> Summary:
    """Say a run's totals in the words of prices: prints with a price, without one, unknown ones."""
    words = {"completed": "priced", "skipped": "without_price", "failed": "unknown"}
    summary: dict[str, int] = dict.fromkeys(words.values(), 0)
    for one in totals.items:
        if one.state in words:
            summary[words[one.state]] += one.count
    return {"prints": summary}
