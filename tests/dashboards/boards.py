"""The boards as Grafana reads them: files of JSON, with panels that ask questions."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.monitoring.rules import RECORDED, hurried

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))

METRIC = re.compile(r"\bmintmark_\w+")
NAMED = re.compile(r"[\w]+:mintmark_\w+:\w+")
PAGE = re.compile(r"docs/runbooks/(\w+)\.md")
RATE_SCRAPES = 4
"""Grafana's ``$__rate_interval`` is at least so many scrapes."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a board, as it stands in the file; ``facts`` is all of it."""

    board: str
    facts: Mapping[str, Any]

    @property
    def title(self) -> str:
        return str(self.facts["title"])

    @property
    def kind(self) -> str:
        return str(self.facts["type"])

    @property
    def description(self) -> str:
        return str(self.facts["description"])

    @property
    def expressions(self) -> list[str]:
        return [str(target["expr"]) for target in self.facts["targets"]]

    @property
    def alarms(self) -> list[str]:
        """The alarms whose pages it names."""
        return PAGE.findall(self.description)

    @property
    def limits(self) -> list[float]:
        """The values from which on its colour changes."""
        steps = self.facts["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
        return [float(step["value"]) for step in steps if step["value"] is not None]

    def __str__(self) -> str:
        return f"{self.board}: {self.title}"


def boards() -> dict[str, dict[str, Any]]:
    """Each file's content, by its name without the ending."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in FILES}


def panels() -> Iterator[Panel]:
    """All panels of all boards but their rows."""
    for name, board in boards().items():
        yield from (Panel(name, facts) for facts in board["panels"] if facts["type"] != "row")


def spelled_out(expression: str) -> str:
    """The expression, with what it takes from the recorded spelled out as it is recorded."""
    rules = {rule.name: rule.expression for rule in RECORDED}
    return NAMED.sub(lambda found: f"({rules[found[0]]})", expression)


def metrics(expression: str) -> set[str]:
    """The metrics of workers that an expression comes from, recorded ones looked through."""
    return set(METRIC.findall(spelled_out(expression)))


def filled_in(expression: str, *, seconds: int, scrape: int, factor: int) -> str:
    """The expression as Grafana sends it: all of every variable, over a time; its own ranges are hurried."""
    asked = hurried(expression, factor)
    asked = asked.replace("$__rate_interval", f"{scrape * RATE_SCRAPES}s").replace("$__range", f"{seconds}s")
    return re.sub(r"\$[a-z]\w*", ".*", asked)
