"""Nothing is measured in vain: a rule or a panel asks for each metric, or a page says what it is good for."""

import re
from collections.abc import Iterator

from tests.docs.pages import PAGES, ROOT
from tests.docs.test_tables import Metric, name
from tests.monitoring.rules import RULES
from worker import observe

DASHBOARDS = ROOT / "deploy" / "grafana"
ROW_OF_A_TABLE = re.compile(r"^\|.*\n", re.MULTILINE)
"""The table that lists all metrics uses none of them."""


def metrics() -> Iterator[str]:
    for metric in vars(observe).values():
        if isinstance(metric, Metric):
            yield name(metric)


def uses() -> Iterator[str]:
    yield from (rule.expression for rule in RULES)
    yield from (path.read_text("utf-8") for path in DASHBOARDS.rglob("*.json"))
    yield from (ROW_OF_A_TABLE.sub("", page.read_text("utf-8")) for page in PAGES)


def test_every_metric_is_used_by_a_rule_a_panel_or_a_page() -> None:
    everything = "\n".join(uses())

    unused = [one for one in metrics() if not re.search(rf"\b{one}(_bucket|_sum|_count)?\b", everything)]

    assert not unused, f"measured in vain: {', '.join(unused)}"
