"""One page of observations: what it names is used, what is used is named there, and labels are few."""

import ast
from functools import cache
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from tests.docs.pages import table
from worker import observe
from worker.tally import Distribution, Tally

PACKAGE = Path(__file__).parents[2] / "worker"
LABELS = {
    "kind",
    "queue",
    "state",
    "reason",
    "ending",
    "source",
    "basis",
    "quantile",
    "api",
    "status",
    "outcome",
    "mode",
    "channel",
}
SOURCES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
COUNTERS, HISTOGRAMS = (Counter, Tally), (Histogram, Distribution)
METRICS = {
    name: one for name, one in vars(observe).items() if isinstance(one, (*COUNTERS, *HISTOGRAMS, Gauge))
}


@cache
def said() -> set[str]:
    """The first word of every call that says an event."""
    calls = (
        node
        for text in SOURCES.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)) and node.args
    )
    speaking = {"say", "log", "error", "warning", "info"}
    words = (
        call.args[0].value
        for call in calls
        if (call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id) in speaking  # type: ignore[attr-defined]
        and isinstance(call.args[0], ast.Constant)
    )
    return {word for word in words if isinstance(word, str)}


def labels_of(metric: Counter | Gauge | Histogram | Tally | Distribution) -> tuple[str, ...]:
    return tuple(metric.labels if isinstance(metric, (Tally, Distribution)) else metric._labelnames)


@pytest.mark.parametrize("event", observe.EVENTS)
def test_every_event_of_the_page_is_said_somewhere(event: str) -> None:
    assert event in said()


def test_an_event_that_is_not_on_the_page_cannot_be_said() -> None:
    with pytest.raises(AssertionError, match="nonsense"):
        observe.say("nonsense")


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_moved_somewhere(name: str) -> None:
    uses = sum(text.count(name) for text in SOURCES.values())

    assert uses > 1


def test_every_metric_has_our_prefix_a_help_text_and_labels_from_a_closed_list() -> None:
    families = list(observe.REGISTRY.collect())

    assert len(families) == len(METRICS)
    assert [one.name for one in families if not one.name.startswith("mintmark_")] == []
    assert [one.name for one in families if not one.documentation.endswith(".")] == []
    assert {label for metric in METRICS.values() for label in labels_of(metric)} <= LABELS


def test_counters_end_in_total_and_what_takes_time_is_measured_in_seconds() -> None:
    for metric in METRICS.values():
        [family] = metric.collect()
        assert isinstance(metric, COUNTERS) == (family.type == "counter")
        if isinstance(metric, HISTOGRAMS):
            assert family.name.endswith("_seconds")


def test_what_must_not_miss_its_first_begins_at_zero_so_that_it_is_an_increase() -> None:
    observe.begin_at_zero(kinds=["demo"], scheduled=["normalize_batch"], channels=["slack"])

    begun = [
        ("jobs_rescued_total", {"kind": "demo"}),
        ("handlers_deaf_total", {"kind": "demo"}),
        ("run_spent_cents_total", {"kind": "demo"}),
        ("schedules_fired_total", {"kind": "normalize_batch"}),
        ("alerts_total", {"channel": "slack", "outcome": "delivered"}),
        *[("jobs_finished_total", {"kind": "demo", "ending": ending}) for ending in observe.ENDINGS],
    ]
    values = [observe.REGISTRY.get_sample_value(f"mintmark_{name}", labels) for name, labels in begun]
    assert None not in values


def test_the_endings_that_are_counted_are_those_of_the_page() -> None:
    told = dict(table("operating.md", "label", "values"))

    assert told["ending"].split(", ") == list(observe.ENDINGS)


def test_no_event_explains_itself_with_less_than_a_sentence() -> None:
    assert [name for name, text in observe.EVENTS.items() if not text.endswith(".")] == []
