"""mintmark schedule list and run."""

import asyncio
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from tests.commands.conftest import Cli
from worker.cron import Cron
from worker.db import open_database
from worker.queue.schedules import Schedule, Schedules

NIGHTLY = Schedule("nightly", Cron("15 3 * * *", "Europe/Berlin"), "demo", '{"items": 2}', "night", 7)
BROKEN = Schedule("broken", Cron("0 * * * *"), "nonsense")


@pytest.fixture
def seen(database_url: str) -> None:
    """A worker has looked at its schedules once."""

    async def look() -> None:
        async with open_database(database_url, size=2) as db:
            await Schedules(db, [NIGHTLY, BROKEN]).look()

    asyncio.run(look())


@pytest.mark.usefixtures("seen")
def test_schedules_are_listed_with_when_they_are_due_and_what_is_wrong(cli: Cli) -> None:
    broken, nightly = cli("schedule", "list", "--json").rows()

    assert broken["problem"].startswith('unknown kind "nonsense"; known are: account_sync, collect, demo, ')
    due = datetime.fromisoformat(str(nightly.pop("next_at")))
    assert Cron("15 3 * * *", "Europe/Berlin").after(due.replace(second=0)) != due
    assert nightly == {
        "name": "nightly",
        "cron": "15 3 * * *",
        "timezone": "Europe/Berlin",
        "kind": "demo",
        "missed": "once",
        "last_at": None,
        "last_job": None,
        "problem": None,
        "payload": {"items": 2},
        "queue": "night",
        "priority": 7,
    }
    assert "15 3 * * *" in cli("schedule", "list").out


@pytest.mark.usefixtures("seen")
def test_a_schedule_that_no_worker_has_says_so(cli: Cli, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("update worker.schedules set seen_at = '2025-07-01 03:00Z' where name = 'nightly'")

    rows = {row["name"]: row["problem"] for row in cli("schedule", "list", "--json").rows()}

    assert rows["nightly"] == "no worker has it: last seen 2025-07-01 03:00 UTC"


def test_without_schedules_the_list_says_where_they_come_from(cli: Cli) -> None:
    said = cli("schedule", "list")

    assert (said.code, said.out) == (0, "")
    assert said.err == "no schedules: a worker makes known those of its worker.toml\n"


@pytest.mark.usefixtures("seen")
def test_a_schedule_is_run_now_and_its_next_time_stays(cli: Cli) -> None:
    before = cli("schedule", "list", "--json").rows()
    said, again = cli("schedule", "run", "nightly"), cli("schedule", "run", "nightly", "--json")

    job = cli("job", "show", int(said.out), "--json").row()
    assert (said.code, said.err) == (0, "")
    assert [job[key] for key in ("kind", "queue", "priority", "state")] == ["demo", "night", 7, "pending"]
    assert again.row() == {"job": int(said.out) + 1}
    assert cli("schedule", "list", "--json").rows() == before


@pytest.mark.usefixtures("seen")
def test_a_schedule_that_cannot_be_run_says_why(cli: Cli) -> None:
    absent, broken = cli("schedule", "run", "hourly"), cli("schedule", "run", "broken")

    assert (absent.code, absent.out) == (1, "")
    assert absent.err == "mintmark: there is no schedule 'hourly'; see: mintmark schedule list\n"
    assert (broken.code, broken.out) == (2, "")
    assert broken.err.startswith('mintmark: unknown kind "nonsense"')


def test_a_worker_with_a_bad_schedule_does_not_start(cli: Cli, tmp_path: Path) -> None:
    toml = "[schedules.nightly]\ncron = '15 25 * * *'\nkind = 'demo'\n"
    (tmp_path / "worker.toml").write_text(toml)  # Where the command runs.

    said = cli("worker")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("mintmark: schedules.nightly.cron in worker.toml is '15 25 * * *': it must be")
