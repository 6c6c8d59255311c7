"""mintmark titles: every line is answered, as soon as it comes, by a process that loads little."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_transcripts import environ

KEYS = "title condition grader grade language variant quantity number left_out why".split()  # noqa: SIM905
COMMAND = [sys.executable, "-m", "worker", "titles"]


def told(given: bytes, *arguments: str) -> list[dict[str, Any]]:
    """What the command answers to these lines."""
    done = subprocess.run([*COMMAND, *arguments], input=given, env=environ(), capture_output=True, check=True)
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_is_answered_by_a_line_with_these_keys_in_this_order() -> None:
    [row] = told(b"PSA 9 Charizard 4/102 Base Set Unlimited\n")

    assert list(row) == KEYS
    assert list(row.values()) == [
        "PSA 9 Charizard 4/102 Base Set Unlimited",
        *(None, "PSA", "9", "en", "unlimited", 1, "4/102", "graded", "graded: psa 9"),
    ]


def test_a_name_and_a_number_may_stand_behind_tabs() -> None:
    rows = told(
        b"Replica Machine 12/99\nReplica Machine 12/99\tReplica Machine\n"
        b"Charizard 4/130\tCharizard\t4/102\nCharizard 4/130\t\t4/130\tmore\n"
    )

    assert [row["left_out"] for row in rows] == ["junk", None, "other_card", None]
    assert rows[2]["title"] == "Charizard 4/130"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r",
        b"\t\t",
        b"\xff\xfe\x00",
        "\U0001f525\U0001f409".encode(),
        b"x" * 10_000,
        b"lot " * 50_000,
        "\u2028\x0b\x0c\x85".encode(),
        b'"\\',
    ],
)
def test_any_line_is_answered_and_is_no_error(line: bytes) -> None:
    rows = told(b"first\n" + line + b"\nlast")

    assert [row["title"] for row in rows[::2]] == ["first", "last"]
    assert len(rows) == 3


def test_nothing_is_answered_by_nothing() -> None:
    assert told(b"") == []


def test_titles_come_from_a_file_too(tmp_path: Path) -> None:
    listed = tmp_path / "titles.txt"
    listed.write_bytes(b"\xef\xbb\xbfCharizard 4/102 NM\r\nCharizard LP\r\n")

    assert [row["title"] for row in told(b"", str(listed))] == ["Charizard 4/102 NM", "Charizard LP"]
    assert told(b"Charizard NM", "-")[0]["condition"] == "NM"


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere")

    done = subprocess.run([*COMMAND, missing], env=environ(), capture_output=True, check=False)

    assert done.returncode == 2
    assert done.stderr == f"mintmark: cannot read {missing}: No such file or directory\n".encode()


def test_a_title_is_answered_while_more_are_awaited() -> None:
    with subprocess.Popen(COMMAND, env=environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(b"Charizard 4/102 LP\nhalf a li")
        running.stdin.flush()

        assert json.loads(running.stdout.readline())["condition"] == "LP"
        running.stdin.write(b"ne")
        running.stdin.close()
        assert json.loads(running.stdout.readline())["title"] == "half a line"


def test_neither_database_nor_settings_are_loaded_for_it() -> None:
    script = "import sys; import worker.commands.titles; print(*sorted(sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", script], env=environ(), capture_output=True, text=True, check=True
    )

    assert not {"pydantic", "asyncpg", "psycopg", "httpx", "worker.settings"} & set(loaded.stdout.split())
