"""One worker on the stage: its row, its line to the database, and the work it believes it holds."""

from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from tests.model.provider import Line, Provider
from tests.model.world import HIGHEST, TRUE
from worker.db import Database
from worker.errors import LeaseLost, MintmarkError, OutcomeUnknown, SourceDown, StopWork
from worker.queue.contract import Job
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall
from worker.runs.spending import Charge
from worker.runs.work import Work


class Unsent(SourceDown):
    """A request that provably never left."""

    request = "unsent"


@dataclass(slots=True)
class Actor:
    """What a handler does, one move at a time: first what failed before, then what its checkpoint says."""

    id: UUID
    db: Database
    provider: Provider
    work: Work | None = None
    told: bool = False
    line: Line | None = None
    todo: list[int] = field(default_factory=list)
    done: int = 0
    lost: bool = False
    charge: Charge | None = None
    block: AbstractAsyncContextManager[Charge] | None = None

    async def begin(self, job: Job) -> None:
        """Enter a job that was claimed."""
        self.let_go()
        self.line = Line(self.db)
        self.work = Work(self.line, job, stopping=lambda: False)
        assert await self.work.enter() is None
        self.done = int((self.work.checkpoint or {}).get("done", 0))
        self.todo = sorted(int(item.ref.external_id) for item in self.work.again)

    def let_go(self) -> None:
        """Hold nothing any more."""
        self.work, self.line, self.told, self.lost = None, None, False, False
        self.charge, self.block = None, None

    @property
    def step(self) -> int:
        """Which step is next."""
        return self.todo[0] if self.todo else self.done

    async def reserve(self) -> None:
        """Come to the call of the next step."""
        assert self.work
        call = PaidCall("model", "step", self.provider.repeat)
        item = ItemRef("demo", str(self.step))
        block = self.work.spend(call, f"step {self.step}", item=item, at_most=Decimal(HIGHEST))
        try:
            self.charge = await block.__aenter__()
        except LeaseLost:
            self.let_go()
        except StopWork:
            self.told = True
        except OutcomeUnknown:
            self.lost = True
        else:
            self.block = block

    async def call(self) -> None:
        """Ask the provider, and hear what it cost."""
        assert self.charge
        self.charge.cost(self._ask(TRUE))
        await self._leave(None)

    async def time_out(self) -> None:
        """Ask the provider, and hear nothing."""
        self._ask(HIGHEST)
        try:
            await self._leave(SourceDown("no answer"))
        except OutcomeUnknown:
            self.lost = True

    async def unsent(self) -> None:
        """Fail to ask."""
        await self._leave(Unsent("no way to the provider"))

    def _ask(self, price: int) -> Decimal:
        assert self.charge
        assert self.work
        return self.provider.call(self.charge.key, (self.work.job.id, self.step), price)

    async def _leave(self, error: MintmarkError | None) -> None:
        assert self.block
        block, self.block = self.block, None
        await block.__aexit__(None if error is None else type(error), error, None)

    async def commit(self) -> None:
        """Write what came of the step."""
        assert self.work
        step, done = self.step, max(self.done, self.step + 1)
        try:
            async with self.work.commit() as batch:
                batch.checkpoint = {"done": done}
                if not self.lost:
                    batch.items.append(Item("demo", str(step), "completed"))
        except LeaseLost:
            self.let_go()
            return
        except StopWork:
            self.told = True
        self.done, self.lost, self.todo = done, False, self.todo[1:]

    async def die(self) -> None:
        """End without a word: what is still said reaches nobody."""
        if self.line is not None:
            self.line.cut = True
        if self.block is not None:
            with suppress(OutcomeUnknown):
                await self._leave(SourceDown("the worker died"))
        self.let_go()
