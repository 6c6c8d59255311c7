"""The rules as files: read as far as the tests need, and hurried by one factor for a drill.

Read line by line, not as YAML in general: ``test_drill.py`` compares it with what Prometheus itself loaded.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
FILES = sorted((FOLDER / "rules").glob("*.yml"))
CASES = sorted((FOLDER / "tests").glob("*.yml"))

START = re.compile(r"^ +- (?=alert:|record:)", re.MULTILINE)
FIELD = re.compile(r"^ *(\w+): *(.*(?:\n {10,}(?! *\w+: ).*)*)$", re.MULTILINE)
DURATION = re.compile(r"(?<=for: )(\d+)([smhd])\b|(?<=\[)(\d+)([smhd])(?=\])")
MILLISECONDS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
COMPARISON = re.compile(r"(?:[<>]=?|==) -?[\d.]+(?: \* [\d.]+)?")
METRIC = re.compile(r"\bmintmark_\w+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a file: what it is called, and its fields as they are written."""

    file: Path
    name: str
    is_alert: bool
    fields: dict[str, str]

    @property
    def expression(self) -> str:
        return textwrap.dedent(self.fields["expr"].removeprefix("|").strip("\n")).strip()

    @property
    def hold(self) -> str:
        """How long it must be so before it fires."""
        return self.fields.get("for", "0s")

    @property
    def thresholds(self) -> list[str]:
        """What is compared with what, as it stands in the expression."""
        return COMPARISON.findall(self.expression)

    def metrics(self) -> set[str]:
        """Metrics of workers that it asks for; what is recorded is none."""
        return set(METRIC.findall(re.sub(r"\w+:\w+:\w+", "", self.expression)))


def rules_of(file: Path) -> Iterator[Rule]:
    """The rules of one file, in its order."""
    for part in START.split(file.read_text("utf-8"))[1:]:
        fields = {
            name: value.strip('"')
            for name, value in FIELD.findall(re.sub(r"^ *#.*\n?", "", part, flags=re.MULTILINE))
        }
        yield Rule(file, fields.get("alert") or fields["record"], "alert" in fields, fields)


RULES = [rule for file in FILES for rule in rules_of(file)]
ALERTS = [rule for rule in RULES if rule.is_alert]
RECORDED = [rule for rule in RULES if not rule.is_alert]


def hurried(text: str, factor: int) -> str:
    """A file of rules whose ``for:`` and ranges are shorter by a ``factor``; nothing else is changed."""
    return DURATION.sub(lambda found: _shorter(*(one for one in found.groups() if one), factor=factor), text)


def _shorter(number: str, unit: str, *, factor: int) -> str:
    return f"{int(number) * MILLISECONDS[unit] // factor}ms"
