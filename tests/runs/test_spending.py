"""Money: reserved before a call, settled with the work it paid for, and never forgotten in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest

from tests.runs.books import balanced, ledger
from tests.runs.scene import claim, closer, end, enqueue, events, items, run_row, start, work
from worker.clients.http import Call, JsonClient
from worker.db import Database
from worker.errors import (
    LeaseLost,
    OutcomeUnknown,
    QuotaSpent,
    Refused,
    SourceDown,
    SourceError,
    StopWork,
    UserError,
)
from worker.queue.contract import Job
from worker.queue.rescue import rescue
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Prices, Repeat, UnknownPrice
from worker.runs.work import Work

ONE = ItemRef("card", "one")
TOLD = "select data ->> 'percent' from worker.run_events where event = 'budget_warning' order by id"
NINE, FOUR = Decimal(9), Decimal(4)


def call(repeat: Repeat = Repeat.NEVER, *, refusals_are_free: bool = False) -> PaidCall:
    return PaidCall("shop", "lookup", repeat, refusals_are_free=refusals_are_free)


@dataclass(frozen=True)
class Scene:
    """A run with one job at work, of which every attempt is a worker's own."""

    db: Database
    run: UUID

    async def attempt(self) -> Work:
        """Claim the job as a new worker and begin."""
        begun = work(self.db, await claim(self.db))
        assert await begun.enter() is None
        return begun

    async def dies(self, attempt: Work) -> None:
        """The attempt's worker is dead, and others have noticed."""
        await self.db.execute(
            "update worker.workers set lease_until = now() - interval '1 s' where id = "
            "(select worker_id from worker.jobs where id = $1)",
            attempt.job.id,
        )
        assert (await rescue(self.db)).all()

    async def money(self) -> tuple[Any, Any]:
        """Reserved and spent cents, which agree with the ledger."""
        assert await balanced(self.db)
        row = await run_row(self.db, self.run)
        return row["reserved_cents"], row["spent_cents"]

    async def lines(self) -> list[Any]:
        return [(row["state"], row["cents"]) for row in await ledger(self.db, self.run)]


@pytest.fixture
async def scene(db: Database) -> Scene:
    return Scene(db, await start(db, "demo", {}, cap=Decimal(100)))


async def settle(attempt: Work, *done: Item) -> None:
    async with attempt.commit() as batch:
        batch.items.extend(done)


@asynccontextmanager
async def paid(attempt: Work, how: PaidCall, at_most: Decimal = NINE) -> AsyncIterator[None]:
    """One call for the item ``one`` that cost four cents of at most nine."""
    async with attempt.spend(how, "lookup one", item=ONE, at_most=at_most) as charge:
        yield
        charge.cost(FOUR)


async def test_a_call_is_reserved_at_its_highest_price_and_settled_at_the_true_one_with_its_item(
    scene: Scene,
) -> None:
    attempt = await scene.attempt()

    async with paid(attempt, call()):
        assert await scene.money() == (9, 0)
    assert await scene.money() == (9, 0), "answered is not settled"
    await settle(attempt, Item(*ONE, "completed"))

    assert await scene.money() == (0, 4)
    assert await scene.lines() == [("settled", 4)]
    assert await scene.db.fetchval("select cost_cents from worker.items") == 4


async def test_what_a_transaction_that_was_rolled_back_would_have_settled_is_settled_by_the_next(
    scene: Scene,
) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    with suppress(RuntimeError):
        async with attempt.commit():
            raise RuntimeError
    assert await scene.money() == (9, 0)
    await settle(attempt, Item(*ONE, "completed"))

    assert await scene.money() == (0, 4)


async def test_without_word_of_its_price_a_call_is_settled_at_the_highest(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with attempt.spend(call(), "lookup one", at_most=NINE):
        pass
    await settle(attempt)

    assert await scene.money() == (0, 9)


async def test_a_price_that_nobody_has_listed_is_refused_before_anything_is_asked(scene: Scene) -> None:
    attempt = await scene.attempt()

    with pytest.raises(UnknownPrice, match=r"set lookup under \[prices\.shop\]"):
        async with attempt.spend(call(), "lookup one"):
            raise AssertionError("the call was made")

    assert await scene.lines() == []


async def test_a_listed_price_is_what_is_reserved(scene: Scene) -> None:
    prices = Prices({"shop": {"lookup": Decimal("2.5")}})
    attempt = Work(scene.db, await claim(scene.db), stopping=lambda: False, prices=prices)
    await attempt.enter()

    async with attempt.spend(call(), "lookup one"):
        assert await scene.money() == (Decimal("2.5"), 0)


async def test_a_request_that_never_left_is_released(scene: Scene) -> None:
    await scene.db.execute("select worker.set_quota('shop', 10)")
    attempt = await scene.attempt()

    with pytest.raises(SourceDown, match="could not be reached"):
        async with (
            JsonClient("shop", "http://127.0.0.1:9") as client,  # Nobody listens to "discard" any more.
            paid(attempt, call()),
        ):
            await client.ask(Call(operation="lookup", path="/one", reads=False))

    assert await scene.money() == (0, 0)
    assert await scene.lines() == [("released", 0)]
    assert await scene.db.fetchval("select remaining_calls from worker.quota_status") == 10


@pytest.mark.parametrize(("free", "cents"), [(True, 0), (False, 9)])
async def test_a_refusal_is_paid_for_unless_the_provider_does_not_charge_for_it(
    scene: Scene, *, free: bool, cents: int
) -> None:
    class Answered(SourceError):
        request = "answered"

    attempt = await scene.attempt()

    with pytest.raises(Answered):
        async with paid(attempt, call(refusals_are_free=free)):
            raise Answered

    assert await scene.money() == (0, cents)


@pytest.mark.parametrize("trouble", [SourceDown("it hung up"), httpx.ReadTimeout("late"), ValueError("odd")])
async def test_a_call_that_must_not_be_repeated_fails_its_item_when_nobody_knows_what_came_of_it(
    scene: Scene, trouble: Exception
) -> None:
    attempt = await scene.attempt()

    with pytest.raises(OutcomeUnknown):
        async with paid(attempt, call()):
            raise trouble
    with pytest.raises(OutcomeUnknown):
        async with paid(attempt, call()):
            raise AssertionError("it was repeated")
    await settle(attempt)

    assert await scene.money() == (0, 9)
    item = await scene.db.fetchrow("select state::text, error_code, cost_cents from worker.items")
    assert item is not None
    assert tuple(item) == ("failed", "outcome_unknown", 9)
    assert "outcome_unknown" in await events(scene.db, scene.run)


async def test_a_call_that_is_charged_again_is_reserved_anew_and_the_lost_one_stays_spent(
    scene: Scene,
) -> None:
    attempt, how = await scene.attempt(), call(Repeat.CHARGED_AGAIN)

    with suppress(SourceDown):
        async with paid(attempt, how):
            raise SourceDown("it hung up")
    assert await scene.money() == (0, 9)
    async with paid(attempt, how):
        assert await scene.money() == (9, 9)
    await settle(attempt, Item(*ONE, "completed"))

    assert await scene.money() == (0, 13)
    assert await scene.lines() == [("unknown", 9), ("settled", 4)]


async def test_a_call_with_a_key_is_made_again_on_the_same_reservation_by_whoever_has_the_job_next(
    scene: Scene,
) -> None:
    first, how, keys = await scene.attempt(), call(Repeat.SAME_KEY), []
    with suppress(SourceDown):
        async with first.spend(how, "lookup one", at_most=NINE) as charge:
            keys.append(charge.key)
            raise SourceDown("it hung up")
    assert await scene.money() == (9, 0)
    await scene.dies(first)

    second = await scene.attempt()
    async with second.spend(how, "lookup one", at_most=NINE) as charge:
        keys.append(charge.key)
        assert await scene.money() == (9, 0)
        charge.cost(FOUR)
    await settle(second)

    assert await scene.money() == (0, 4)
    assert keys[0] == keys[1]


async def test_a_call_that_is_made_again_holds_what_was_reserved_for_it_whatever_the_price_is_now(
    scene: Scene,
) -> None:
    first, how = await scene.attempt(), call(Repeat.SAME_KEY)
    with suppress(SourceDown):
        async with first.spend(how, "lookup one", at_most=NINE):
            raise SourceDown("it hung up")

    async with first.spend(how, "lookup one", at_most=Decimal(20)) as charge:
        assert charge.highest_cents == 9
    await settle(first)

    assert await scene.money() == (0, 9)


@pytest.mark.parametrize(
    ("repeat", "lines"),
    [
        (Repeat.SAME_KEY, [("settled", 4)]),
        (Repeat.CHARGED_AGAIN, [("unknown", 9), ("settled", 4)]),
        (Repeat.NEVER, [("unknown", 9)]),
    ],
)
async def test_a_worker_that_dies_with_a_call_on_its_way_leaves_it_to_the_next_as_declared(
    scene: Scene, repeat: Repeat, lines: list[tuple[str, int]]
) -> None:
    first, how = await scene.attempt(), call(repeat)
    with suppress(RuntimeError):
        async with anyio.create_task_group() as group, first.spend(how, "lookup one", item=ONE, at_most=NINE):
            await scene.dies(first)
            second = await scene.attempt()
            with suppress(OutcomeUnknown):
                async with paid(second, how):
                    pass
                await settle(second, Item(*ONE, "completed"))
            group.cancel_scope.cancel()

    assert await scene.lines() == lines
    reserved, spent = await scene.money()
    assert (reserved, spent) == (0, sum(cents for _, cents in lines))
    assert await items(scene.db, scene.run) == ["one"]


async def test_an_attempt_that_has_lost_its_job_neither_reserves_nor_settles(scene: Scene) -> None:
    first = await scene.attempt()
    async with paid(first, call(Repeat.SAME_KEY)):
        pass
    await scene.dies(first)

    with pytest.raises(LeaseLost):
        await settle(first)
    with pytest.raises(LeaseLost):
        async with first.spend(call(), "lookup two", at_most=NINE):
            raise AssertionError("the call was made")

    assert await scene.money() == (9, 0)


async def test_a_worker_whose_lease_has_run_out_reserves_nothing_though_nobody_has_noticed(
    scene: Scene,
) -> None:
    attempt = await scene.attempt()
    await scene.db.execute("update worker.workers set lease_until = now() - interval '1 ms'")

    with pytest.raises(LeaseLost):
        async with paid(attempt, call()):
            raise AssertionError("the call was made")


@pytest.mark.parametrize(
    ("steered", "why"),
    [
        ("select worker.pause_run(run_id) from worker.jobs", "run paused"),
        ("select worker.cancel_run(run_id) from worker.jobs", "run cancelled"),
        ("select worker.cancel_job(id) from worker.jobs", "job cancelled"),
    ],
)
async def test_nothing_is_reserved_once_it_was_said_to_stop_and_what_was_on_its_way_settles(
    scene: Scene, steered: str, why: str
) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        await scene.db.execute(steered)

    with pytest.raises(StopWork, match=why):
        await settle(attempt, Item(*ONE, "completed"))
    with pytest.raises(StopWork, match=why):
        async with attempt.spend(call(), "lookup two", at_most=NINE):
            raise AssertionError("the call was made")

    assert await scene.money() == (0, 4)
    assert await items(scene.db, scene.run) == ["one"]


async def test_an_attempt_that_ends_without_a_commit_settles_what_was_answered(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    await attempt.spending.settle_rest(for_good=True)

    assert await scene.money() == (0, 4)


@pytest.mark.parametrize(
    ("repeat", "money"), [(Repeat.NEVER, (9, 0)), (Repeat.SAME_KEY, (9, 0)), (Repeat.CHARGED_AGAIN, (0, 4))]
)
async def test_an_attempt_that_ends_for_now_leaves_open_what_must_not_be_charged_twice(
    scene: Scene, repeat: Repeat, money: tuple[int, int]
) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call(repeat)):
        pass

    await attempt.spending.settle_rest(for_good=False)

    assert await scene.money() == money


async def test_a_call_that_is_made_again_with_its_key_counts_for_the_quota_again(scene: Scene) -> None:
    await scene.db.execute("select worker.set_quota('shop', 2)")
    first, how = await scene.attempt(), call(Repeat.SAME_KEY)
    for _ in range(2):
        with suppress(SourceDown):
            async with paid(first, how):
                raise SourceDown("it hung up")
    assert await balanced(scene.db)
    assert await scene.db.fetchval("select remaining_calls from worker.quota_status") == 0

    with pytest.raises(QuotaSpent):
        async with paid(first, how):
            raise AssertionError("the call was made")


async def test_what_an_ended_job_still_holds_is_lost_when_its_run_is_closed(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    await end(scene.db, attempt.job)

    assert await scene.money() == (0, 9)
    row = await run_row(scene.db, scene.run)
    assert (row["state"], row["failed_items"]) == ("completed", 1)


async def test_what_an_ended_job_still_holds_is_lost_though_its_run_goes_on(scene: Scene) -> None:
    await enqueue(scene.db, "demo", {}, scene.run)
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass
    await end(scene.db, attempt.job)
    assert await scene.money() == (9, 0)

    await closer(scene.db).sweep()

    assert await scene.money() == (0, 9)
    assert (await run_row(scene.db, scene.run))["state"] == "running"


async def test_a_price_above_the_highest_is_written_down_and_pauses_the_run(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with attempt.spend(call(), "lookup one", at_most=Decimal(99)) as charge:
        charge.cost(Decimal("101.5"))

    with pytest.raises(StopWork, match="run paused"):
        await settle(attempt)

    row = await run_row(scene.db, scene.run)
    assert (row["spent_cents"], row["overrun_cents"], row["reason"]) == (
        Decimal("101.5"),
        2.5,
        "price_overrun",
    )
    assert await balanced(scene.db)


@pytest.mark.parametrize("cents", ["-1", "NaN", "Infinity"])
async def test_a_cost_that_is_no_amount_is_refused(scene: Scene, cents: str) -> None:
    attempt = await scene.attempt()

    with pytest.raises(OutcomeUnknown):
        async with attempt.spend(call(), "lookup one", at_most=NINE) as charge:
            charge.cost(Decimal(cents))

    assert await scene.money() == (0, 9)


async def test_one_step_is_not_paid_for_twice_by_one_attempt(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    with pytest.raises(UserError, match='for the step "lookup one"'):
        async with paid(attempt, call()):
            raise AssertionError("the call was made")

    assert await scene.money() == (9, 0)


async def test_each_threshold_is_warned_of_once_with_an_alert(db: Database) -> None:
    await db.execute("select worker.set_org(warn_percents => '{80, 50, 100}')")
    scene = Scene(db, await start(db, "demo", {}, cap=Decimal(10)))
    attempt = await scene.attempt()

    for number in range(10):
        async with attempt.spend(call(), f"lookup {number}", at_most=Decimal(1)):
            pass
        await settle(attempt)

    told = await db.fetch(TOLD)
    assert [row[0] for row in told] == ["50", "80", "100"]
    assert await db.fetchval("select count(*) from worker.alerts where alert = 'budget_warning'") == 3


async def test_the_last_threshold_is_said_when_a_call_is_denied_though_cents_are_left(db: Database) -> None:
    await db.execute("select worker.set_org(warn_percents => '{50, 80, 100}')")
    scene = Scene(db, await start(db, "demo", {}, cap=Decimal(10)))
    attempt = await scene.attempt()

    for number in range(2):
        async with attempt.spend(call(), f"lookup {number}", at_most=FOUR):
            pass
        await settle(attempt)
    with pytest.raises(StopWork, match="budget"):
        async with attempt.spend(call(), "one more", at_most=FOUR):
            raise AssertionError("the call was made")

    told = await db.fetch(TOLD)
    assert [row[0] for row in told] == ["50", "80", "100"]
    assert await scene.money() == (0, 8)


async def test_the_cap_of_an_orgs_day_pauses_whichever_run_would_pass_it(db: Database) -> None:
    await db.execute("select worker.set_org(daily_cap_cents => 15)")
    runs = [Scene(db, await start(db, "demo", {}, cap=Decimal(100))) for _ in range(2)]
    first, second = [await scene.attempt() for scene in runs]
    async with first.spend(call(), "lookup", at_most=NINE):
        pass

    with pytest.raises(StopWork, match="org_budget"):
        async with second.spend(call(), "lookup", at_most=NINE):
            raise AssertionError("the call was made")

    row = await run_row(db, runs[1].run)
    assert (row["state"], row["reason"]) == ("paused", "org_budget")
    assert await runs[0].money() == (9, 0)
    await db.execute("select worker.set_org(no_daily_cap => true)")
    await db.execute("select worker.resume_run($1)", runs[1].run)
    async with second.spend(call(), "lookup", at_most=NINE):
        pass


async def test_a_provider_whose_day_is_used_up_says_when_its_next_begins(scene: Scene) -> None:
    await scene.db.execute("select worker.set_quota('shop', 1, resets_at => now() + interval '2 hours')")
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    with pytest.raises(QuotaSpent) as spent:
        async with attempt.spend(call(), "lookup two", at_most=NINE):
            raise AssertionError("the call was made")

    assert timedelta(minutes=119) < spent.value.wait <= timedelta(hours=2)
    assert await scene.money() == (9, 0)


async def test_a_providers_new_day_begins_by_itself(scene: Scene) -> None:
    await scene.db.execute("select worker.set_quota('shop', 1, resets_at => now() - interval '30 hours')")
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    left = await scene.db.fetchrow(
        "select remaining_calls, resets_at - now() as wait from worker.quota_status"
    )
    assert left is not None
    assert left["remaining_calls"] == 0
    assert timedelta(hours=17) < left["wait"] <= timedelta(hours=18)


async def test_what_the_provider_counts_and_we_do_not_was_used_elsewhere(scene: Scene) -> None:
    await scene.db.execute("select worker.set_quota('shop', 10)")
    attempt = await scene.attempt()
    async with paid(attempt, call()):
        pass

    await scene.db.execute("select worker.set_quota('shop', 10, remaining => 3)")

    assert await scene.db.fetchval("select remaining_calls from worker.quota_status") == 3
    assert await scene.db.fetchval("select used_calls from worker.api_quotas") == 1


async def test_free_calls_of_a_job_without_a_run_are_counted_by_the_quota_and_dear_ones_refused(
    db: Database,
) -> None:
    await db.execute("select worker.set_quota('shop', 10)")
    await enqueue(db, "demo", {})
    attempt = work(db, await claim(db))
    await attempt.enter()

    async with attempt.spend(call(), "lookup", at_most=Decimal(0)):
        pass
    await settle(attempt)
    with pytest.raises(UserError, match="its job needs a run"):
        async with attempt.spend(call(), "another", at_most=NINE):
            raise AssertionError("the call was made")

    assert await balanced(db)
    assert await db.fetchval("select remaining_calls from worker.quota_status") == 9


async def test_eight_handlers_at_once_never_pass_the_cap(db: Database) -> None:
    run = await start(db, "demo", {}, cap=Decimal(50))
    for _ in range(7):
        await enqueue(db, "demo", {}, run)
    granted = 0

    async def keep_calling(job: Job) -> None:
        nonlocal granted
        attempt = work(db, job)
        await attempt.enter()
        with suppress(StopWork):
            for number in range(20):
                async with attempt.spend(call(), f"lookup {number}", at_most=Decimal(3)) as charge:
                    granted += 1
                    charge.cost(Decimal(2))
                await settle(attempt)

    jobs = [await claim(db) for _ in range(8)]
    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(keep_calling, job)

    row = await run_row(db, run)
    assert (row["state"], row["reason"], row["reserved_cents"]) == ("paused", "budget", 0)
    assert 48 - 16 < row["spent_cents"] <= 50
    assert row["spent_cents"] == 2 * granted
    assert await balanced(db)


async def test_a_commit_settles_what_its_items_cost_and_leaves_what_another_item_costs_to_that_ones_own(
    scene: Scene,
) -> None:
    attempt, other = await scene.attempt(), ItemRef("card", "other")
    async with paid(attempt, call()):
        pass
    async with attempt.spend(call(), "lookup other", item=other, at_most=NINE):
        pass

    await settle(attempt, Item(*ONE, "completed"))
    assert await scene.money() == (9, 4)
    await settle(attempt, Item(*other, "completed"))

    assert await scene.money() == (0, 13)


async def test_two_jobs_of_a_run_that_log_and_pay_do_not_wait_for_each_other_in_a_circle(
    db: Database,
) -> None:
    run = await start(db, "demo", {}, cap=Decimal(100_000))
    await enqueue(db, "demo", {}, run)

    async def log_and_pay(job: Job) -> None:
        attempt = work(db, job)
        await attempt.enter()
        for number in range(40):
            async with attempt.spend(call(), f"lookup {number}", at_most=NINE):
                pass
            async with attempt.commit() as batch:
                await batch.log("info", "looked_up", number=number)

    jobs = [await claim(db) for _ in range(2)]
    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(log_and_pay, job)

    assert await Scene(db, run).money() == (0, 720)


async def test_what_was_taken_for_free_and_cost_something_counts_for_the_day(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with attempt.spend(call(), "lookup", at_most=Decimal(0)) as charge:
        charge.cost(FOUR)

    with pytest.raises(StopWork, match="run paused"):
        await settle(attempt)

    assert await scene.money() == (0, 4)
    assert await scene.db.fetchval("select spent_cents from worker.org_days") == 4


async def test_one_step_is_not_begun_twice_at_once(scene: Scene) -> None:
    attempt = await scene.attempt()
    async with paid(attempt, call(Repeat.SAME_KEY)):
        with pytest.raises(UserError, match='for the step "lookup one"'):
            async with paid(attempt, call(Repeat.SAME_KEY)):
                raise AssertionError("the call was made")


async def test_a_quota_that_cannot_be_is_refused(db: Database) -> None:
    for given in ("'shop', -1", "'', 1", "null, 1", "'shop', 1, resets_at => 'infinity'", "'EBay X', 1"):
        with pytest.raises(Refused) as refused:
            await db.execute(f"select worker.set_quota({given})")
        assert refused.value.code == "MM005"


async def test_a_longer_day_of_a_provider_wakes_whoever_waits_for_the_next(db: Database) -> None:
    await db.execute("select worker.set_quota('shop', 1)")
    id_ = await enqueue(db, "demo", {})
    await db.execute(
        "update worker.jobs set state = 'scheduled', run_at = now() + interval '5 hours', reason = $1",
        str(QuotaSpent("shop", timedelta(hours=5))),
    )

    await db.execute("select worker.set_quota('shop', 100)")

    assert await db.fetchval("select run_at <= now() from worker.jobs where id = $1", id_)
