"""Snapshots of inventory: a day, once taken, stands, whoever is killed on the way; old days go by week."""

import os
import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest

from tests.catalog.vendors import HOUSE, at, other_org, prints, put, sellers, snapshots, versions
from tests.runs.scene import drain, ended, enqueue, job_states, nursery, run_row, start, summary_of, until
from worker.db import Database

HASTE: dict[str, Any] = {"lease_seconds": 2, "heartbeat_seconds": 0.4, "rescue_seconds": 0.3}


async def today(db: Database) -> date:
    found: date = await db.fetchval("select (now() at time zone 'UTC')::date")
    return found


async def take(db: Database, url: str, **params: Any) -> UUID:
    run = await start(db, "snapshot", params)
    await drain(url)
    assert (await run_row(db, run))["state"] == "completed"
    return run


async def refusal(db: Database, url: str, **params: Any) -> str:
    run = await start(db, "snapshot", params)
    await drain(url)
    row = await db.fetchrow("select error_code, error_message from worker.job_status where run_id = $1", run)
    assert row is not None
    assert row["error_code"] == "user_error"
    return str(row["error_message"])


async def test_a_day_sums_up_what_each_seller_has_and_no_price_enters_no_average(
    db: Database, database_url: str
) -> None:
    first, second, _ = await prints(db)
    anna, ben = await sellers(db, "anna", "ben")
    await put(db, anna, first, (1, "10.00"), (2, "10.05"), (4, None))
    await put(db, anna, second, (0, None))
    await put(db, ben, first, (3, "7.00"))

    run = await take(db, database_url)

    day = str(await today(db))
    assert await snapshots(db) == {
        (anna, first, day): ("7", "3", "10.03", "10.00", "10.05"),
        (anna, second, day): ("0", "1", "None", "None", "None"),
        (ben, first, day): ("3", "1", "7.00", "7.00", "7.00"),
    }
    assert (await summary_of(db, run))["seller"] == {"completed": 2}
    row = await run_row(db, run)
    assert (row["total_items"], row["processed_items"]) == (2, 2)


async def test_the_same_day_again_changes_nothing_but_takes_who_was_not_there(
    db: Database, database_url: str
) -> None:
    [card, *_] = await prints(db)
    [anna] = await sellers(db, "anna")
    await put(db, anna, card, (1, "10.00"))
    await take(db, database_url)
    before = await versions(db)
    await put(db, anna, card, (5, "99.00"), (1, "1.00"))
    [ben] = await sellers(db, "ben")
    await put(db, ben, card, (2, "3.00"))

    run = await take(db, database_url)

    day = str(await today(db))
    assert before == (await versions(db))[: len(before)]
    assert (await snapshots(db))[anna, card, day][0] == "1"
    assert (await snapshots(db))[ben, card, day][0] == "2"
    assert (await summary_of(db, run))["seller"] == {"completed": 1}


async def test_two_who_take_one_day_at_once_take_it_once(db: Database, database_url: str) -> None:
    cards = await prints(db, 5)
    for one in await sellers(db, *(f"s{n}" for n in range(40))):
        for card in cards:
            await put(db, one, card, (1, "1.00"))
    runs = [await start(db, "snapshot", {"batch_rows": 5}) for _ in range(2)]

    await drain(database_url, concurrency=2)

    assert [(await run_row(db, run))["state"] for run in runs] == ["completed", "completed"]
    assert await db.fetchval("select count(*) from inventory_snapshots") == 200
    assert sum([(await run_row(db, run))["processed_items"] for run in runs]) == 40


async def test_a_past_day_is_what_was_listed_by_its_end(db: Database, database_url: str) -> None:
    first, second, third = await prints(db)
    [anna] = await sellers(db, "anna")
    day = await today(db) - timedelta(days=3)
    await put(db, anna, first, (1, "1.00"), listed_at=at(f"{day}T23:59:59+00:00"))
    await put(db, anna, second, (1, "1.00"), listed_at=at(f"{day + timedelta(days=1)}T00:00:00+00:00"))
    await put(db, anna, third, (1, "1.00"))

    await take(db, database_url, date=str(day))

    assert list(await snapshots(db)) == [(anna, first, str(day))]


async def test_a_day_that_has_not_come_and_one_long_gone_are_refused_in_a_sentence(
    db: Database, database_url: str
) -> None:
    now = await today(db)
    tomorrow, gone = now + timedelta(days=1), now - timedelta(days=120)

    assert await refusal(db, database_url, date=str(tomorrow)) == (
        f"a snapshot of {tomorrow} cannot be taken: in UTC it is {now}"
    )
    assert "days are kept for 90 days" in await refusal(db, database_url, date=str(gone))


async def test_a_day_is_its_orgs_own_and_the_clock_takes_every_orgs(db: Database, database_url: str) -> None:
    [card, *_] = await prints(db)
    other = await other_org(db)
    [anna] = await sellers(db, "anna")
    [ben] = await sellers(db, "ben", org=other)
    await put(db, anna, card, (1, "1.00"))
    await put(db, ben, card, (1, "1.00"), org=other)
    await take(db, database_url)
    assert [key[0] for key in await snapshots(db)] == [anna]

    await enqueue(db, "snapshot", {})
    await drain(database_url)

    assert [key[0] for key in await snapshots(db)] == [anna, ben]
    rows = await db.fetch("select org_id, state::text from worker.runs where name like 'snapshot of %'")
    assert sorted((row["org_id"], row["state"]) for row in rows) == [
        (HOUSE, "completed"),
        (other, "completed"),
    ]


async def old_days(db: Database, seller: int, card: int, days: int, every: int = 1) -> None:
    await db.execute(
        """
        insert into inventory_snapshots (seller_id, card_print_id, treatment, currency, snapshot_date,
                                         quantity, listings, avg_price, min_price, max_price)
        select $1, $2, 'normal', 'USD', (now() at time zone 'UTC')::date - n, n, 1,
               case when mod(n, 3) > 0 then n + 0.5 end, case when mod(n, 3) > 0 then n end,
               case when mod(n, 3) > 0 then n + 1 end
          from generate_series(1, $3::int) n where mod(n, $4::int) = 0
        """,
        seller,
        card,
        days,
        every,
    )


WEEKS = """
select w.seller_id, w.card_print_id, w.treatment, w.currency, w.week, w.days, w.avg_quantity, w.avg_price,
       w.min_price, w.max_price
  from inventory_snapshot_weeks w order by 1, 2, 5
"""
BY_HAND = """
select t.seller_id, t.card_print_id, t.treatment, t.currency::text as currency,
       (t.snapshot_date - (extract(isodow from t.snapshot_date)::int - 1)) as week, count(*)::int as days,
       round(avg(t.quantity), 2) as avg_quantity, round(avg(t.avg_price), 2) as avg_price,
       min(t.min_price) as min_price, max(t.max_price) as max_price
  from inventory_snapshots t
 where t.snapshot_date - (extract(isodow from t.snapshot_date)::int - 1) + 6
       < (now() at time zone 'UTC')::date - 90
 group by 1, 2, 3, 4, 5 order by 1, 2, 5
"""


async def test_days_older_than_ninety_go_by_the_week_exactly_and_only_once(
    db: Database, database_url: str
) -> None:
    first, second, _ = await prints(db)
    anna, ben = await sellers(db, "anna", "ben")
    await old_days(db, anna, first, 200)
    await old_days(db, ben, second, 200, every=5)
    wanted = [tuple(row) for row in await db.fetch(BY_HAND)]
    assert len(wanted) > 20

    await take(db, database_url)

    assert [tuple(row) for row in await db.fetch(WEEKS)] == wanted
    assert await db.fetch(BY_HAND) == []
    kept = await db.fetchval("select count(*) from inventory_snapshots where seller_id = $1", anna)
    assert 90 <= kept <= 97
    before = await versions(db, "inventory_snapshot_weeks")
    await take(db, database_url)
    assert await versions(db, "inventory_snapshot_weeks") == before


async def test_a_day_of_a_week_that_was_put_together_is_refused(db: Database, database_url: str) -> None:
    [card, *_] = await prints(db)
    [anna] = await sellers(db, "anna")
    day = await today(db) - timedelta(days=20)
    await db.execute(
        """
        insert into inventory_snapshot_weeks (seller_id, card_print_id, treatment, currency, week, days,
                                              avg_quantity)
        values ($1, $2, 'normal', 'USD', date_trunc('week', $3::date), 1, 1)
        """,
        anna,
        card,
        day,
    )

    assert "is put together already" in await refusal(db, database_url, date=str(day))


@pytest.mark.timeout(120)
async def test_workers_killed_in_the_middle_lose_no_seller_and_take_none_twice(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    cards = await prints(db, 4)
    names = [f"s{n}" for n in range(150)]
    for number, one in enumerate(await sellers(db, *names)):
        for card in cards:
            await put(db, one, card, (number, "1.50"))
        await old_days(db, one, cards[0], 120, every=7)
    weeks = [tuple(row) for row in await db.fetch(BY_HAND)]
    killed = 0
    with nursery(database_url, tmp_path, concurrency=1, **HASTE) as hire:
        worker = hire()
        run = await start(db, "snapshot", {"batch_rows": 4})
        for least in (20, 70):

            async def got_on(least: int = least) -> bool:
                return bool((await run_row(db, run))["processed_items"] >= least)

            await until(got_on)
            if await ended(db, run) is None:
                os.kill(worker, signal.SIGKILL)
                killed += 1
                worker = hire()
        with anyio.fail_after(60):
            await until(lambda: ended(db, run), seconds=50)

    assert killed
    row = await run_row(db, run)
    assert (row["state"], row["processed_items"], row["total_items"]) == ("completed", 150, 150)
    assert (
        await db.fetchval("select count(distinct external_id) from worker.items where run_id = $1", run)
        == 150
    )
    day = await today(db)
    taken = await db.fetch(
        "select s.platform_seller_id, t.card_print_id, t.quantity from inventory_snapshots t"
        " join sellers s on s.id = t.seller_id where t.snapshot_date = $1",
        day,
    )
    assert sorted(tuple(one) for one in taken) == sorted(
        (name, card, number) for number, name in enumerate(names) for card in cards
    )
    assert [tuple(one) for one in await db.fetch(WEEKS)] == weeks
    assert await job_states(db, run) == {"completed": 1}
