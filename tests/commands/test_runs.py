"""mintmark run: start, look, steer."""

from functools import partial
from pathlib import Path
from uuid import UUID

import anyio
import anyio.to_thread
import pytest

from benchmarks.dirty_cards import dirty_catalogue
from tests.commands.conftest import Cli, Said
from tests.handlers.catalogue import bring, totals
from tests.runs.scene import ended, events, items, job_states, nursery, run_row, until
from worker.db import Database


def test_a_run_is_started_listed_shown_and_steered_by_the_beginning_of_its_id(cli: Cli) -> None:
    started = cli("run", "start", "demo", '{"items": 3}', "--name", "rehearsal", "--budget-cents", "12.5")
    run = started.out.strip()
    paused = cli("run", "pause", run[:8], "--reason", "lunch")
    held = cli("run", "show", run[:6].upper(), "--json").row()
    resumed = cli("run", "resume", run[:8], "--budget-cents", "99")
    cancelled = cli("run", "cancel", run[:8])
    over = cli("run", "show", run, "--json").row()

    assert (started.code, str(UUID(run))) == (0, run)
    assert started.err == "estimated 0.00 of 12.50 cents\n"
    assert (paused.code, paused.out) == (0, "")
    assert paused.err == "paused; 0 job(s) at work stop at their next safe point\n"
    assert [held[key] for key in ("state", "reason", "budget_cap_cents", "name")] == [
        "paused",
        "lunch",
        "12.5000",
        "rehearsal",
    ]
    assert (resumed.code, resumed.out, resumed.err) == (0, "", "resumed\n")
    assert (cancelled.code, cancelled.out) == (0, "")
    assert [over[key] for key in ("state", "budget_cap_cents", "live_jobs")] == ["cancelled", "99.0000", 0]
    assert [one["event"] for one in over["events"]] == ["created", "paused", "resumed", "cancelled"]
    assert over["params"] == {"items": 3}


def test_a_run_started_with_json_answers_with_json(cli: Cli) -> None:
    row = cli("run", "start", "demo", "{}", "--json").row()

    assert [one["id"] for one in cli("run", "list", "--json").rows()] == [row["run"]]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 2, "must be given"),
        ("%", 1, "no run's id begins with '%'"),
        ("_", 1, "no run's id begins with '_'"),
        ("zzz", 1, "no run's id begins with 'zzz'"),
    ],
)
def test_no_run_is_steered_by_accident(cli: Cli, text: str, code: int, words: str) -> None:
    run = cli("run", "start", "demo").out.strip()

    said = cli("run", "cancel", text)

    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert cli("run", "show", run, "--json").row()["state"] == "pending"


def test_a_beginning_that_fits_several_runs_steers_none(cli: Cli) -> None:
    runs = [cli("run", "start", "demo").out.strip() for _ in range(17)]
    first = {run[0]: sum(other[0] == run[0] for other in runs) for run in runs}
    shared = next(letter for letter, count in first.items() if count > 1)

    said = cli("run", "cancel", shared)

    assert said.code == 1
    assert "several runs' ids begin with" in said.err
    assert {row["state"] for row in cli("run", "list", "--json").rows()} == {"pending"}


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_an_unlawful_move_is_a_failure_that_names_both_ends(cli: Cli, verb: str) -> None:
    run = cli("run", "start", "demo").out.strip()
    cli("run", "cancel", run)

    said = cli("run", verb, run)

    assert (said.code, said.out, said.err) == (1, "", f"mintmark: a cancelled run cannot {verb}\n")


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        ("much", "--budget-cents takes an amount such as 250 or 12.5, not 'much'"),
        ("NaN", "takes an amount"),
        ("Infinity", "takes an amount"),
        ("-1", "a budget cap is an amount of 0 or more"),
        ("1e20", "less than 10^10 cents"),
    ],
)
def test_a_budget_that_is_no_amount_is_wrong_use(cli: Cli, cents: str, words: str) -> None:
    said = cli("run", "start", "demo", "{}", "--budget-cents", cents)

    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert cli("run", "list", "--json").rows() == []


def test_with_no_runs_the_list_says_so_on_stderr_and_json_says_nothing(cli: Cli) -> None:
    assert (cli("run", "list").out, cli("run", "list").err) == ("", "no runs yet\n")
    assert cli("run", "list", "--json").out == ""


def test_nothing_failed_means_nothing_to_retry(cli: Cli) -> None:
    run = cli("run", "start", "demo").out.strip()

    said = cli("run", "retry-failed", run)

    assert (said.code, said.out, said.err) == (0, "", "0 failed item(s) and 0 job(s) wait again\n")


def test_a_drained_run_is_shown_with_its_summary_and_watching_it_returns_at_once(cli: Cli) -> None:
    run = cli("run", "start", "demo", '{"items": 4}').out.strip()
    drained = cli("worker", "--drain", WORKER_OPS__ENABLED="false", WORKER_QUEUE__POLL_SECONDS="0.05")
    watched, shown = cli("run", "watch", run), cli("run", "show", run)

    assert (drained.code, drained.out) == (0, "")
    assert (watched.code, watched.out) == (0, "")
    assert cli("run", "show", run, "--json").row()["summary"]["demo"] == {"completed": 4}
    assert "completed" in shown.out


async def test_a_normalising_run_is_paused_resumed_and_cancelled_from_the_command_line_between_two_batches(
    cli: Cli, db: Database, database_url: str, tmp_path: Path
) -> None:
    async def type_in(*arguments: str) -> Said:
        said = await anyio.to_thread.run_sync(partial(cli, *arguments))
        assert said.code == 0, said.err
        return said

    async def at_rest() -> bool:
        return "running" not in await job_states(db, run)

    async def processed(count: int) -> bool:
        return bool((await run_row(db, run))["processed_items"] >= count)

    sets, cards, truth = dirty_catalogue(3000, seed=23)
    await bring(db, sets, cards)
    run = UUID(
        (await type_in("run", "start", "normalize_batch", '{"source": "dump", "batch_size": 2}')).out.strip()
    )
    with nursery(database_url, tmp_path) as hire:
        hire()
        await until(partial(processed, 100))
        await type_in("run", "pause", str(run)[:8])
        await until(at_rest)
        paused = await run_row(db, run)
        worked = await items(db, run)
        far = await db.fetchval(
            "select max(checkpoint ->> 'kind' || ' ' || (checkpoint ->> 'after')) from worker.jobs"
        )
        settled = await db.fetchval("select count(*) from raw_imports where status <> 'pending'")
        await type_in("run", "resume", str(run)[:8])
        await until(partial(processed, paused["processed_items"] + 100))
        await type_in("run", "cancel", str(run)[:8])
        await until(at_rest)
        kept = await run_row(db, run)
        rest = UUID((await type_in("run", "start", "normalize_batch", '{"source": "dump"}')).out.strip())
        await until(lambda: ended(db, rest))

    assert (paused["state"], paused["processed_items"], len(worked)) == ("paused", settled, settled)
    assert far.startswith("card ")
    assert far != "card 0"
    assert (kept["state"], kept["processed_items"]) == ("cancelled", len(await items(db, run)))
    assert await events(db, run) == ["created", "started", "paused", "resumed", "cancelled"]
    done = kept["processed_items"] + (await run_row(db, rest))["processed_items"]
    assert done == len(sets) + len(cards)
    assert await db.fetchval("select count(*) from card_prints") == truth.readable
    assert (await totals(db, rest))["cards"][3] > 0
