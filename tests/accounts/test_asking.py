"""Asking in an account's name: what each answer of eBay's means, and that the books have every try."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import httpx
import pytest

from tests.runs.scene import claim, enqueue
from tests.selling.market import ENVIRONMENT, Market, connect_sellers, market
from worker.accounts.accounts import Account, find
from worker.accounts.asking import Asker, FreshTokenRejected, Hands
from worker.accounts.cooldowns import Cooldowns, forget
from worker.accounts.tokens import Tokens
from worker.clients.breaker import FEWEST, REST_SECONDS
from worker.clients.ebay import APIS, Ebay, Question
from worker.clients.ebay_auth import EbayAuth
from worker.clients.ebay_orders import get_orders
from worker.clients.http import Wiring
from worker.db import Database
from worker.errors import AccessDenied, CoolingDown, QuotaSpent, SourceDown, SourceGarbled
from worker.runs.prices import Prices
from worker.runs.work import Work

ORDERS = "ebay_fulfillment.get_orders"
STOCK = "ebay_inventory.get_inventory_items"
REFRESH = "ebay_oauth.refresh_token"
ITEMS = Question(
    api="ebay_inventory",
    operation="get_inventory_items",
    path="/sell/inventory/v1/inventory_item",
    params={"limit": 25},
)
LONG = timedelta(minutes=15)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The stand-in for eBay with two sellers, for all tests of this file."""
    with market(tmp_path_factory.mktemp("sandbox"), sellers=2, orders=20) as running:
        yield running


@dataclass
class Scene:
    """A job that asks, the accounts it may ask for, and what it was told to sleep."""

    db: Database
    market: Market
    users: list[str]
    accounts: list[Account]
    work: Work
    clock: list[float] = field(default_factory=lambda: [0.0])
    slept: list[float] = field(default_factory=list)
    steps: int = 0

    @asynccontextmanager
    async def asker(self, *, connections: int = 8) -> AsyncIterator[Asker]:
        wiring = Wiring(clock=lambda: self.clock[0], jitter=lambda: 0.0)
        async with Ebay(
            self.market.environment[ENVIRONMENT], connections=connections, deadline_seconds=5, wiring=wiring
        ) as ebay:
            auth = EbayAuth(ebay, self.market.application)
            tokens = Tokens(self.db, self.market.vault(), auth, environment=ebay.environment)
            hands = Hands(sleep=self._sleep, jitter=lambda: 0.0, clock=lambda: self.clock[0])
            yield Asker(self.db, ebay, tokens, hands)

    async def _sleep(self, _: Work, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self, asker: Asker, question: Question | None = None, account: int = 0) -> Any:
        self.steps += 1
        now = datetime.now(UTC) - timedelta(minutes=1)
        orders = get_orders(now - timedelta(days=9), now, limit=50, offset=0)
        which = self.accounts[account]
        return await asker.ask(self.work, which, question or orders, step=f"step {self.steps}")

    async def faults(self, *faults: dict[str, Any]) -> None:
        given = [{"operation": ORDERS, **fault} for fault in faults]
        await self.market.post("/_sandbox/scenario", {"faults": given})

    async def calls(self, operation: str = ORDERS) -> list[int]:
        """How each call of an operation was answered, as eBay has it."""
        return [call["status"] for call in await self.market.calls(operation)]

    async def logged(self) -> list[tuple[int | None, str | None]]:
        """Status and error of each call that is not for a token, as we have it."""
        rows = await self.db.fetch(
            "select status, error_id from worker.api_log where api <> 'ebay_oauth' order by id"
        )
        return [(row["status"], row["error_id"]) for row in rows]

    async def reserved(self) -> int:
        """Calls that our ledger has, and has not given back."""
        count: int = await self.db.fetchval(
            "select coalesce(sum(calls), 0)::int from worker.ledger where state <> 'released'"
        )
        return count

    async def pass_by(self, **time: float) -> None:
        """Let a cooldown have begun so much earlier."""
        await self.db.execute("update worker.cooldowns set until = until - $1::interval", timedelta(**time))


@pytest.fixture
async def scene(db: Database, sandbox: Market) -> Scene:
    await sandbox.post("/_sandbox/scenario", {"faults": []})
    users = sorted(await sandbox.books())
    accounts = await connect_sellers(db, sandbox, users)
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        await client.delete("/_sandbox/journal")
    found = [(await find(db, accounts[user]))[0] for user in users]
    await enqueue(db, "account_sync", {"account_id": str(found[0].id)})
    job = await claim(db, "account_sync", "sync")
    work = Work(db, job, stopping=lambda: False, prices=Prices(free=APIS))
    await work.enter()
    return Scene(db, sandbox, users, found, work)


async def told(asking: Callable[[], Any]) -> CoolingDown:
    with pytest.raises(CoolingDown) as caught:
        await asking()
    return caught.value


async def test_a_call_is_reserved_once_and_logged_with_what_it_was_and_nothing_it_said(scene: Scene) -> None:
    async with scene.asker() as asker:
        answer = await scene.ask(asker)

    assert set(answer) >= {"orders", "total"}
    assert await scene.calls() == [200]
    assert await scene.reserved() == 1
    [row] = await scene.db.fetch("select l.* from worker.api_log l")
    assert (row["api"], row["operation"], row["status"], row["error_id"]) == (*ORDERS.split("."), 200, None)
    assert (row["account_id"], row["org_id"]) == (scene.accounts[0].id, scene.accounts[0].org_id)
    assert row["job_id"] == scene.work.job.id
    assert len(row["request_id"]) == 32
    assert 0 <= row["milliseconds"] < 5000
    assert not [value for value in map(str, row.values()) if "v^1" in value or "Bearer" in value]


async def test_a_rejected_token_is_refreshed_once_and_the_call_made_once_more(scene: Scene) -> None:
    await scene.faults({"kind": "expire_tokens"})

    async with scene.asker() as asker:
        assert await scene.ask(asker)

    assert await scene.calls() == [401, 200]
    assert await scene.calls(REFRESH) == [200]
    assert await scene.logged() == [(401, "1001"), (200, None)]
    assert await scene.reserved() == 2
    assert scene.slept == []


async def test_no_third_token_is_tried_and_the_account_stays_in_use_for_now(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 401, "times": 2})

    async with scene.asker() as asker:
        with pytest.raises(FreshTokenRejected):
            await scene.ask(asker)
        assert await scene.ask(asker)

    assert await scene.calls() == [401, 401, 200]
    assert await scene.calls(REFRESH) == [200]
    assert await scene.logged() == [(401, "1001"), (401, "1001"), (200, None)]
    assert scene.slept == []


async def test_what_is_not_allowed_is_asked_once_and_no_token_refreshed_for_it(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 403, "times": None})

    async with scene.asker() as asker:
        with pytest.raises(AccessDenied):
            await scene.ask(asker)

    assert await scene.calls() == [403]
    assert await scene.calls(REFRESH) == []
    assert await scene.logged() == [(403, "1100")]


async def test_where_an_expired_token_is_told_403_it_is_refreshed_once(scene: Scene) -> None:
    await scene.market.post("/_sandbox/tokens", {"expire": {"seller": scene.users[0]}})

    async with scene.asker() as asker:
        assert await scene.ask(asker, ITEMS) is not None

    assert await scene.calls(STOCK) == [403, 200]
    assert await scene.calls(REFRESH) == [200]


async def test_where_403_may_mean_both_a_fresh_token_that_gets_one_is_not_the_accounts_end(
    scene: Scene,
) -> None:
    await scene.faults({"operation": STOCK, "kind": "status", "status": 403, "times": None})

    async with scene.asker() as asker:
        with pytest.raises(AccessDenied):
            await scene.ask(asker, ITEMS)
        assert await scene.ask(asker)

    assert await scene.calls(STOCK) == [403, 403]
    assert await scene.calls(REFRESH) == [200]


async def test_an_outage_is_tried_twice_more_and_each_try_is_in_the_books(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 503, "times": None})

    async with scene.asker() as asker:
        with pytest.raises(SourceDown):
            await scene.ask(asker)

    assert await scene.calls() == [503] * 3
    assert await scene.logged() == [(503, "30500")] * 3
    assert await scene.reserved() == 3
    assert scene.slept == [1, 2]


async def test_an_outage_that_passes_is_not_noticed(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 500}, {"kind": "cut"})

    async with scene.asker() as asker:
        assert await scene.ask(asker)

    assert await scene.logged() == [(500, "30500"), (None, "source_garbled"), (200, None)]


async def test_an_outage_of_the_token_endpoint_is_tried_again_like_any_other(scene: Scene) -> None:
    await scene.faults({"operation": REFRESH, "kind": "status", "status": 503})
    await scene.db.execute("update public.ebay_accounts set access_token_expires_at = now()")

    async with scene.asker() as asker:
        assert await scene.ask(asker)

    assert await scene.calls(REFRESH) == [503, 200]
    assert await scene.calls() == [200]


async def test_where_many_calls_fail_not_each_is_made_again(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 503, "times": None})

    async with scene.asker() as asker:
        for _ in range(10):
            with pytest.raises(SourceDown):
                await scene.ask(asker)

    assert len(await scene.calls()) == 10 + 3


async def test_an_api_that_fails_is_left_alone_without_a_reservation_or_a_line_and_then_tried_once(
    scene: Scene,
) -> None:
    await scene.faults({"kind": "status", "status": 503, "times": None})
    async with scene.asker() as asker:
        last: Exception = SourceDown("not asked yet")
        while isinstance(last, SourceDown):
            with pytest.raises((SourceDown, CoolingDown)) as caught:
                await scene.ask(asker)
            last = caught.value
        assert isinstance(last, CoolingDown)
        refused = await told(lambda: scene.ask(asker))
        assert last.wait == refused.wait == timedelta(seconds=REST_SECONDS)
        assert len(await scene.calls()) == FEWEST
        assert len(await scene.logged()) == await scene.reserved() == FEWEST
        assert await scene.ask(asker, ITEMS) is not None, "another API is none of its business"

        scene.clock[0] += REST_SECONDS
        await told(lambda: scene.ask(asker))
        assert len(await scene.calls()) == FEWEST + 1

        scene.clock[0] += REST_SECONDS
        await scene.faults()
        assert await scene.ask(asker)
        assert await scene.ask(asker)


ADVICE: list[tuple[Callable[[], str | None], tuple[float, float]]] = [
    (lambda: "7", (6, 7)),
    (lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True), (55, 60)),
    (lambda: "soon", (59, 60)),
    (lambda: None, (59, 60)),
    (lambda: "86400", (LONG.total_seconds() - 1, LONG.total_seconds())),
]


@pytest.mark.parametrize(("advice", "wait"), ADVICE, ids=["seconds", "date", "garbage", "none", "a day"])
async def test_too_often_is_obeyed_for_this_account_and_api_alone(
    scene: Scene, advice: Callable[[], str | None], wait: tuple[float, float]
) -> None:
    user = scene.users[0]
    await scene.faults({"kind": "status", "status": 429, "retry_after": advice(), "account": user})

    async with scene.asker() as asker:
        first = await told(lambda: scene.ask(asker))
        second = await told(lambda: scene.ask(asker))
        assert await scene.ask(asker, account=1)
        assert await scene.ask(asker, ITEMS) is not None

    for error in (first, second):
        assert wait[0] <= error.wait.total_seconds() <= wait[1]
    assert (first.request, second.request) == ("answered", "unsent")
    assert await scene.calls() == [429, 200]
    assert (await scene.logged())[:2] == [(429, "2001"), (200, None)]
    assert scene.slept == []


async def test_each_cooldown_right_after_another_lasts_twice_as_long_until_an_answer_comes(
    scene: Scene,
) -> None:
    await scene.faults({"kind": "status", "status": 429, "times": 6})
    waits = []
    async with scene.asker() as asker:
        for _ in range(6):
            waits.append(round((await told(lambda: scene.ask(asker))).wait.total_seconds()))
            await scene.pass_by(minutes=20)
        await scene.ask(asker)
        await scene.faults({"kind": "status", "status": 429})
        waits.append(round((await told(lambda: scene.ask(asker))).wait.total_seconds()))

    assert waits == [60, 120, 240, 480, 900, 900, 60]


async def test_calls_that_were_under_way_together_are_told_once(scene: Scene) -> None:
    cooldowns = Cooldowns(scene.db, jitter=lambda: 0.0)
    for _ in range(5):
        error = await cooldowns.begin("ebay_fulfillment", "somebody", None)

    assert 59 < error.wait.total_seconds() <= 60


async def test_a_longer_advice_is_not_shortened_by_one_that_comes_after_it(scene: Scene) -> None:
    cooldowns = Cooldowns(scene.db, jitter=lambda: 0.0)
    await cooldowns.begin("ebay_fulfillment", "somebody", timedelta(minutes=10))
    error = await cooldowns.begin("ebay_fulfillment", "somebody", timedelta(seconds=1))
    await cooldowns.end("ebay_fulfillment", "somebody")

    assert error.wait > timedelta(minutes=9)
    with pytest.raises(CoolingDown):
        await cooldowns.require_warm("ebay_fulfillment", "somebody")


async def test_cooldowns_that_were_over_an_hour_ago_are_forgotten(scene: Scene) -> None:
    cooldowns = Cooldowns(scene.db, jitter=lambda: 0.0)
    await cooldowns.begin("ebay_fulfillment", "old", None)
    await scene.pass_by(hours=2)
    await cooldowns.begin("ebay_fulfillment", "new", None)

    await forget(scene.db)

    rows = await scene.db.fetch("select account from worker.cooldowns")
    assert [row["account"] for row in rows] == ["new"]


async def test_whoever_waited_for_a_connection_makes_no_call_inside_of_a_cooldown(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 429, "retry_after": "30"})
    errors: list[CoolingDown] = []

    async with scene.asker(connections=1) as asker, anyio.create_task_group() as group:

        async def one() -> None:
            errors.append(await told(lambda: scene.ask(asker)))

        for _ in range(5):
            group.start_soon(one)

    assert len(errors) == 5
    assert await scene.calls() == [429]


async def test_a_limit_that_comes_as_an_internal_error_is_a_limit(scene: Scene) -> None:
    await scene.faults({"kind": "status", "status": 500, "error_id": 10001, "times": None})

    async with scene.asker() as asker:
        await told(lambda: scene.ask(asker))

    assert await scene.calls() == [500]
    assert await scene.logged() == [(500, "10001")]


async def test_a_day_that_is_used_up_is_known_before_the_call(scene: Scene) -> None:
    await scene.db.execute("select worker.set_quota('ebay_fulfillment', 1)")

    async with scene.asker() as asker:
        await scene.ask(asker)
        with pytest.raises(QuotaSpent):
            await scene.ask(asker)

    assert await scene.calls() == [200]
    assert await scene.logged() == [(200, None)]


async def test_json_that_says_to_be_something_else_is_not_taken(scene: Scene) -> None:
    plain = {"kind": "body", "status": 200, "content_type": "text/plain", "text": '{"orders":[],"total":0}'}
    await scene.faults({**plain, "times": None})

    async with scene.asker() as asker:
        with pytest.raises(SourceGarbled, match="does not say that it is JSON"):
            await scene.ask(asker)
