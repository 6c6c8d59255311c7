"""Where a run goes: the function in the code, the one in the database and the chart in the documentation."""

from itertools import product
from pathlib import Path

import asyncpg
import pytest

from worker.db import Database
from worker.errors import UnlawfulMove
from worker.runs.states import TERMINAL, RunEvent, RunState, chart, move

DOCS = Path(__file__).parents[2] / "docs" / "run-states.md"
PAIRS = list(product(RunState, RunEvent))


def by_the_code(state: RunState, event: RunEvent) -> str:
    try:
        return move(state, event).value
    except UnlawfulMove as error:
        return f"MM003: {error}"


async def by_the_database(db: Database, state: str, event: str) -> str:
    async with db.connection() as connection:
        try:
            return str(
                await connection.fetchval(
                    "select worker.move_run($1::worker.run_state, $2)::text", state, event
                )
            )
        except asyncpg.PostgresError as error:
            return f"{error.sqlstate}: {error.message}"


async def test_the_code_and_the_database_agree_on_every_pair_of_state_and_event(db: Database) -> None:
    told = {pair: await by_the_database(db, *pair) for pair in PAIRS}

    assert told == {pair: by_the_code(*pair) for pair in PAIRS}
    assert sum(not answer.startswith("MM003") for answer in told.values()) == 18


async def test_the_database_knows_the_same_states_in_the_same_order(db: Database) -> None:
    known = await db.fetchval("select enum_range(null::worker.run_state)::text[]")

    assert known == list(RunState)


async def test_an_event_nobody_knows_moves_nothing(db: Database) -> None:
    assert await by_the_database(db, "running", "explode") == "MM003: a running run cannot explode"


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_run_that_has_ended_is_moved_by_a_retry_and_by_nothing_else(state: RunState) -> None:
    lawful = [event for event in RunEvent if not by_the_code(state, event).startswith("MM003")]

    assert lawful == [RunEvent.RETRY, RunEvent.WAIT]


def test_an_unlawful_move_names_both_ends() -> None:
    with pytest.raises(UnlawfulMove, match=r"^a completed run cannot pause$") as caught:
        move(RunState.COMPLETED, RunEvent.PAUSE)

    assert (caught.value.state, caught.value.event, caught.value.code) == (
        "completed",
        "pause",
        "unlawful_move",
    )


def test_the_chart_in_the_documentation_is_the_table_of_the_code() -> None:
    assert chart() in DOCS.read_text(encoding="utf-8")
