"""mintmark run list, show, items and watch: what an operator sees of runs and their money."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import anyio
import anyio.to_thread
import pytest
from rich.console import Console

from tests.commands.conftest import Cli
from tests.docs.test_transcripts import environ
from tests.runs.scene import claim, drain, run_row, start, until, work, working
from worker.commands.amounts import cents
from worker.commands.bars import table_of_runs
from worker.commands.progress import FACTS, LATELY_SECONDS, Pace
from worker.db import Database
from worker.errors import OutcomeUnknown
from worker.runs.items import Item, ItemRef
from worker.runs.prices import PaidCall, Repeat

LOOKUP = PaidCall("shop", "lookup", Repeat.NEVER)
FREE_WORKER = {"WORKER_OPS__ENABLED": "false", "WORKER_QUEUE__POLL_SECONDS": "0.05"}


def words(text: str) -> str:
    """A text with every stretch of blanks as one."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("500", "500.00"), ("0.1", "0.10"), ("0.125", "0.1250"), ("0.0001", "0.0001"), ("1E+3", "1000.00")],
)
def test_cents_are_shown_exactly(amount: str, shown: str) -> None:
    assert cents(Decimal(amount)) == shown


def test_a_run_that_has_spent_its_budget_stands_in_the_list_with_its_reason_and_both_figures(
    cli: Cli,
) -> None:
    cli("run", "start", "demo", '{"items": 9, "cost_cents": 1}', "--budget-cents", 4, "--name", "short")
    cli("run", "start", "demo", '{"items": 2}', "--name", "free")
    cli("worker", "--drain", **FREE_WORKER)

    free, short = [words(line) for line in cli("run", "list").out.splitlines()[1:]]
    assert "short paused (budget) 4/9 0 4.00/4.00 " in short
    assert "free completed 2/2 0 0.00/2500.00 " in free
    assert [row["name"] for row in cli("run", "list", "--state", "paused", "--json").rows()] == ["short"]
    assert cli("run", "list", "--kind", "normalize_batch").err == "no such runs\n"
    assert len(cli("run", "list", "--kind", "demo", "--limit", 1).out.splitlines()) == 2
    assert cli("run", "list", "--state", "tired").code == 2


@pytest.mark.parametrize("width", [80, 120, 200])
def test_on_a_terminal_a_row_has_bars_and_no_figure_is_cut(width: int) -> None:
    run = {"id": uuid4(), "name": "a rather long name of a run", "state": "paused", "reason": "budget"}
    run |= {"processed_items": 1500, "total_items": 2000, "failed_items": 3}
    run |= {"spent_cents": Decimal("1500.0000"), "budget_cap_cents": Decimal("1500.0000")}
    screen = Console(file=StringIO(), force_terminal=True, width=width, color_system=None)

    screen.print(table_of_runs([run], drawn=True, columns=["id", "name", "state", "items", "budget"]))

    printed = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "━━━━━━" in printed
    assert "1500/2000" in printed
    assert "1500.00/1500.00" in printed
    assert str(run["id"])[:8] in printed


async def spend(db: Database, cap: int) -> str:
    """A run with a failed item, one whose outcome nobody knows, and a call on its way; answers its id."""
    run = await start(db, "demo", {}, cap=Decimal(cap))
    own = work(db, await claim(db))
    await own.enter()
    async with own.spend(LOOKUP, "a", item=ItemRef("card", "a"), at_most=Decimal("0.5")) as charge:
        charge.cost(Decimal("0.3"))
    async with own.commit() as batch:
        batch.expected = 4
        batch.checkpoint = {"at": "a"}
        batch.items += [Item("card", "a", "completed", data={"seen": 1}), Item("card", "b", "skipped")]
        batch.items.append(Item("card", "c", "failed", "no_price", "nobody has priced it"))
    with pytest.raises(OutcomeUnknown):
        async with own.spend(LOOKUP, "d", item=ItemRef("card", "d"), at_most=Decimal(1)):
            raise OSError("cut")
    return str(run)


async def test_a_run_is_shown_with_its_jobs_its_items_its_spending_and_its_log(
    cli: Cli, db: Database
) -> None:
    run = await spend(db, 10)

    as_text = (await anyio.to_thread.run_sync(partial(cli, "run", "show", run))).out
    found = (await anyio.to_thread.run_sync(partial(cli, "run", "show", run, "--json"))).row()

    told = words(as_text)
    assert f"id {run} name demo " in told
    assert "items 4/4 2 failed, 1 skipped budget in cents 1.30/10.00" in told
    assert ' demo running 1 0 {"at": "a", "version": 1}' in told
    assert "card failed no_price 1 0.00" in told
    assert "card failed outcome_unknown 1 1.00" in told
    assert "shop lookup 2 1.30 0.00 1.00" in told
    assert "warning outcome_unknown job 1" in told
    assert [found["spending"][0][key] for key in ("calls", "spent_cents", "held_cents", "unknown_cents")] == [
        2,
        "1.3000",
        "0",
        "1.0000",
    ]
    assert found["jobs"][0]["checkpoint"] == {"at": "a", "version": 1}
    assert {one["error_code"]: one["items"] for one in found["items"] if one["state"] == "failed"} == {
        "no_price": 1,
        "outcome_unknown": 1,
    }


async def test_items_are_listed_by_state_and_by_code(cli: Cli, db: Database) -> None:
    run = await spend(db, 10)
    listed = partial(cli, "run", "items", run)

    def look() -> dict[str, Any]:
        return {
            "all": [row["external_id"] for row in listed("--json").rows()],
            "failed": [row["external_id"] for row in listed("--json", "--state", "failed").rows()],
            "no_price": words(listed("--code", "no_price").out.splitlines()[1]),
            "none": listed("--code", "bad_record").err,
            "wrong": listed("--state", "lost").code,
            "data": listed("--json", "--limit", "1").row()["data"],
        }

    assert await anyio.to_thread.run_sync(look) == {
        "all": ["a", "b", "c", "d"],
        "failed": ["c", "d"],
        "no_price": "card c failed 0.00 no_price nobody has priced it",
        "none": "no such items\n",
        "wrong": 2,
        "data": {"seen": 1},
    }


def test_a_rate_is_that_of_the_last_seconds_and_the_time_left_goes_by_it() -> None:
    pace = Pace()
    pace.note(0, 0)
    assert (pace.rate(), pace.seconds_left(100)) == (0, None)
    for second in range(1, 31):
        pace.note(second, 1000 * min(second, 10) + 2 * max(0, second - 10))

    assert pace.rate() == pytest.approx(2)
    assert pace.seconds_left(10_140) == pytest.approx(50)
    assert pace.seconds_left(0) is None
    pace.note(30 + LATELY_SECONDS, 10_040)
    assert (pace.rate(), pace.seconds_left(10_140)) == (0, None)


def test_a_count_that_goes_back_because_items_wait_again_is_no_rate() -> None:
    pace = Pace()
    pace.note(0, 50)
    pace.note(1, 20)

    assert (pace.rate(), pace.seconds_left(50)) == (0, None)


@pytest.mark.parametrize(("cap", "code", "state"), [(9, 0, "completed"), (4, 1, "paused"), (0, 1, "paused")])
def test_watching_ends_with_the_run_or_its_pause_and_says_by_its_exit_code_which(
    cli: Cli, cap: int, code: int, state: str
) -> None:
    run = cli("run", "start", "demo", '{"items": 9, "cost_cents": 1}', "--budget-cents", cap).out.strip()
    cli("worker", "--drain", **FREE_WORKER)

    plain, as_json = cli("run", "watch", run), cli("run", "watch", run, "--json")

    assert (plain.code, plain.out) == (code, "")
    assert words(plain.err).endswith("paused (budget)" if state == "paused" else "completed")
    assert (as_json.code, as_json.err) == (code, "")
    row = as_json.row()
    assert [row["state"], row["processed_items"], row["seconds_left"]] == [state, cap or 0, None]


async def test_watching_prints_a_line_of_json_for_each_change_while_it_goes_on(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    run = await start(db, "demo", {"items": 40, "cost_cents": 1, "seconds": 2}, cap=Decimal(30))

    with watching(database_url, tmp_path, "watch", str(run), "--json") as lines:
        await until(has(lines, '"pending"'))
        async with working(db, database_url):
            await until(lambda: paused(db, run))
            await until(lambda: ended(lines))

    rows = list(map(json.loads, lines.read()))
    assert lines.process.returncode == 1
    assert rows[0]["state"] == "pending"
    assert (rows[-1]["state"], rows[-1]["reason"], rows[-1]["spent_cents"]) == ("paused", "budget", "30.0000")
    facts = [{key: row[key] for key in FACTS} for row in rows]
    assert all(one != before for before, one in pairwise(facts))
    assert len(rows) > 4
    assert any(
        row["items_a_second"] > 1 and row["seconds_left"] > 0 for row in rows[1:] if row["seconds_left"]
    )


class Lines:
    """A command in a process of its own, and the lines it has printed."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path) -> None:
        self.process, self._path = process, path

    def read(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def watching(url: str, folder: Path, *arguments: str) -> Lines:
    path = folder / "lines"
    with path.open("wb") as out, (folder / "talk").open("wb") as talk:
        command = [sys.executable, "-m", "worker", "run", *arguments]
        process = subprocess.Popen(
            command, cwd=folder, env=environ(DATABASE_URL=url), stdout=out, stderr=talk
        )
    return Lines(process, path)


async def ended(lines: Lines) -> bool:
    return lines.process.poll() is not None


async def paused(db: Database, run: Any) -> bool:
    return bool((await run_row(db, run))["state"] == "paused")


def has(lines: Lines, event: str) -> Callable[[], Any]:
    async def printed() -> bool:
        return any(event in line for line in lines.read())

    return printed


async def test_the_log_is_followed_while_it_is_written_until_the_run_has_ended(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    run = await start(db, "demo", {"items": 3, "cost_cents": 1}, cap=Decimal(2))

    with watching(database_url, tmp_path, "show", str(run), "--follow") as lines:
        await until(has(lines, "created"))
        await drain(database_url)
        await until(has(lines, "paused"))
        assert lines.process.poll() is None
        await db.execute("select worker.resume_run($1, 3)", run)
        await drain(database_url)
        await until(lambda: ended(lines))

    assert lines.process.returncode == 0
    printed = [line.split() for line in lines.read() if " info " in line or " warning " in line]
    assert [line[3] for line in printed] == [
        "created",
        "started",
        "estimate_over_cap",
        "budget_warning",
        "paused",
        "resumed",
        "completed",
    ]


async def test_a_line_that_is_committed_after_later_ones_is_told_all_the_same(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    run = await start(db, "demo", {})
    said = "select worker.log_run($1, 'info', $2)"

    with watching(database_url, tmp_path, "show", str(run), "--follow", "--json") as lines:
        async with db.transaction() as late:
            await late.execute(said, run, "early_bird")
            await db.execute(said, run, "latecomer")
            await until(has(lines, "latecomer"))
        await until(has(lines, "early_bird"))
        await db.execute("select worker.cancel_run($1)", run)
        await until(lambda: ended(lines))

    events = [json.loads(line)["event"] for line in lines.read()]
    assert events == ["created", "latecomer", "early_bird", "cancelled"]


async def test_following_is_ended_by_ctrl_c_and_that_is_no_failure(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    run = await start(db, "demo", {})

    with watching(database_url, tmp_path, "show", str(run), "--follow", "--json") as lines:
        await until(has(lines, "created"))
        lines.process.send_signal(signal.SIGINT)
        await until(lambda: ended(lines))

    assert lines.process.returncode == 0
    assert (tmp_path / "talk").read_text() == ""
