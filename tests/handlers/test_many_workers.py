"""Several workers on one source: no row twice, no deadlock, exact totals, whoever is killed on the way."""

import os
import secrets
import signal
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from benchmarks.dirty_cards import Truth, dirty_catalogue
from tests.conftest import NewDatabase
from tests.handlers.catalogue import bring, events_of, normalize, totals
from tests.runs.scene import ended, nursery, run_row, start, until
from worker.db import Database, open_database

HASTE: dict[str, Any] = {"lease_seconds": 2, "heartbeat_seconds": 0.4, "rescue_seconds": 0.3}
KILLS = 20
KILLS_A_RUN = 10
CREW = 3
CARDS_A_RUN = 2500
CRASHES_BORNE = 2
"""A job whose worker died three times is set aside; the killer must leave it alone by then."""


async def fill(db: Database, cards: int, seed: int) -> Truth:
    sets, records, truth = dirty_catalogue(cards, seed)
    await bring(db, sets, records)
    return truth


async def assert_whole(db: Database, truth: Truth, *runs: UUID) -> None:
    """Everything was worked exactly once, by whichever of the runs, and came out as it is true."""
    told = [await totals(db, run) for run in runs]
    added = {
        what: [sum(column) for column in zip(*(one[what] for one in told), strict=True)] for what in told[0]
    }
    cards = truth.readable + truth.conflicts + truth.unreadable
    assert added == {
        "sets": [truth.sets, 0, 0, truth.sets],
        "cards": [truth.readable, truth.conflicts, truth.unreadable, cards],
    }
    rows = await db.fetch("select coalesce(external_id, 'row ' || id) as name from raw_imports")
    worked = await db.fetch("select external_id as name from worker.items")
    assert Counter(row["name"] for row in worked) == Counter(row["name"] for row in rows)
    counted = [(await run_row(db, run))["processed_items"] for run in runs]
    assert sum(counted) == len(rows)
    assert await db.fetchval("select count(*) from raw_imports where status = 'pending'") == 0
    assert await db.fetchval("select count(*) from card_prints") == truth.readable
    deadlocks = await db.fetchval("select deadlocks from pg_stat_database where datname = current_database()")
    assert deadlocks == 0


async def registered(db: Database, count: int) -> bool:
    return bool(await db.fetchval("select count(*) >= $1 from worker.workers", count))


async def test_four_jobs_in_two_processes_share_a_run_and_work_no_row_twice(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    truth = await fill(db, 2000, seed=17)
    with nursery(database_url, tmp_path, concurrency=2) as hire:
        hire()
        hire()
        await until(lambda: registered(db, 2))
        run = await start(db, "normalize_batch", {"source": "pokemonapi", "jobs": 4, "batch_size": 3})
        await until(lambda: ended(db, run))

    await assert_whole(db, truth, run)
    helpers = "select count(distinct worker_id) from worker.job_history where result is not null"
    assert await db.fetchval(helpers) == 2
    assert await db.fetchval("select count(*) from worker.job_history where state = 'completed'") == 4


async def test_two_runs_at_once_on_one_source_divide_its_rows(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    truth = await fill(db, 2000, seed=18)
    with nursery(database_url, tmp_path, concurrency=2) as hire:
        hire()
        hire()
        await until(lambda: registered(db, 2))
        params = {"source": "pokemonapi", "jobs": 2, "batch_size": 3}
        runs = [await start(db, "normalize_batch", params) for _ in range(2)]
        for run in runs:
            await until(lambda run=run: ended(db, run))  # type: ignore[misc]

    await assert_whole(db, truth, *runs)
    assert all([(await run_row(db, run))["processed_items"] > 0 for run in runs])


async def test_the_same_ids_under_two_sets_worked_at_once_are_a_conflict_each(
    db: Database, database_url: str
) -> None:
    sets, cards, truth = dirty_catalogue(300, seed=19)
    sound = [one for one in cards if isinstance(one.get("id"), str)][:200]
    await bring(db, sets, [])
    both = [[one, {**one, "set": {"id": sets[-1]["id"]}, "twin": True}] for one in sound]
    await bring(db, [], [one for pair in both for one in pair])

    run = await normalize(db, database_url, jobs=8, batch_size=1)

    told = await totals(db, run)
    assert told["cards"][3] == await db.fetchval("select count(*) from raw_imports where kind = 'card'")
    assert told["cards"][1] > 50
    assert await events_of(db, run, "no_progress") == []
    strays = await db.fetchval(
        """
        select count(*) from raw_imports r join card_prints p on p.source_card_id = r.external_id
          join card_sets s on s.id = p.set_id
         where r.status = 'normalized' and r.kind = 'card' and r.payload #>> '{set,id}' <> s.source_set_id
        """
    )
    assert strays == 0
    assert truth.sets == told["sets"][0]


@pytest.mark.timeout(150)
async def test_twenty_workers_killed_in_the_middle_cost_nothing_and_repeat_nothing(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    seed = secrets.randbelow(1_000_000)
    print(f"seed {seed}")  # noqa: T201 - without it a failure cannot be repeated.
    killed = 0
    while killed < KILLS:
        with new_database("migrated") as url:
            async with open_database(url, size=3) as db:
                killed += await _survive(db, url, tmp_path, Random(seed + killed))


async def _survive(db: Database, url: str, folder: Path, dice: Random) -> int:
    """One run, during which as many workers are killed as its jobs can bear; answers how many that were."""
    truth = await fill(db, CARDS_A_RUN, dice.randrange(1000))
    killed: list[int] = []
    with nursery(url, folder, concurrency=1, **HASTE) as hire:
        for _ in range(CREW):
            hire()
        await until(lambda: registered(db, CREW))
        run = await start(db, "normalize_batch", {"source": "pokemonapi", "jobs": 12, "batch_size": 2})
        while len(killed) < KILLS_A_RUN:
            await _get_on(db, run, by=dice.randrange(60))
            if not (pids := (await until(lambda: _victims(db, run, killed)))[0]):
                break
            killed.append(dice.choice(pids))
            os.kill(killed[-1], signal.SIGKILL)
            hire()
        await until(lambda: ended(db, run), seconds=40)

    assert killed
    assert (await run_row(db, run))["state"] == "completed"
    assert await db.fetchval("select sum(crashes) from worker.job_history") >= len(killed)
    await assert_whole(db, truth, run)
    return len(killed)


async def _get_on(db: Database, run: UUID, by: int) -> None:
    before = (await run_row(db, run))["processed_items"]

    async def got_on() -> bool:
        return (await run_row(db, run))["processed_items"] >= before + by or bool(await ended(db, run))

    await until(got_on)


async def _victims(db: Database, run: UUID, killed: list[int]) -> tuple[list[int]] | None:
    """Workers in the middle of a job that can bear another death; nobody when no such will come any more."""
    rows = await db.fetch(
        """
        select w.pid, max(j.crashes) < $2 as bearable
          from worker.workers w join worker.jobs j on j.worker_id = w.id and j.state = 'running'
         where w.pid <> all($1::int[]) group by w.pid order by w.pid
        """,
        killed,
        CRASHES_BORNE,
    )
    found = [row["pid"] for row in rows if row["bearable"]]
    hopeless = len(rows) - len(found) >= CREW or await ended(db, run)
    return (found,) if found or hopeless else None
