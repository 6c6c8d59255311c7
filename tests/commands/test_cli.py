"""What holds for every command: help, exit codes, and sentences in place of tracebacks."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from typer.main import get_command

from tests.commands.conftest import Cli
from worker.cli import app, exit_code
from worker.commands.failing import in_words
from worker.errors import BadSettings, LeaseLost, MintmarkError, Refused, Unavailable, UserError

DEAD = "postgresql://bob:s3cret@127.0.0.1:1/shop"
SPLIT = "postgresql://bob:s3cret@127.0.0.1:half/shop"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, one in inner.items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands(get_command(app)))


def test_the_commands_of_the_design_are_there() -> None:
    lines = {" ".join(path) for path in COMMANDS}

    assert lines >= {"demo", "worker", "migrate", "doctor", "enqueue", "kinds", "import cards"}
    verbs = ("start", "list", "show", "watch", "pause", "resume", "cancel", "retry-failed")
    assert lines >= {f"run {verb}" for verb in verbs}
    assert lines >= {f"job {verb}" for verb in ("list", "show", "retry", "cancel")}
    assert lines >= {f"queue {verb}" for verb in ("list", "pause", "resume")}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_everything_it_takes(bare: Cli, path: tuple[str, ...]) -> None:
    said = bare(*path, "--help")

    mute = [one.name for one in COMMANDS[path].params if not getattr(one, "help", None)]
    assert (said.code, said.err) == (0, "")
    assert COMMANDS[path].help
    assert mute == []


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "run",
        "run nonsense",
        "run show",
        "job show one",
        "job list --limit 0",
        "job list --limit -1",
        "enqueue",
        "enqueue demo --nonsense",
        "enqueue demo --priority many",
        "enqueue demo --run abc",
        "worker --concurrency 0",
        "import cards",
        "import cards --source ebay",
        "migrate --rollback 0",
    ],
)
def test_wrong_use_exits_2_and_prints_no_data(bare: Cli, line: str) -> None:
    said = bare(*line.split(), DATABASE_URL=DEAD)

    assert said.code == 2
    assert said.err or "Usage" in said.out


@pytest.mark.parametrize(
    "line",
    [
        "kinds",
        "run list",
        "run pause 1",
        "job list",
        "queue pause x",
        "enqueue demo",
        "migrate --check",
        "migrate --list",
        "import cards --source dump",
        "worker",
    ],
)
def test_a_database_that_is_not_there_is_a_sentence_and_exit_1(bare: Cli, line: str) -> None:
    said = bare(*line.split(), DATABASE_URL=DEAD, WORKER_OPS__PORT="0", WORKER_LOG__LEVEL="error")

    told = said.err.strip().splitlines()
    assert (said.code, said.out) == (1, "")
    assert told[-1].startswith("mintmark: ")
    assert "does not answer" in told[-1]
    assert "s3cret" not in said.err


@pytest.mark.parametrize("arguments", [["kinds"], ["migrate", "--check"], ["worker"]], ids=" ".join)
def test_a_url_that_cannot_be_read_is_wrong_use_and_no_part_of_it_is_shown(
    bare: Cli, arguments: list[str]
) -> None:
    said = bare(*arguments, DATABASE_URL=SPLIT, WORKER_OPS__PORT="0")

    assert (said.code, said.out) == (2, "")
    assert "is not like postgresql://user:password@host:port/database" in said.err
    assert "s3cret" not in said.err
    assert "half" not in said.err


def test_a_database_of_another_name_is_refused_in_its_own_words(bare: Cli, database_url: str) -> None:
    said = bare("kinds", DATABASE_URL=database_url.replace("?", "_gone?"))

    assert said.code == 2
    assert "refuses us: database" in said.err
    assert "does not exist" in said.err


@pytest.mark.parametrize(
    "arguments",
    [["run", "list"], ["kinds"], ["enqueue", "demo"], ["worker"], ["queue", "pause", "x"]],
    ids=" ".join,
)
def test_a_database_that_was_never_migrated_is_said_to_be_so(
    bare: Cli, empty_database_url: str, arguments: list[str]
) -> None:
    said = bare(*arguments, DATABASE_URL=empty_database_url, WORKER_OPS__PORT="0")

    assert (said.code, said.out) == (2, "")
    assert "mintmark migrate" in said.err


@pytest.mark.parametrize("text", ["queue.concurency = 1", "[queue]\nlease_seconds = 1"])
def test_a_setting_that_cannot_be_is_wrong_use(bare: Cli, text: str) -> None:
    with open("worker.toml", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)

    said = bare("kinds")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("mintmark: ")


def test_exit_codes_tell_wrong_use_from_what_did_not_work_out() -> None:
    codes: dict[int, list[MintmarkError]] = {
        2: [UserError("x"), BadSettings("x"), *(Refused("x", code=f"MM00{n}") for n in (1, 2, 5))],
        1: [Unavailable("x"), LeaseLost(1, 1), *(Refused("x", code=f"MM00{n}") for n in (3, 4))],
    }

    for code, errors in codes.items():
        assert {exit_code(error) for error in errors} == {code}


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (UserError("mend it"), UserError, "mend it"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Unavailable, "does not answer"),
        (TimeoutError(), Unavailable, "does not answer"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.json"), UserError, "x.json: No such file"),
        (asyncpg.UndefinedTableError("no such table"), UserError, "mintmark migrate"),
        (asyncpg.NumericValueOutOfRangeError("too much"), UserError, "cannot take that value: too much"),
        (asyncpg.DeadlockDetectedError("deadlock"), Unavailable, "cannot just now: deadlock"),
        (
            asyncpg.InsufficientPrivilegeError("permission denied"),
            MintmarkError,
            "refused: permission denied",
        ),
        (ExceptionGroup("g", [ExceptionGroup("h", [UserError("deep")])]), UserError, "deep"),
    ],
)
def test_what_goes_wrong_below_is_told_in_words(
    error: Exception, kind: type[MintmarkError], words: str
) -> None:
    if isinstance(error, asyncpg.PostgresError):
        error = type(error)(str(error))
    told = in_words(error)

    assert isinstance(told, kind)
    assert words in str(told)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bug"),
        AssertionError(),
        ExceptionGroup("g", [UserError("told"), KeyError("bug")]),
        BaseExceptionGroup("g", [UserError("told"), asyncio.CancelledError()]),
    ],
)
def test_a_fault_of_our_own_keeps_its_traceback(error: BaseException) -> None:
    assert in_words(error) is None


def test_a_worker_whose_ops_port_is_taken_exits_2_with_a_sentence_that_says_what_to_set(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        said = cli("worker", WORKER_OPS__PORT=str(port))

    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].startswith(f"mintmark: the ops port 127.0.0.1:{port} cannot be opened")
