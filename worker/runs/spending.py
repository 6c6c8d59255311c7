"""Spending: reserve the highest price before a call, settle the true one with the work it paid for."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NoReturn
from uuid import UUID, uuid5

import anyio

from worker import observe
from worker.db import Database, Record, is_outage, statements
from worker.errors import LeaseLost, MintmarkError, OutcomeUnknown, QuotaSpent, ToldToStop, UserError
from worker.queue.contract import Job
from worker.runs.items import ItemRef
from worker.runs.prices import PaidCall, Prices, Repeat

SQL = statements(Path(__file__).with_name("spending.sql"))
ANSWER_SECONDS = 2.0
"""How long a call that broke off may take to be written down; else whoever has the job next finds it held."""
NO_RUN = UUID(int=0)


@dataclass(slots=True)
class Charge:
    """One call that is paid for: reserved at ``highest_cents``, settled at ``cents``.

    ``key`` is the same for the same step of the same job, whichever attempt makes the call: send it to
    providers that know calls by a key.
    """

    reservation: int
    call: PaidCall
    step: str
    key: str
    highest_cents: Decimal
    item: ItemRef | None
    cents: Decimal
    """What it cost: the highest price, unless ``cost`` said better."""
    known: bool = False
    """Whether ``cost`` was called: then the provider has answered."""
    adopted: bool = False
    """Whether a try before held it, whose call may have left and been charged for."""

    def cost(self, cents: Decimal) -> None:
        """Say what the call really cost. More than the highest price pauses the run."""
        if not cents.is_finite() or cents < 0:
            raise UserError(f"a call cannot have cost {cents} cents")
        self.cents, self.known = cents, True


class Spending:
    """What one attempt at a job has reserved and not settled yet."""

    __slots__ = ("_answered", "_db", "_job", "_on_their_way", "_prices")

    def __init__(self, db: Database, job: Job, prices: Prices) -> None:
        self._db, self._job, self._prices = db, job, prices
        self._on_their_way: set[str] = set()
        self._answered: list[Charge] = []

    def is_paying(self) -> bool:
        """Tell whether a call is being made now: whoever cuts the attempt off waits for it."""
        return bool(self._on_their_way)

    @asynccontextmanager
    async def spend(
        self, call: PaidCall, step: str, *, item: ItemRef | None, at_most: Decimal | None
    ) -> AsyncIterator[Charge]:
        """Reserve, let the block make the call, and remember the charge until it is settled."""
        self._require_new(step)
        self._on_their_way.add(step)
        try:
            highest = self._prices.highest(call) if at_most is None else at_most
            charge = await self._reserve(call, step, item, highest)
        except BaseException:
            self._on_their_way.discard(step)
            raise
        try:
            yield charge
        except BaseException as error:
            with anyio.move_on_after(ANSWER_SECONDS, shield=True):
                await self._break_off(charge, error)
            if call.repeat is Repeat.NEVER and isinstance(error, Exception) and _left(error) == "unknown":
                raise OutcomeUnknown(call.api, call.operation, step) from error
            raise
        else:
            self._answered.append(charge)
        finally:
            self._on_their_way.discard(step)

    def answered(self) -> list[Charge]:
        """Charges whose calls were answered and that are not settled."""
        return list(self._answered)

    def forget(self, charges: Sequence[Charge]) -> None:
        """Drop charges that are settled now."""
        self._answered = [charge for charge in self._answered if charge not in charges]

    async def settle_rest(self, *, for_good: bool) -> None:
        """Settle what was answered and committed with nothing, as where a handler ends without a batch.

        Where the job has not ended ``for_good``, a step that must not be charged twice stays open instead:
        whoever has the job next does not know what was answered.
        """
        repeatable = (Repeat.CHARGED_AGAIN, *((Repeat.SAME_KEY, Repeat.NEVER) if for_good else ()))
        if charges := [charge for charge in self._answered if charge.call.repeat in repeatable]:
            await self._answer(charges, "settled")
            self.forget(charges)

    def _require_new(self, step: str) -> None:
        if step in self._on_their_way or any(charge.step == step for charge in self._answered):
            raise UserError(
                f'this attempt has made a call for the step "{step}" and not committed what came of it'
            )

    async def _reserve(self, call: PaidCall, step: str, item: ItemRef | None, highest: Decimal) -> Charge:
        job = self._job
        row = await self._db.fetchrow(
            SQL["reserve"],
            job.run_id,
            job.id,
            job.fence,
            step,
            call.api,
            call.operation,
            call.calls,
            highest,
            call.repeat,
            *(item or (None, None)),
        )
        assert row is not None
        if row["reservation"] is None:
            self._refuse(call, step, row)
        key = str(uuid5(job.run_id or NO_RUN, f"{job.id}/{step}"))
        held: Decimal = row["reserved_cents"]
        adopted = row["verdict"] == "adopted"
        return Charge(row["reservation"], call, step, key, held, item, cents=held, adopted=adopted)

    def _refuse(self, call: PaidCall, step: str, row: Record) -> NoReturn:
        match row["verdict"]:
            case "lease":
                raise LeaseLost(self._job.id, self._job.fence)
            case "outcome_unknown":
                raise OutcomeUnknown(call.api, call.operation, step)
            case "quota":
                observe.budget_denied(run=str(self._job.run_id), why="quota")
                raise QuotaSpent(call.api, row["wait"])
            case "no_run":
                raise UserError(f"{call.api} {call.operation} costs money: its job needs a run")
            case why:
                if why in ("budget", "org_budget"):
                    observe.budget_denied(run=str(self._job.run_id), why=why)
                raise ToldToStop(why)

    async def _break_off(self, charge: Charge, error: BaseException) -> None:
        """Write down what a call that raised means for its money, as far as that is known.

        That this try cost nothing does not say that the one before it did not.
        """
        try:
            match _left(error):
                case "unsent" if not charge.adopted:
                    await self._answer([charge], "released")
                case "answered" if not (charge.adopted and charge.call.refusals_are_free):
                    charge.cents = Decimal(0) if charge.call.refusals_are_free else charge.cents
                    await self._answer([charge], "settled")
                case _:
                    await self._break_off_unanswered(charge)
        except Exception as trouble:
            if not is_outage(trouble):
                raise

    async def _break_off_unanswered(self, charge: Charge) -> None:
        match charge.call.repeat:
            case Repeat.SAME_KEY:
                pass  # It stays held, and is made again.
            case Repeat.CHARGED_AGAIN if charge.known:
                await self._answer([charge], "settled")
            case Repeat.CHARGED_AGAIN | Repeat.NEVER:
                await self._answer([charge], "unknown")

    async def _answer(self, charges: Sequence[Charge], outcome: str) -> None:
        job = self._job
        await self._db.fetchrow(SQL["answer"], job.run_id, job.id, job.fence, *_columns(charges, outcome))
        if outcome == "settled":
            observe.spent(kind=job.kind, cents=float(sum(charge.cents for charge in charges)))


def _left(error: BaseException) -> str:
    return error.request if isinstance(error, MintmarkError) else "unknown"


def _columns(charges: Sequence[Charge], outcome: str) -> tuple[list[int], list[str], list[Decimal]]:
    return (
        [charge.reservation for charge in charges],
        [outcome for _ in charges],
        [charge.cents for charge in charges],
    )


def settled(charges: Sequence[Charge]) -> tuple[list[int], list[str], list[Decimal]]:
    """Charges as the arguments of the statement that settles them."""
    return _columns(charges, "settled")


def costs(charges: Sequence[Charge]) -> Mapping[ItemRef, Decimal]:
    """What was spent on each item, in cents."""
    found: dict[ItemRef, Decimal] = {}
    for charge in charges:
        if charge.item is not None:
            found[charge.item] = found.get(charge.item, Decimal(0)) + charge.cents
    return found
