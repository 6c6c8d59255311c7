"""mintmark enqueue, job, queue and kinds."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Cli, Said

KINDS = (
    "account_sync",
    "collect",
    "demo",
    "ebay_limits",
    "normalize_batch",
    "price_curve",
    "price_index",
    "seller_sync",
    "snapshot",
    "sync_orgs",
    "valuation",
)


def job(cli: Cli, said: Said) -> dict[str, object]:
    return cli("job", "show", int(said.out), "--json").row()


def test_a_payload_comes_as_json_from_a_file_or_from_standard_input(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text('{"items": 2}', encoding="utf-8")

    said = [
        cli("enqueue", "demo", '{"items": 2}'),
        cli("enqueue", "demo", "@payload.json"),
        cli("enqueue", "demo", "-", stdin='{"items": 2}\n'),
        cli("enqueue", "demo"),
    ]

    assert [(one.code, one.out, one.err) for one in said] == [(0, f"{n}\n", "") for n in (1, 2, 3, 4)]
    assert cli("enqueue", "demo", "{}", "--json").rows() == [{"job": 5}]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("{", "the payload cannot be used: not JSON at line 1, column 2"),
        ("", "not JSON at line 1, column 1"),
        ('{"seconds": NaN}', "NaN is not a JSON number"),
        ('{"seconds": 1e999}', "too large to hold"),
        ('{"a\\u0000": 1}', "a text holds NUL"),
        ('{"items": 1, "items": 2}', "says the key 'items' twice"),
        ("[" * 100 + "]" * 100, "nested more than 64 deep"),
        ("@nowhere.json", "the payload cannot be read: No such file or directory: nowhere.json"),
        ("@.", "the payload cannot be read: Is a directory"),
        ("@latin1.json", "the payload is not UTF-8 at byte 7"),
        ("[1]", "demo: the payload must be a JSON object, not array"),
        ("null", "demo: the payload must be a JSON object, not null"),
        ('{"items": "2"}', 'the key "items" must be integer, not string'),
        ('{"itens": 2}', 'the payload has an unknown key "itens"; known are: block, cost_cents'),
    ],
)
def test_a_payload_that_cannot_be_used_is_wrong_use_and_says_why(
    cli: Cli, tmp_path: Path, payload: str, words: str
) -> None:
    (tmp_path / "latin1.json").write_bytes(b'{"x": "\xe9"}')

    said = cli("enqueue", "demo", payload)

    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert cli("job", "list", "--json").rows() == []


def test_a_kind_nobody_knows_is_wrong_use_and_the_known_ones_are_named(cli: Cli) -> None:
    said = cli("enqueue", "nonsense")

    assert (said.code, said.out) == (2, "")
    assert said.err == f'mintmark: unknown kind "nonsense"; known are: {", ".join(KINDS)}\n'


def test_options_of_enqueue_reach_the_job(cli: Cli) -> None:
    options = ["--queue", "night", "--priority", "7", "--run-at", "2199-01-01T00:00:00", "--dedupe-key", "k"]
    first, again = cli("enqueue", "demo", "{}", *options), cli("enqueue", "demo", "{}", *options)

    found = job(cli, first)
    assert first.out == again.out
    assert [found[key] for key in ("queue", "priority", "state")] == ["night", 7, "scheduled"]
    assert str(found["run_at"]).startswith("219")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--priority", "99999999999"], "cannot take that value"),
        (["--queue", ""], "a queue has a name"),
    ],
)
def test_options_out_of_bounds_are_wrong_use(cli: Cli, options: list[str], words: str) -> None:
    said = cli("enqueue", "demo", "{}", *options)

    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_a_run_that_has_ended_takes_no_job_and_that_is_a_failure(cli: Cli) -> None:
    run = cli("run", "start", "demo").out.strip()
    cli("run", "cancel", run)

    said = cli("enqueue", "demo", "{}", "--run", run)

    assert (said.code, said.out) == (1, "")
    assert "is cancelled: it takes no more jobs" in said.err


def test_jobs_are_listed_newest_first_by_state_kind_and_queue(cli: Cli) -> None:
    for queue in ("a", "b", "a"):
        cli("enqueue", "demo", "{}", "--queue", queue)
    cli("job", "cancel", 1)

    assert [row["id"] for row in cli("job", "list", "--json").rows()] == [3, 2, 1]
    assert [
        row["id"] for row in cli("job", "list", "--queue", "a", "--state", "pending", "--json").rows()
    ] == [3]
    assert [row["id"] for row in cli("job", "list", "--limit", 1, "--json").rows()] == [3]
    assert cli("job", "list", "--kind", "nobody", "--json").out == ""
    assert cli("job", "list", "--kind", "nobody").err == "no such jobs\n"


def test_a_job_is_cancelled_retried_and_shown(cli: Cli) -> None:
    cli("enqueue", "demo")
    cancelled, shown = cli("job", "cancel", 1), cli("job", "show", 1)
    again, retried, live = cli("job", "cancel", 1), cli("job", "retry", 1), cli("job", "retry", 1)

    assert (cancelled.code, cancelled.out, cancelled.err) == (0, "", "job 1: cancelled\n")
    assert "cancelled" in shown.out
    assert (again.code, again.err) == (1, "mintmark: a cancelled job cannot cancel\n")
    assert (retried.code, retried.out, retried.err) == (0, "", "job 1 waits again\n")
    assert (live.code, live.err) == (1, "mintmark: a pending job cannot retry\n")


@pytest.mark.parametrize(
    "arguments", [["job", "show", "7"], ["job", "retry", "7"], ["job", "cancel", "7"], ["run", "show", "7"]]
)
def test_what_is_not_there_is_a_failure_that_says_where_to_look(cli: Cli, arguments: list[str]) -> None:
    said = cli(*arguments)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("mintmark: ")
    assert len(said.err.splitlines()) == 1


def test_a_number_no_job_can_have_is_wrong_use(cli: Cli) -> None:
    assert cli("job", "show", "99999999999999999999").code == 2


def test_a_paused_queue_says_so_until_it_is_resumed(cli: Cli) -> None:
    cli("enqueue", "demo")
    paused = cli("queue", "pause", "default")
    held = {row["queue"]: (row["paused"], row["pending"]) for row in cli("queue", "list", "--json").rows()}
    resumed = cli("queue", "resume", "default")
    free = {row["queue"]: row["paused"] for row in cli("queue", "list", "--json").rows()}

    assert (paused.code, paused.out, paused.err) == (0, "", "queue default is paused\n")
    assert (resumed.code, resumed.out, resumed.err) == (0, "", "queue default goes on\n")
    quiet = ("catalog", "collect", "pricing", "sync")
    assert held == {"default": (True, 1)} | dict.fromkeys(quiet, (False, 0))
    assert free == {"default": False} | dict.fromkeys(quiet, False)


def test_the_kinds_are_listed_with_what_they_take(cli: Cli) -> None:
    rows = {row["kind"]: row for row in cli("kinds", "--json").rows()}

    assert set(rows) == set(KINDS)
    assert rows["normalize_batch"]["schema"]["required"] == ["source"]
    assert "cost_cents" in rows["demo"]["takes"]
    assert "normalize_batch" in cli("kinds").out


def test_what_rich_takes_for_markup_is_printed_as_it_is(cli: Cli) -> None:
    cli("enqueue", "demo", "{}", "--queue", "[/red]")
    cli("run", "start", "demo", "--name", "[bold]x[/nope]")

    assert "[/red]" in cli("queue", "list").out
    assert "[/red]" in cli("job", "list").out
    assert "[/red]" in cli("job", "show", 1).out
    assert "[bold]x[/nope]" in cli("run", "list").out
    assert "queue [/red] is paused" in cli("queue", "pause", "[/red]").err


def test_off_a_terminal_a_row_is_one_line(cli: Cli) -> None:
    run = cli("run", "start", "demo").out.strip()

    lines = cli("run", "list").out.splitlines()

    assert len(lines) == 2
    assert run in lines[1]


def test_every_line_of_json_is_one_object(cli: Cli) -> None:
    cli("run", "start", "demo", '{"items": 1}')
    cli("enqueue", "demo")

    for arguments in (
        ["run", "list"],
        ["job", "list"],
        ["queue", "list"],
        ["kinds"],
        ["migrate", "--list"],
        ["doctor"],
    ):
        lines = cli(*arguments, "--json").out.splitlines()
        assert lines
        assert all(isinstance(json.loads(line), dict) for line in lines)


def test_limits_are_set_shown_and_lifted(cli: Cli) -> None:
    assert cli("limit", "demo", "--concurrency", "3", "--rate", "5/2 seconds").err.strip() == (
        "demo: 3 at once, 5 in 2 s"
    )
    (shown,) = [row for row in cli("kinds", "--json").rows() if row["kind"] == "demo"]
    assert (shown["concurrency"], shown["starts"], shown["limits"]) == (3, 5, "3 at once, 5 in 2 s")

    assert cli("limit", "demo", "--none").err.strip() == "demo: no limits"
    (shown,) = [row for row in cli("kinds", "--json").rows() if row["kind"] == "demo"]
    assert (shown["concurrency"], shown["limits"]) == (None, "no limits")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo"], "give --concurrency, --rate or both; or --none"),
        (["demo", "--none", "--rate", "1/second"], "give --concurrency, --rate or both; or --none"),
        (["demo", "--rate", "fast"], "'fast' is no rate; write it like 100/minute"),
        (["demo", "--rate", "5/0 seconds"], "a time above 0"),
        (["nonsense", "--concurrency", "1"], 'unknown kind "nonsense"'),
    ],
)
def test_a_limit_that_makes_no_sense_is_wrong_use_and_says_why(
    cli: Cli, arguments: list[str], words: str
) -> None:
    said = cli("limit", *arguments)

    assert (said.code, said.out) == (2, "")
    assert words in " ".join(said.err.split())
