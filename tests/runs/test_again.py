"""Failed items are worked again, and nothing else."""

import pytest

from tests.handlers.catalogue import BASE, bring, card, prints
from tests.runs.books import balanced, ledger
from tests.runs.errands import Errands, publish
from tests.runs.scene import drain, enqueue, items, job_states, run_row, start
from worker.db import Database
from worker.errors import SourceDown
from worker.runs.items import Item, ItemRef

BAD = Item("order", "1", "failed", "odd", "it is odd")


async def test_failed_items_are_worked_again_and_no_others(db: Database, database_url: str) -> None:
    errands = Errands(
        {"1": BAD, "3": Item("order", "3", "failed", "odd", "too"), "2": Item("order", "2", "skipped")}
    )
    await publish(db, errands)
    run = await start(db, "errands", {"items": 5})
    await drain(database_url, errands)
    row = await run_row(db, run)
    assert (row["state"], row["processed_items"], row["failed_items"]) == ("completed", 5, 2)
    errands.outcomes.clear()
    errands.worked.clear()

    again = await db.fetchval("select worker.retry_failed($1)", run)
    waiting = await run_row(db, run)
    await drain(database_url, errands)

    assert again == 2
    assert (waiting["processed_items"], waiting["failed_items"], waiting["state"]) == (3, 0, "running")
    assert errands.worked == ["1", "3"]
    row = await run_row(db, run)
    assert (row["state"], row["processed_items"], row["failed_items"], row["skipped_items"]) == (
        "completed",
        5,
        0,
        1,
    )
    assert sorted(await items(db, run)) == ["0", "1", "2", "3", "4"]
    assert await balanced(db)


async def test_an_item_that_fails_again_stays_failed_with_its_new_reason(
    db: Database, database_url: str
) -> None:
    errands = Errands({"1": BAD})
    await publish(db, errands)
    run = await start(db, "errands", {"items": 2})
    await drain(database_url, errands)
    errands.outcomes["1"] = Item("order", "1", "failed", "worse", "it got worse")

    await db.execute("select worker.retry_failed($1)", run)
    await drain(database_url, errands)

    assert await db.fetchval("select error_code from worker.items where state = 'failed'") == "worse"
    assert (await run_row(db, run))["failed_items"] == 1
    assert await balanced(db)


async def test_an_outcome_that_nobody_knew_may_be_tried_again_when_an_operator_says_so(
    db: Database, database_url: str
) -> None:
    async def hang_up(ref: ItemRef) -> None:
        if ref.external_id == "1":
            raise SourceDown("it hung up")

    errands = Errands(ask=hang_up)
    await publish(db, errands)
    run = await start(db, "errands", {"items": 3, "cents": "2"})
    await drain(database_url, errands)
    row = await run_row(db, run)
    assert (row["state"], row["failed_items"], row["spent_cents"]) == ("completed", 1, 6)
    assert (
        await db.fetchval("select error_code from worker.items where state = 'failed'") == "outcome_unknown"
    )
    errands.ask = None

    assert await db.fetchval("select worker.retry_failed($1)", run) == 1
    await drain(database_url, errands)

    row = await run_row(db, run)
    assert (row["state"], row["failed_items"], row["spent_cents"]) == ("completed", 0, 8)
    assert errands.worked == ["0", "1", "2", "1"]
    lines = [(line["step"], line["state"]) for line in await ledger(db, run)]
    assert lines == [("0", "settled"), ("1", "unknown"), ("2", "settled"), ("1", "settled")]
    assert await balanced(db)


async def test_items_of_several_jobs_go_back_to_the_jobs_that_worked_them(
    db: Database, database_url: str
) -> None:
    errands = Errands({"1": BAD})
    await publish(db, errands)
    run = await start(db, "errands", {"items": 2})
    await enqueue(db, "errands", {"items": 2}, run)
    await drain(database_url, errands)
    assert (await run_row(db, run))["failed_items"] == 2
    errands.outcomes.clear()

    assert await db.fetchval("select worker.retry_failed($1)", run) == 2
    await drain(database_url, errands)

    assert await job_states(db, run) == {"completed": 2}
    per_job = await db.fetch(
        "select count(*)::int from worker.items where state = 'completed' group by job_id"
    )
    assert [row["count"] for row in per_job] == [2, 2]
    assert await balanced(db)


async def test_what_a_job_was_to_work_again_and_did_not_has_failed(db: Database, database_url: str) -> None:
    errands = Errands({"1": BAD})
    await publish(db, errands)
    run = await start(db, "errands", {"items": 2})
    await drain(database_url, errands)
    await db.execute("select worker.retry_failed($1)", run)
    await db.execute("update worker.items set external_id = 'another', data = null where state = 'pending'")
    errands.outcomes["another"] = Item("order", "unheard of", "completed")

    await drain(database_url, errands)

    rows = await db.fetch("select external_id, state::text, error_code from worker.items order by id")
    assert [tuple(row) for row in rows] == [
        ("0", "completed", None),
        ("another", "failed", "not_worked"),
        ("unheard of", "completed", None),
    ]
    assert await balanced(db)


async def test_a_run_without_anything_that_failed_has_nothing_to_retry(
    db: Database, database_url: str
) -> None:
    errands = Errands()
    await publish(db, errands)
    run = await start(db, "errands", {"items": 2})
    await drain(database_url, errands)

    assert await db.fetchval("select worker.retry_failed($1)", run) == 0
    assert (await run_row(db, run))["state"] == "completed"


@pytest.mark.parametrize("jobs", [1, 2])
async def test_a_normalizing_run_works_its_failed_records_again_and_not_what_came_in_since(
    db: Database, database_url: str, jobs: int
) -> None:
    await bring(db, [BASE], [card("base1-4"), card("base1-5", name=None), {"id": "base1-6"}])
    run = await start(db, "normalize_batch", {"source": "pokemonapi", "jobs": jobs})
    await drain(database_url)
    assert (await run_row(db, run))["failed_items"] == 2
    await db.execute(
        "update raw_imports set payload = payload || '{\"name\": \"Clefairy\"}' where external_id = 'base1-5'"
    )
    await bring(db, [], [card("base1-7")])

    assert await db.fetchval("select worker.retry_failed($1)", run) == 2
    await drain(database_url)

    row = await run_row(db, run)
    assert (row["state"], row["processed_items"], row["failed_items"]) == ("completed", 4, 1)
    assert {one["id"] for one in await prints(db)} == {"base1-4", "base1-5"}
    assert await db.fetchval("select external_id from raw_imports where status = 'pending'") == "base1-7"
    assert await balanced(db)
