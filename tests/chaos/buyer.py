"""The kind of job that pays: a call to the shop for each step, and a death where it is ordered."""

import os
import random
import signal
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import ClassVar, Self

import httpx
from pydantic import Field

from tests.chaos.journal import Journal
from tests.chaos.shop import TROUBLES, highest_price
from tests.chaos.trial import WRITE
from worker.clients.http import Call, JsonClient
from worker.errors import OutcomeUnknown, SourceError
from worker.queue.contract import Done, Ending, Job
from worker.runs.handler import JobPayload
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat
from worker.runs.work import Work

API = "shop"
CALLS = {repeat: PaidCall(API, "buy", repeat, refusals_are_free=True) for repeat in Repeat}
UNCOMMITTED = ("after reserve", "before call", "in call", "after call", "before commit")
"""Where a death leaves a reservation that is not settled."""
CHARGED = UNCOMMITTED[2:]
"""And of these, where the shop has taken the money."""
POINTS = (*UNCOMMITTED, "after commit")
GIVEN_UP = "given up"
"""Where an item has failed because nobody knows, and no checkpoint says so yet: such a call is cut for it."""
UNREACHABLE = "http://127.0.0.1:1/buy"
NOBODY = "nobody"
MOST_CRASHES = 2
"""Deaths that a job may meet before it has got on; the third would set it aside."""


class Payload(JobPayload):
    """What to buy."""

    items: int = Field(1, ge=0, description="steps, each with a call, a row and a checkpoint")
    repeat: Repeat = Repeat.SAME_KEY
    flat: Decimal | None = Field(None, description="cents that each call costs at most; else it differs")
    seconds: float = Field(0, ge=0, description="that the shop takes for an answer")
    trouble: float = Field(0, ge=0, le=1, description="share of calls that go wrong")
    seed: int = 0


@dataclass(slots=True)
class Death:
    """SIGKILL from one's own hand at the n-th passing of a point, by a job of that sort (None: of any)."""

    point: str
    repeat: Repeat | None
    passings: int

    def text(self) -> str:
        return f"{self.point}/{self.repeat or ''}/{self.passings}"

    @classmethod
    def read(cls, text: str) -> Self:
        point, repeat, passings = text.split("/")
        return cls(point, Repeat(repeat) if repeat else None, int(passings))

    def is_due(self, point: str, repeat: Repeat) -> bool:
        """Count a passing; tell whether it is the last."""
        if point != self.point or self.repeat not in (None, repeat):
            return False
        self.passings -= 1
        return self.passings <= 0


@dataclass(slots=True)
class Passage:
    """One attempt on its way past the points."""

    death: Death | None
    journal: Journal
    job: Job
    repeat: Repeat
    step: int = 0
    got_on: bool = False

    def may_die(self) -> bool:
        """Tell whether the job can bear another crash."""
        return self.death is not None and (self.got_on or self.job.crashes < MOST_CRASHES)

    def trouble(self) -> str | None:
        """What must go wrong with the call for the death to come."""
        if self.is_the_end("in call"):
            return "kill"
        wanted = self.may_die() and self.death and self.death.point == GIVEN_UP
        return "drop" if wanted and self.repeat is Repeat.NEVER else None

    def is_the_end(self, point: str) -> bool:
        """Tell whether this process is to die here; that it does is noted."""
        if self.death is None or not self.may_die() or not self.death.is_due(point, self.repeat):
            return False
        self.journal.write(f"death {point}", self.job.id, fence=self.job.fence, step=self.step)
        return True

    def at(self, point: str) -> None:
        """Pass a point, or die at it."""
        if self.is_the_end(point):
            os.kill(os.getpid(), signal.SIGKILL)


ON_THE_WAY: ContextVar[Passage] = ContextVar("on_the_way")


async def _doorstep(_: httpx.Request) -> None:
    ON_THE_WAY.get().at("before call")


def shop_client(url: str, patience: float) -> JsonClient:
    """A client of the shop, which passes a point before each request leaves."""
    client = JsonClient(API, url, connections=8, deadline_seconds=patience)
    client._http.event_hooks["request"].append(_doorstep)
    return client


@dataclass(frozen=True)
class Buyer:
    """Buys step by step; its checkpoint is how many steps are behind it, bought or given up."""

    kind: ClassVar = "purchase"
    queue: ClassVar = "default"
    timeout: ClassVar = timedelta(minutes=10)
    max_attempts: ClassVar = 2
    starts_run: ClassVar = False
    takes: ClassVar[type[JobPayload]] = Payload

    journal: Journal
    environment: Mapping[str, str] = field(default_factory=dict)
    death: Death | None = None
    shop: JsonClient | None = None

    @classmethod
    def ordered(cls, journal: Journal, environment: Mapping[str, str]) -> Self:
        """The buyer of a worker: its ``SHOP_URL``, ``SHOP_PATIENCE`` in seconds, and ``SHOP_DEATH``."""
        death, url = environment.get("SHOP_DEATH"), environment.get("SHOP_URL")
        client = shop_client(url, float(environment["SHOP_PATIENCE"])) if url else None
        return cls(journal, environment, Death.read(death) if death else None, client)

    async def handle(self, work: Work, payload: Payload) -> Ending:
        """Buy from the checkpoint on."""
        job, passage = work.job, Passage(self.death, self.journal, work.job, payload.repeat)
        ON_THE_WAY.set(passage)
        self.journal.write("begin", job.id, fence=job.fence)
        for step in range((work.checkpoint or {}).get("done", 0), payload.items):
            passage.step = step
            bought = await self._buy(work, payload, passage)
            async with work.commit() as batch:
                await batch.connection.execute(WRITE, job.id, job.fence, step)
                batch.items += [Item(*_item(passage), "completed")] if bought else []
                batch.checkpoint = {"done": step + 1}
                passage.at("before commit")
            self.journal.write("commit", job.id, fence=job.fence, step=step)
            passage.at("after commit")
            passage.got_on = True
        self.journal.write("end", job.id, fence=job.fence)
        return Done()

    async def _buy(self, work: Work, payload: Payload, passage: Passage) -> bool:
        """Ask until the shop has answered; False when nobody knows whether it has sold."""
        highest = payload.flat or highest_price(payload.seed, work.job.id, passage.step)
        for tries in count():
            try:
                async with work.spend(
                    CALLS[payload.repeat], str(passage.step), item=_item(passage), at_most=highest
                ) as charge:
                    passage.at("after reserve")
                    charge.cost(await self._ask(payload, passage, charge.key, highest, tries))
                    passage.at("after call")
            except OutcomeUnknown:
                passage.at(GIVEN_UP)
                return False
            except SourceError:
                continue
            else:
                return True
        raise AssertionError("it never ends")

    async def _ask(
        self, payload: Payload, passage: Passage, key: str, highest: Decimal, tries: int
    ) -> Decimal:
        trouble = passage.trouble() or _trouble(payload, f"{key}/{passage.job.fence}/{tries}")
        order = {
            "job": passage.job.id,
            "fence": passage.job.fence,
            "step": passage.step,
            "key": key,
            "highest": str(highest),
            "honours_keys": payload.repeat is Repeat.SAME_KEY,
            "pid": os.getpid(),
            "trouble": trouble,
            "seconds": payload.seconds,
        }
        path = UNREACHABLE if trouble == NOBODY else "/buy"
        assert self.shop is not None
        answer = await self.shop.ask(Call(operation="buy", path=path, method="POST", json=order, reads=False))
        assert isinstance(answer, dict)
        return Decimal(answer["cents"])


def _item(passage: Passage) -> ItemRef:
    return ItemRef("listing", f"{passage.job.id}/{passage.step}")


def _trouble(payload: Payload, call: str) -> str:
    chance = random.Random(f"{payload.seed}/{call}")
    return chance.choice((*TROUBLES, NOBODY)) if chance.random() < payload.trouble else "none"
