"""The cap is hard: what would pass it is not done, and the run waits for more."""

from decimal import Decimal

import pytest

from tests.runs.scene import claim, drain, enqueue, items, job_states, moves, run_row, start, work
from worker.db import Database
from worker.errors import Refused, StopWork
from worker.observe import REGISTRY
from worker.runs.items import ItemRef
from worker.runs.prices import PaidCall, Repeat

LOOKUP = PaidCall("shop", "lookup", Repeat.NEVER)


async def spent(db: Database, run: object) -> list[object]:
    """What the run says it spent, and what its items cost together."""
    said = await db.fetchval("select spent_cents from worker.runs where id = $1", run)
    cost = await db.fetchval("select coalesce(sum(cost_cents), 0) from worker.items where run_id = $1", run)
    return [said, cost]


@pytest.mark.parametrize(
    ("cost", "cap", "affordable"),
    [
        ("2", "10", 5),
        ("3", "10", 3),
        ("0.1", "0.3", 3),
        ("0.0001", "0.0007", 7),
        ("11", "10", 0),
        ("1", "0", 0),
    ],
)
async def test_a_run_pauses_when_the_next_item_would_pass_the_cap_and_goes_on_with_a_larger_one(
    db: Database, database_url: str, cost: str, cap: str, affordable: int
) -> None:
    run = await start(db, "demo", {"items": 9, "cost_cents": float(cost)}, cap=Decimal(cap))

    await drain(database_url)

    paused, total = await run_row(db, run), Decimal(cost) * affordable
    assert (paused["state"], paused["reason"], paused["processed_items"]) == ("paused", "budget", affordable)
    assert await spent(db, run) == [total, total]
    assert await job_states(db, run) == {"paused": 1}

    await db.execute("select worker.resume_run($1, $2)", run, Decimal(cost) * 9)
    await drain(database_url)

    row = await run_row(db, run)
    assert (row["state"], row["spent_cents"], row["budget_cap_cents"]) == (
        "completed",
        Decimal(cost) * 9,
        Decimal(cost) * 9,
    )
    assert await items(db, run) == [str(number) for number in range(9)]
    assert await moves(db, run) == ["created", "started", "paused", "resumed", "completed"]


async def test_jobs_that_share_a_budget_spend_it_to_the_last_cent_and_no_further(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", {"items": 40, "cost_cents": 1}, cap=Decimal(70))
    for _ in range(3):
        await enqueue(db, "demo", {"items": 40, "cost_cents": 1}, run)

    await drain(database_url)

    row = await run_row(db, run)
    assert (row["state"], row["reason"]) == ("paused", "budget")
    assert await spent(db, run) == [70, 70]

    await db.execute("select worker.resume_run($1, 160)", run)
    await drain(database_url)

    assert (await run_row(db, run))["state"] == "completed"
    assert await spent(db, run) == [160, 160]


async def test_resuming_without_more_money_pauses_again_and_spends_nothing(
    db: Database, database_url: str
) -> None:
    run = await start(db, "demo", {"items": 9, "cost_cents": 1}, cap=Decimal(4))
    await drain(database_url)
    await db.execute("select worker.resume_run($1)", run)
    await drain(database_url)

    row = await run_row(db, run)
    assert (row["state"], row["reason"], row["processed_items"]) == ("paused", "budget", 4)
    assert await spent(db, run) == [4, 4]
    assert (await moves(db, run))[2:] == ["paused", "resumed", "paused"]


async def test_a_cap_cannot_be_put_below_what_is_spent_already(db: Database, database_url: str) -> None:
    run = await start(db, "demo", {"items": 9, "cost_cents": 1}, cap=Decimal(4))
    await drain(database_url)

    with pytest.raises(
        Refused, match=r"a budget cap of 3 is below the 4\.0000 cents that are spent"
    ) as refused:
        await db.execute("select worker.resume_run($1, 3)", run)

    row = await run_row(db, run)
    assert refused.value.code == "MM005"
    assert (row["state"], row["budget_cap_cents"]) == ("paused", 4)


async def test_a_call_that_would_pass_the_cap_is_not_made_and_pauses_the_run(db: Database) -> None:
    run = await start(db, "demo", {}, cap=Decimal(5))
    job = await claim(db)
    own = work(db, job)
    await own.enter()
    denied = REGISTRY.get_sample_value("mintmark_budget_denied_total")
    assert denied is not None

    async def spend() -> None:
        async with own.spend(LOOKUP, "a", item=ItemRef("card", "a"), at_most=Decimal("5.0001")):
            raise AssertionError("the call was made")

    with pytest.raises(StopWork, match="budget"):
        await spend()

    assert await items(db, run) == []
    assert (await run_row(db, run))["reserved_cents"] == 0
    assert await db.fetchval("select count(*) from worker.ledger") == 0
    assert REGISTRY.get_sample_value("mintmark_budget_denied_total") == denied + 1


async def test_money_reserved_by_others_is_not_there_to_be_spent(db: Database) -> None:
    run = await start(db, "demo", {}, cap=Decimal(5))
    await db.execute("update worker.runs set reserved_cents = 3")
    job = await claim(db)
    own = work(db, job)
    await own.enter()

    with pytest.raises(StopWork, match="budget"):
        async with own.spend(LOOKUP, "a", at_most=Decimal("2.5")):
            raise AssertionError("the call was made")

    assert (await run_row(db, run))["spent_cents"] == 0


async def test_a_demo_that_would_spend_needs_a_run_to_account_to(db: Database, database_url: str) -> None:
    await enqueue(db, "demo", {"items": 2, "cost_cents": 1})
    await drain(database_url)

    row = await db.fetchrow("select error_code, error_message from worker.job_history")
    assert row is not None
    assert row["error_code"] == "no_run"
    assert "mintmark run start demo" in row["error_message"]


async def test_a_cost_finer_than_the_books_can_hold_is_refused(db: Database, database_url: str) -> None:
    run = await start(db, "demo", {"items": 2, "cost_cents": 0.00001})
    await drain(database_url)

    assert (await run_row(db, run))["state"] == "failed"
    assert await db.fetchval("select error_code from worker.job_history") == "bad_payload"
