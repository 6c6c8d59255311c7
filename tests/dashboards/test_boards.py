"""The files say what the code says, agree with the alarms, and ask only for what is there."""

import math
import re
from pathlib import Path

import pytest

from deploy.grafana.build import files
from tests.dashboards.boards import FILES, METRIC, ROOT, Panel, boards, metrics, panels, spelled_out
from tests.monitoring.rules import ALERTS, Rule
from worker import observe

UIDS = {
    "apis": "mintmark-apis",
    "overview": "mintmark-overview",
    "postgres": "mintmark-postgres",
    "prices": "mintmark-prices",
    "queues": "mintmark-queues",
    "runs": "mintmark-runs",
}
"""Links and bookmarks lead to them: they stay."""
WIDTH = 24
PANELS = list(panels())
NUMBER = re.compile(r"(?:[<>]=?|==) (-?[\d.]+)(?: \* ([\d.]+))?")
FAMILY = re.compile(r"(?:_total|_bucket|_sum|_count)$")
WORST = re.compile(r"\b(?:max|min)(?: by \([\w, ]+\))? ?\($")
SAMPLING = ROOT / "worker" / "runs" / "sampling.py"


def test_the_files_are_what_the_code_builds() -> None:
    built = dict(files())

    assert {file.name: file.read_text("utf-8") for file in FILES} == built, "run make dashboards"


def test_a_board_keeps_its_address() -> None:
    assert {name: board["uid"] for name, board in boards().items()} == UIDS


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_board_is_in_utc_and_asks_the_source_that_is_chosen(file: Path) -> None:
    board = boards()[file.stem]
    source, *others = board["templating"]["list"]

    assert board["timezone"] == "utc"
    assert (source["type"], source["query"], source["current"]["value"]) == (
        "datasource",
        "prometheus",
        "prometheus",
    )
    asking = [*others, *board["annotations"]["list"], *(p for p in board["panels"] if p["type"] != "row")]
    assert {one["datasource"]["uid"] for one in asking} == {"${datasource}"}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_board_s_panels_lie_side_by_side_and_fill_its_width(file: Path) -> None:
    taken = set[tuple[int, int]]()
    for panel in boards()[file.stem]["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells

    assert len(taken) == WIDTH * (1 + max(y for _, y in taken))


@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_a_panel_says_what_to_do_and_uses_only_choices_that_its_board_has(panel: Panel) -> None:
    offered = {one["name"] for one in boards()[panel.board]["templating"]["list"]}
    used = {name for one in panel.expressions for name in re.findall(r"\$([a-z]\w*)", one)}

    assert len(panel.description.split()) >= 8
    assert used <= offered
    assert panel.facts["title"][0].isupper()


def test_panels_ask_only_for_metrics_that_are_there() -> None:
    known = {family.name for family in observe.REGISTRY.collect()}
    asked = {metric for panel in PANELS for one in panel.expressions for metric in metrics(one)}

    assert {one for one in asked if FAMILY.sub("", one) not in known} == set()


def test_of_what_every_worker_measures_alike_the_worst_is_shown_and_never_the_sum() -> None:
    constants = set(re.findall(r"observe\.([A-Z_]+)", SAMPLING.read_text("utf-8")))
    alike = {getattr(observe, name).describe()[0].name for name in constants}
    assert len(alike) >= 10

    summed = [
        (str(panel), found[0])
        for panel in PANELS
        for text in map(spelled_out, panel.expressions)
        for found in METRIC.finditer(text)
        if found[0] in alike and not WORST.search(text[: found.start()])
    ]

    assert summed == []


def limits_of(rule: Rule) -> set[float]:
    """From where on the alarm's rule calls it bad; what is counted and more than 0 is 1."""
    found = {
        float(number) * float(factor or 1)
        for number, factor in NUMBER.findall(spelled_out(rule.expression.replace("== 0", "< 1")))
    }
    return found | ({1.0} if 0.0 in found else set())


@pytest.mark.parametrize("panel", [panel for panel in PANELS if panel.limits], ids=str)
def test_what_a_panel_shows_as_bad_is_what_its_alarms_call_bad(panel: Panel) -> None:
    rules = [rule for rule in ALERTS if rule.name in panel.alarms]
    assert sorted(rule.name for rule in rules) == sorted(panel.alarms)

    for limit in panel.limits:
        assert any(math.isclose(limit, one) for rule in rules for one in limits_of(rule))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_every_alarm_has_a_panel_that_shows_what_it_watches(rule: Rule) -> None:
    watched = {*metrics(rule.expression), *re.findall(r"\bup\b", rule.expression)}

    assert [
        panel
        for panel in PANELS
        if rule.name in panel.alarms
        and watched & set(re.findall(r"\w+", spelled_out(str(panel.expressions))))
    ]


def test_every_page_that_a_panel_names_is_there() -> None:
    if not (ROOT / "docs" / "runbooks").is_dir():
        pytest.skip("docs/runbooks is not here")
    named = {name for panel in PANELS for name in panel.alarms}

    assert [name for name in sorted(named) if not (ROOT / "docs" / "runbooks" / f"{name}.md").exists()] == []


def test_pages_are_linked_where_it_is_known_where_they_are() -> None:
    [overview] = [text for name, text in files("https://pages.example/docs/") if name == "overview.json"]

    page = "https://pages.example/docs/runbooks/MintmarkNoWorker.md"
    assert f"[MintmarkNoWorker]({page})" in overview
    assert "`docs/runbooks/Mintmark" not in overview
