"""Every alarm has its page, and what the page tells somebody to type is there to be typed."""

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Connect
from tests.docs.pages import ROOT, table
from tests.docs.test_tables import commands
from tests.monitoring.rules import ALERTS, Rule
from worker.cli import app

FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ["What it means", "First three commands", "Likely causes", "How it ends"]
SEVERITIES = {"critical", "warning"}
PLAIN = {"> 0", "== 0", "== 1"}
"""What only says "at all"."""

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(mintmark [^`]+|select [^`]+;)`")
STANDS_FOR = re.compile(r"\b[A-Z]{2,}\b")
"""A word in capitals stands for what somebody has to put there."""
COMMANDS = dict(commands("mintmark", app))


def typed(page: Path) -> list[str]:
    """What a page's blocks say to type: commands, and statements that end in a semicolon."""
    found: list[str] = []
    for kind, text in BLOCK.findall(page.read_text("utf-8")):
        found += [
            one.strip() for one in (text.split(";\n") if kind == "sql" else text.splitlines()) if one.strip()
        ]
    return found


def told(page: Path) -> list[str]:
    """The same, and what stands within sentences."""
    prose = BLOCK.sub("", page.read_text("utf-8"))
    return [*typed(page), *(one.rstrip(";") for one in INLINE.findall(prose))]


LINES = [(page, line) for page in PAGES for line in told(page) if line.startswith("mintmark ")]
STATEMENTS = [(page, line) for page in PAGES for line in told(page) if not line.startswith("mintmark ")]


def named(case: object) -> str:
    return case.stem if isinstance(case, Path) else str(case)[:40]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule.name)
def test_an_alarm_says_how_grave_it_is_what_it_is_and_where_its_page_stands(alert: Rule) -> None:
    assert alert.fields["severity"] in SEVERITIES
    assert alert.fields["summary"].endswith(".")
    assert alert.fields["description"].endswith(".")
    assert alert.fields["runbook"] == f"docs/runbooks/{alert.name}.md"
    assert (ROOT / alert.fields["runbook"]).is_file()


def test_no_page_is_left_of_an_alarm_that_is_gone() -> None:
    assert {page.stem for page in PAGES} == {alert.name for alert in ALERTS}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_has_its_four_parts_and_three_commands(page: Path) -> None:
    assert HEADING.findall(page.read_text("utf-8")) == PARTS
    assert len(typed(page)) == 3


@pytest.mark.parametrize(("page", "line"), LINES, ids=named)
def test_a_command_of_a_page_is_one_that_the_command_line_takes(page: Path, line: str) -> None:
    program, *words = shlex.split(STANDS_FOR.sub("1", line))
    names = [name for name in COMMANDS if f"{program} {' '.join(words)} ".startswith(f"{name} ")]
    assert names, f"{page.name}: there is no command {line}"
    name = max(names, key=len)

    context = COMMANDS[name].make_context(name, words[len(name.split()) - 1 :])  # Raises what it refuses.

    assert context.command is COMMANDS[name]


@pytest.mark.parametrize(("page", "statement"), STATEMENTS, ids=named)
async def test_a_statement_of_a_page_fits_the_schema(page: Path, statement: str, connect: Connect) -> None:
    connection = await connect()

    prepared = await connection.prepare(STANDS_FOR.sub("1", statement))

    assert prepared.get_query(), page


def test_the_index_has_every_alarm_with_its_severity_threshold_and_time() -> None:
    rows = {
        row[0]: row for row in table("runbooks/README.md", "alarm", "severity", "what", "threshold", "for")
    }

    assert {name: [row[1], row[3], row[4]] for name, row in rows.items()} == {
        f"[{alert.name}]({alert.name}.md)": [
            alert.fields["severity"],
            ", ".join(one for one in alert.thresholds if one not in PLAIN) or "\N{EN DASH}",
            alert.fields.get("for", "at once"),
        ]
        for alert in ALERTS
    }
