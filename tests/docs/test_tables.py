"""Tables of the docs say what the code says: settings, events, metrics, commands, states, libraries."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from typing import TypeAlias

import typer
from prometheus_client.metrics import MetricWrapperBase

from tests.docs.pages import ROOT, blocks, table
from worker import observe
from worker.cli import app
from worker.errors import CredentialRevoked
from worker.queue import states as job_states
from worker.runs import states as run_states
from worker.runs.work import UnknownCheckpoint
from worker.settings import Setting, known_settings
from worker.tally import Distribution, Tally

PACKAGE = ROOT / "worker"
NOTHING = "\N{EN DASH}"
Metric: TypeAlias = MetricWrapperBase | Tally | Distribution


def test_the_settings_page_has_every_setting() -> None:
    wanted = [[s.name, ".".join(s.key), s.type, default(s), s.description] for s in known_settings()]

    assert table("settings.md", "environment", "in worker.toml", "type", "default", "meaning") == wanted


def default(setting: Setting) -> str:
    if setting.default is None:
        return "not set"
    return str(setting.default).lower() if isinstance(setting.default, bool) else str(setting.default)


def test_the_events_page_has_every_event() -> None:
    rows = table("events.md", "event", "meaning", "beside it")

    assert [row[:2] for row in rows] == [[event, text] for event, text in observe.EVENTS.items()]


def test_the_facts_beside_an_event_are_those_it_is_said_with() -> None:
    said = facts_by_event()
    told = {
        event: set(beside.split(", "))
        for event, _, beside in table("events.md", "event", "meaning", "beside it")
    }

    assert {event: told[event] for event in said if said[event]} == {
        event: f for event, f in said.items() if f
    }


def facts_by_event() -> dict[str, set[str]]:
    """The keywords with which each event is said anywhere; those in ``**facts`` are not seen."""
    facts: dict[str, set[str]] = {event: set() for event in observe.EVENTS}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute() | ast.Name(), args=[ast.Constant(value=str(event)), *_]
                ) if event in facts and ast.unparse(node.func) in {"say", "observe.say", "_log.error"}:
                    facts[event] |= {k.arg for k in node.keywords if k.arg} - {"level", "exc_info"}
    return facts


def test_the_log_of_a_run_is_told_in_full() -> None:
    migrations = "".join(path.read_text("utf-8") for path in (ROOT / "migrations").glob("*.sql"))
    code = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    written = {
        *re.findall(r"log_run\([\w.]+, '\w+', '(\w+)'", migrations),
        *re.findall(r"\.log\((?:\w+, )?\"\w+\", \"(\w+)\"", code),
        UnknownCheckpoint.code,
        CredentialRevoked.code,
        *map(str, run_states.TERMINAL),
    }

    assert {row[0] for row in table("events.md", "event", "meaning")} == written


def test_the_metrics_table_has_every_metric() -> None:
    wanted = [
        [name(metric), *described(metric)]
        for metric in vars(observe).values()
        if isinstance(metric, (MetricWrapperBase, Tally, Distribution))
    ]

    assert table("operating.md", "name", "type", "labels", "meaning") == wanted


def name(metric: Metric) -> str:
    if isinstance(metric, (Tally, Distribution)):
        return metric.name
    return f"{metric._name}_total" if metric._type == "counter" else metric._name


def described(metric: Metric) -> tuple[str | None, str, str]:
    """Type, labels and meaning."""
    if isinstance(metric, (Tally, Distribution)):
        kind = "counter" if isinstance(metric, Tally) else "histogram"
        return kind, ", ".join(metric.labels) or NOTHING, metric.text
    return metric._type, ", ".join(metric._labelnames) or NOTHING, metric._documentation


def test_the_commands_page_has_every_command() -> None:
    wanted = [[name, takes(command) or NOTHING, told(command)] for name, command in commands("mintmark", app)]

    assert table("cli.md", "command", "takes", "what it does") == wanted


def commands(path: str, app: typer.Typer) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    yield from _leaves(path, typer.main.get_command(app))


def _leaves(path: str, command: object) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    if isinstance(command, typer.core.TyperGroup):
        for name, inner in command.commands.items():
            yield from _leaves(f"{path} {name}", inner)
    else:
        assert isinstance(command, typer.core.TyperCommand)
        yield path, command


def takes(command: typer.core.TyperCommand) -> str:
    shown = []
    for one in command.params:
        if isinstance(one, typer.core.TyperArgument):
            word = str(one.name).upper()
            shown.append(word if one.required else f"[{word}]")
        elif one.name != "help":
            shown.append(max(one.opts, key=len))
    return " ".join(shown)


def told(command: typer.core.TyperCommand) -> str:
    return inspect.cleandoc(command.help or "").splitlines()[0]


def test_the_chart_of_runs_is_the_one_the_code_draws() -> None:
    page = (ROOT / "docs" / "run-states.md").read_text("utf-8")

    assert re.findall(r"```mermaid\n(.*?)\n```", page, re.DOTALL) == [run_states.chart()]


def test_the_table_of_jobs_is_the_one_the_code_obeys() -> None:
    lawful = [[str(state), str(event), str(to)] for (state, event), to in job_states.LAWFUL.items()]

    assert table("run-states.md", "from", "event", "to") == lawful


def test_the_table_of_libraries_has_each_at_the_version_that_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked += [one for extra in project["project"]["optional-dependencies"].values() for one in extra]
    locked = dict(
        re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements-dev.lock").read_text("utf-8"), re.MULTILINE)
    )
    names = {re.split(r"[^\w-]", one)[0] for one in asked}

    told = {
        row[0]: row[1]
        for row in table("decisions/0001-libraries.md", "library", "version", "what for", "who knows it")
    }

    assert told == {name: locked[name] for name in names}


def test_the_readme_shows_what_a_handler_costs() -> None:
    """One file, one line, one test: the three that the first page promises."""
    shown = {block.runs for block in blocks() if block.page.name == "README.md"}

    assert {"worker/handlers/backlog.py", "backlog in the list", "tests/handlers/test_backlog.py"} <= shown
