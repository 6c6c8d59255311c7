"""What the database keeps of the trace in which a job was enqueued."""

import json
from typing import Any

import pytest

from tests.conftest import Connect
from worker.db import Database

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
KEPT = {"traceparent": TRACEPARENT}
ENQUEUE = "select worker.enqueue('demo')"


async def within(db: Database, traceparent: str, statement: str, *args: object) -> Any:
    """Run one statement in a transaction of a producer that says its trace."""
    async with db.transaction() as connection:
        await connection.execute("select set_config('mintmark.traceparent', $1, true)", traceparent)
        return await connection.fetchval(statement, *args)


async def metadata(db: Database, table: str = "jobs") -> list[Any]:
    rows = await db.fetch(f"select metadata from worker.{table} order by id")
    return [row["metadata"] and json.loads(row["metadata"]) for row in rows]


async def test_a_job_keeps_the_trace_of_its_producer(db: Database) -> None:
    await within(db, TRACEPARENT, ENQUEUE)

    assert await metadata(db) == [KEPT]


@pytest.mark.parametrize(
    "statement",
    [
        "select worker.enqueue('demo', run_at => now() + interval '1 hour')",
        "select worker.enqueue('demo', dedupe_key => 'once', concurrency_key => 'alone')",
        "select worker.enqueue_many('demo', array['{}', '{}']::jsonb[])",
        "select worker.start_run('demo')",
    ],
)
async def test_every_door_takes_the_trace_down(db: Database, statement: str) -> None:
    await within(db, TRACEPARENT, statement)

    kept = await metadata(db)
    assert kept
    assert all(one == KEPT for one in kept)


async def test_who_says_nothing_leaves_nothing(db: Database, connect: Connect) -> None:
    one = await connect()
    await one.execute(ENQUEUE)
    async with one.transaction():
        await one.execute("select set_config('mintmark.traceparent', $1, true)", TRACEPARENT)
    await one.execute(ENQUEUE)

    assert await metadata(db) == [None, None]


async def test_a_trace_ends_with_the_transaction_that_said_it(db: Database, connect: Connect) -> None:
    one = await connect()
    async with one.transaction():
        await one.execute("select set_config('mintmark.traceparent', $1, true)", TRACEPARENT)
        await one.execute(ENQUEUE)
    await one.execute(ENQUEUE)

    assert await metadata(db) == [KEPT, None]


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "nonsense",
        TRACEPARENT.upper(),
        TRACEPARENT + "-more",
        TRACEPARENT + "\n",
        " " + TRACEPARENT,
        "ff" + TRACEPARENT[2:],
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "{}" * 4000,
    ],
)
async def test_what_is_no_trace_context_is_ignored_and_the_job_is_taken(db: Database, malformed: str) -> None:
    assert await within(db, malformed, ENQUEUE)
    assert await metadata(db) == [None]


async def test_a_later_version_of_the_same_shape_is_kept(db: Database) -> None:
    await within(db, "cc" + TRACEPARENT[2:], ENQUEUE)

    assert await metadata(db) == [{"traceparent": "cc" + TRACEPARENT[2:]}]


async def test_a_cancelled_job_keeps_its_trace_and_so_does_its_retry_by_somebody_else(db: Database) -> None:
    job = await within(db, TRACEPARENT, ENQUEUE)

    await db.execute("select worker.cancel_job($1)", job)
    assert await metadata(db, "job_history") == [KEPT]

    operators = TRACEPARENT.replace("4bf9", "ffff")
    await within(db, operators, "select worker.retry_job($1)", job)
    assert await metadata(db) == [KEPT]


async def test_a_job_without_a_trace_gets_none_from_whoever_retries_it(db: Database) -> None:
    job = await db.fetchval(ENQUEUE)
    await db.execute("select worker.cancel_job($1)", job)

    await within(db, TRACEPARENT, "select worker.retry_job($1)", job)

    assert await metadata(db) == [None]


async def test_the_default_adds_nothing_to_the_plan_but_its_own_expression(connect: Connect) -> None:
    """The function is inlined: a call of it would cost each enqueue some microseconds."""
    owner = await connect()
    plan = await owner.fetch(
        "explain (verbose) insert into worker.jobs (max_attempts, state, queue, kind, payload)"
        " values (1, 'pending', 'default', 'demo', '{}')"
    )

    text = "\n".join(row[0] for row in plan)
    assert "current_setting" in text
    assert "metadata_of_session" not in text
