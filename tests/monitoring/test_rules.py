"""The rules are sound, each has cases in which it fires and does not, and the cases notice a broken rule."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.monitoring.prometheus import promtool
from tests.monitoring.rules import ALERTS, CASES, COMPARISON, FILES, FOLDER, RECORDED, ROOT, RULES
from worker import observe

CASE = re.compile(r"alertname: (\w+)\n +exp_alerts:( \[\])?$", re.MULTILINE)
HOLD = re.compile(r"^( +for: )\S+$", re.MULTILINE)
FAILED = re.compile(r"alertname: ([\w-]+)")
JOB = re.compile(r"job_name: [\"']?([\w-]+)")


def test_promtool_finds_nothing_wrong_with_the_rules() -> None:
    done = promtool("check", "rules", *FILES)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_rules_do_in_every_case_what_is_expected(case: Path) -> None:
    done = promtool("test", "rules", case.name, folder=case.parent)

    assert done.returncode == 0, done.stdout


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    found = [match for case in CASES for match in CASE.findall(case.read_text("utf-8"))]

    names = {rule.name for rule in ALERTS}
    assert {name for name, nothing in found if not nothing} == names
    assert {name for name, nothing in found if nothing} == names


def test_everything_that_is_recorded_has_a_case() -> None:
    text = "".join(case.read_text("utf-8") for case in CASES)

    assert [rule.name for rule in RECORDED if f"- expr: {rule.name}\n" not in text] == []


def never(text: str) -> str:
    return re.sub(r"expr: (?:\|\n(?: {10,}.*\n)+|.*\n)", "expr: vector(1) < 0\n", text)


def at_once(text: str) -> str:
    return HOLD.sub(r"\g<1>0s", text)


def at_any_value(text: str) -> str:
    """Let every comparison hold."""
    return COMPARISON.sub(lambda found: "< 1e12" if found[0].startswith("<") else ">= -1e12", text)


@pytest.mark.parametrize("broken", [never, at_once, at_any_value])
@pytest.mark.parametrize(
    "file", [file for file in FILES if file.stem != "recorded"], ids=lambda path: path.stem
)
def test_the_cases_notice_every_alert_of_a_file_that_is_broken(
    file: Path, broken: Callable[[str], str], tmp_path: Path
) -> None:
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    copy = tmp_path / "prometheus" / "rules" / file.name
    copy.write_text(broken(copy.read_text("utf-8")), encoding="utf-8")
    wanted = {
        rule.name for rule in ALERTS if rule.file == file and (broken is not at_once or rule.hold != "0s")
    }

    done = promtool("test", "rules", f"{file.stem}.yml", folder=tmp_path / "prometheus" / "tests")

    assert done.returncode != 0
    assert set(FAILED.findall(done.stdout)) == wanted


@pytest.mark.parametrize("rule", RECORDED, ids=lambda rule: rule.name)
def test_the_cases_notice_a_sum_where_the_worst_was_meant_and_the_other_way_round(
    rule: object, tmp_path: Path
) -> None:
    text = (FOLDER / "rules" / "recorded.yml").read_text("utf-8")
    name = next(one.name for one in RECORDED if one is rule)
    before, own, after = re.split(rf"(- record: {re.escape(name)}\n(?:(?! +- record:).*\n?)*)", text)
    turned = re.sub(r"\b(sum|max|min) by", lambda found: {"sum": "max"}.get(found[1], "sum") + " by", own)
    assert turned != own
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    (tmp_path / "prometheus" / "rules" / "recorded.yml").write_text(before + turned + after, encoding="utf-8")

    done = promtool("test", "rules", "recorded.yml", folder=tmp_path / "prometheus" / "tests")

    assert done.returncode != 0
    assert f'expr: "{name}"' in done.stdout


def test_rules_ask_only_for_metrics_that_are_there() -> None:
    known = {family.name for family in observe.REGISTRY.collect()}
    endings = ("", "_total", "_bucket", "_sum", "_count")
    asked = {metric for rule in RULES for metric in rule.metrics()}

    assert {one for one in asked if not any(one.removesuffix(end) in known for end in endings)} == set()


def test_no_two_rules_have_one_name() -> None:
    names = [rule.name for rule in RULES]

    assert len(set(names)) == len(names)


def test_the_job_that_the_rules_speak_of_is_the_one_that_is_scraped() -> None:
    config = ROOT / "deploy" / "prometheus" / "prometheus.yml"
    if not config.exists():
        pytest.skip("deploy/prometheus/prometheus.yml is not here")

    assert "mintmark-worker" in JOB.findall(config.read_text("utf-8"))
