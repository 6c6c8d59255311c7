"""The money of runs on the command line: estimates, places, limits of an org, quotas."""

from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import anyio.to_thread
import psycopg
import pytest

from tests.commands.conftest import Cli
from tests.commands.test_run_looks import FREE_WORKER, words
from tests.runs.scene import claim, end, events, run_row, start, work
from worker.db import Database
from worker.queue.states import JobState
from worker.runs.items import Item


@pytest.mark.parametrize(
    ("cap", "said", "event"),
    [
        (20, "estimated 20.00 of 20.00 cents", "estimated"),
        (19.5, "estimated 20.00 cents, over the cap of 19.50: the run will pause when", "estimate_over_cap"),
    ],
)
def test_an_estimate_is_said_and_kept_before_the_run_begins(
    cli: Cli, cap: float, said: str, event: str
) -> None:
    started = cli("run", "start", "demo", '{"items": 40, "cost_cents": 0.5}', "--budget-cents", cap, "--json")

    row = started.row()
    shown = cli("run", "show", row["run"], "--json").row()
    assert words(started.err).startswith(said)
    assert [row["estimated_cents"], row["over_cap"]] == ["20.0000", cap < 20]
    assert [shown["state"], shown["estimated_cents"]] == ["pending", "20.0000"]
    assert [one["event"] for one in shown["events"]] == ["created", event]


def test_a_kind_that_makes_no_estimate_says_nothing_of_one(cli: Cli) -> None:
    started = cli("run", "start", "normalize_batch", '{"source": "dump"}', "--json")

    assert (started.err, started.row()["estimated_cents"], started.row()["over_cap"]) == ("", None, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["dmo"], 'unknown kind "dmo"'), (["demo", '{"itms": 3}'], 'the payload has an unknown key "itms"')],
)
def test_what_cannot_be_started_is_refused_and_leaves_no_run(
    cli: Cli, arguments: list[str], words: str
) -> None:
    said = cli("run", "start", *arguments)

    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert cli("run", "list", "--json").out == ""


async def test_a_run_that_has_to_wait_for_a_place_says_so_when_it_is_resumed_and_in_the_list(
    cli: Cli, db: Database
) -> None:
    await db.execute("select worker.set_org(max_concurrent_runs => 1)")
    held, busy = await start(db, "demo", {}), await start(db, "demo", {})
    await db.execute("select worker.pause_run($1)", held)
    await work(db, await claim(db)).enter()

    resumed = await anyio.to_thread.run_sync(partial(cli, "run", "resume", held, "--json"))
    listed = await anyio.to_thread.run_sync(partial(cli, "run", "list", "--state", "pending"))

    assert (await run_row(db, busy))["state"] == "running"
    assert resumed.err.startswith("resumed; it has to wait: all places of its org are taken")
    assert resumed.row() == {"run": str(held), "waits": True}
    assert "pending (max_concurrent_runs)" in listed.out


async def test_retrying_says_how_many_items_and_jobs_wait_again(cli: Cli, db: Database) -> None:
    run = await start(db, "demo", {})
    own = work(db, await claim(db))
    await own.enter()
    async with own.commit() as batch:
        batch.items += [Item("card", str(n), "failed", "no_price", "none") for n in range(3)]
    await end(db, own.job)
    broken = await start(db, "demo", {})
    await end(db, await claim(db), JobState.FAILED)

    async def retried(which: UUID) -> tuple[str, object]:
        said = await anyio.to_thread.run_sync(partial(cli, "run", "retry-failed", which, "--json"))
        return said.err, said.row() | {"run": None}

    assert await retried(run) == (
        "3 failed item(s) and 1 job(s) wait again\n",
        {"run": None, "items": 3, "jobs": 1, "waits": False},
    )
    assert (await retried(broken))[0] == "0 failed item(s) and 1 job(s) wait again\n"
    assert await events(db, run) == ["created", "started", "completed", "retried"]


def test_an_org_is_shown_and_changed_and_its_next_run_keeps_to_it(cli: Cli) -> None:
    before = cli("org", "show", "--json").row()
    changed = cli("org", "set", "--budget-cents", "7.5", "--warn", "100, 50", "--max-concurrent-runs", 2)
    daily = cli("org", "set", "--daily-cap-cents", "5", "--json").row()
    cli("run", "start", "demo", '{"items": 9, "cost_cents": 1}')
    cli("worker", "--drain", **FREE_WORKER)
    run, after = cli("run", "list", "--json").row(), cli("org", "show")
    lifted = cli("org", "set", "--no-daily-cap", "--warn", "none", "--json").row()

    assert [before["budget_cap_cents"], before["warn_percents"], before["daily_cap_cents"]] == [
        "2500.0000",
        [80],
        None,
    ]
    assert "budget cap cents 7.50 warn percents 50 %, 100 % max concurrent runs 2" in words(changed.out)
    assert [daily["budget_cap_cents"], daily["daily_cap_cents"]] == ["7.5000", "5.0000"]
    assert [run["budget_cap_cents"], run["reason"], run["spent_cents"]] == ["7.5000", "org_budget", "5.0000"]
    assert "spent today cents 5.00" in words(after.out)
    assert [lifted["daily_cap_cents"], lifted["warn_percents"]] == [None, []]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "say what to change"),
        (["--warn", "80,101"], 2, "--warn takes percentages from 1 to 100"),
        (["--warn", ""], 2, "--warn takes percentages"),
        (["--budget-cents", "much"], 2, "--budget-cents takes an amount"),
        (["--daily-cap-cents", "much"], 2, "--daily-cap-cents takes an amount"),
        (["--daily-cap-cents", "-1"], 2, "an amount of 0 or more"),
        (["--daily-cap-cents", "1", "--no-daily-cap"], 2, "not both"),
        (["--max-concurrent-runs", "0"], 2, "max_concurrent_runs is a number from 1"),
        (["--max-concurrent-runs", "2147483648"], 2, "--max-concurrent-runs"),
        (["--budget-cents", "1", "--org", str(uuid4())], 1, "there is no org"),
        (["--budget-cents", "1", "--org", "mine"], 2, "--org"),
    ],
)
def test_limits_that_make_no_sense_are_refused_and_change_nothing(
    cli: Cli, arguments: list[str], code: int, words: str
) -> None:
    said = cli("org", "set", *arguments)

    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert cli("org", "show", "--json").row()["budget_cap_cents"] == "2500.0000"
    assert cli("org", "show", "--org", uuid4()).code == 1


def test_a_quota_is_set_with_what_the_provider_says_and_listed_with_what_is_left(
    cli: Cli, database_url: str
) -> None:
    assert cli("quota", "list").err.startswith("no quotas: ")
    first = cli("quota", "set", "ebay", 5000, "--remaining", 4000, "--resets-at", "2030-01-01T08:00:00")
    cli("quota", "set", "tcgdex", 10)
    cli("quota", "set", "ebay", 6000)
    listed = {row["api"]: row for row in cli("quota", "list", "--json").rows()}

    assert (first.code, first.out, first.err) == (0, "", "ebay: 5000 calls a day\n")
    assert [listed["ebay"][key] for key in ("calls", "used_calls", "remaining_calls")] == [6000, 1000, 5000]
    assert [listed["tcgdex"][key] for key in ("calls", "used_calls", "remaining_calls")] == [10, 0, 10]
    assert words(cli("quota", "list").out.splitlines()[1]).startswith(
        "ebay 6000 1000 5000 2030-01-01 08:00:00"
    )
    with psycopg.connect(database_url) as connection:
        connection.execute("update worker.api_quotas set resets_at = now() - interval '1 s'")
    assert [row["used_calls"] for row in cli("quota", "list", "--json").rows()] == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eBay", "5"], "'eBay' is no API"),
        (["", "5"], "'' is no API"),
        (["ebay", "-1"], "-1"),
        (["ebay", "many"], "calls"),
        (["ebay", "2147483648"], "calls"),
        (["ebay", "5", "--remaining", "-1"], "--remaining"),
        (["ebay", "5", "--resets-at", "noon"], "--resets-at"),
    ],
)
def test_a_quota_that_makes_no_sense_is_wrong_use(cli: Cli, arguments: list[str], words: str) -> None:
    said = cli("quota", "set", *arguments)

    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert cli("quota", "list", "--json").out == ""


def test_steering_answers_in_json_where_it_is_asked_to(cli: Cli, tmp_path: Path) -> None:
    run = cli("run", "start", "demo").out.strip()

    assert cli("run", "pause", run, "--json").row() == {"run": run, "in_flight": 0}
    assert cli("run", "resume", run, "--json").row() == {"run": run, "waits": False}
    assert cli("run", "cancel", run, "--json").row() == {"run": run, "in_flight": 0}
    assert not list(tmp_path.iterdir())
