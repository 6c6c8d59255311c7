"""The plans of the hot statements, with statistics that are absent, stale and full.

What they must not do is read the whole table, or try every pair of rows: each was seen, and each costs more
the more there is to do.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Connect
from tests.queue.scene import alive
from worker.db import Connection, Database
from worker.queue.jobs import ANY_PRIORITY, SQL

MANY = 20_000
BATCH = 500
FILL = """
insert into worker.jobs (kind, payload, queue, max_attempts, state, run_at)
select 'demo', '{}', 'default', 5, $2::worker.job_state, now() + interval '1 day'
  from generate_series(1, $1::int)
"""


async def fill(connection: Connection, statistics: str) -> None:
    """Make a table whose statistics are of another time, or of none."""
    await connection.execute("alter table worker.jobs set (autovacuum_enabled = off)")
    if statistics == "stale":  # Of a quiet hour: little was there, and nothing of it at work.
        await connection.execute(FILL, 10, "pending")
        await connection.execute("analyze worker.jobs")
    await connection.execute(FILL, MANY, "scheduled")
    await connection.execute(FILL, MANY, "pending")
    if statistics == "full":
        await connection.execute("analyze worker.jobs")


async def plan(connection: Connection, name: str, *arguments: Any) -> dict[str, Any]:
    """Run a statement and answer its plan, with what really happened."""
    said = await connection.fetchval(f"explain (analyze, buffers, format json) {SQL[name]}", *arguments)
    root: dict[str, Any] = json.loads(said)[0]["Plan"]
    return root


def nodes(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield root
    for child in root.get("Plans", []):
        yield from nodes(child)


def rows_looked_at(root: dict[str, Any]) -> int:
    """All rows that any node of the plan produced or threw away, over all its loops."""
    seen = 0
    for node in nodes(root):
        removed = sum(value for key, value in node.items() if key.startswith("Rows Removed"))
        seen += int((node["Actual Rows"] + removed) * node["Actual Loops"])
    return seen


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statistics", ["empty", "stale", "full"])
async def test_claiming_looks_at_the_rows_it_takes_and_at_no_others(
    db: Database, connect: Connect, statistics: str, mode: str
) -> None:
    connection, worker = await connect(), await alive(db)
    await fill(connection, statistics)
    await connection.execute(f"set plan_cache_mode = {mode}")

    claimed = await plan(connection, "claim", "default", ["demo"], BATCH, worker, *ANY_PRIORITY)

    assert claimed["Actual Rows"] == BATCH
    assert rows_looked_at(claimed) < 20 * BATCH


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statistics", ["empty", "stale", "full"])
async def test_what_is_at_its_limit_is_not_walked_past_and_claiming_within_limits_looks_at_little_else(
    db: Database, connect: Connect, statistics: str, mode: str
) -> None:
    connection, worker = await connect(), await alive(db)
    await db.execute("select worker.limit_kind('normalize_batch', 10)")
    await fill(connection, statistics)
    await connection.execute(FILL.replace("'demo'", "'normalize_batch'"), MANY, "pending")
    await db.execute("update worker.jobs set limited = true where kind = 'normalize_batch'")
    await connection.execute(f"set plan_cache_mode = {mode}")
    both = ["demo", "normalize_batch"]

    claimed = await plan(connection, "claim", "default", both, BATCH, worker, *ANY_PRIORITY)
    within = await plan(connection, "claim_within_limits", "default", both, BATCH, worker, *ANY_PRIORITY)
    longest = await plan(connection, "longest_waiting", "default", timedelta(0))

    assert rows_looked_at(claimed) < 20 * BATCH
    assert within["Actual Rows"] == BATCH
    assert rows_looked_at(within) < 40 * BATCH
    assert rows_looked_at(longest) < 100


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("statistics", ["empty", "stale", "full"])
@pytest.mark.parametrize("statement", ["complete", "finish", "put_back"])
async def test_ending_jobs_costs_no_more_than_one_look_at_the_table(
    db: Database, connect: Connect, statement: str, statistics: str, mode: str
) -> None:
    connection, worker = await connect(), await alive(db)
    await fill(connection, statistics)
    rows = await connection.fetch(SQL["claim"], "default", ["demo"], BATCH, worker, *ANY_PRIORITY)
    ids, fences, nothing = [row["id"] for row in rows], [row["fence"] for row in rows], [None] * BATCH
    arguments = {
        "complete": (ids, fences),
        "finish": (ids, fences, ["completed"] * BATCH, nothing, nothing, nothing, nothing),
        "put_back": (ids, fences, nothing, [False] * BATCH, nothing, nothing, nothing),
    }[statement]
    await connection.execute(f"set plan_cache_mode = {mode}")

    ended = await plan(connection, statement, *arguments)

    # Every pair of rows would be a quarter of a million.
    assert rows_looked_at(ended) < 2 * 2 * MANY + 20 * BATCH
    assert await connection.fetchval("select count(*) from worker.jobs where state = 'running'") == 0
