"""The arithmetic of an autoscaler: with the numbers of ``deploy/kubernetes``, and with some to follow."""

import pytest

from benchmarks.autoscaling import Autoscaler, Policy, Rules, Trigger, production
from tests.deploy.kustomized import overlay
from worker.settings_model import Settings

DEPTH = Trigger("depth", each=True, target=20, question="")
OLDEST = Trigger("oldest", each=False, target=30, question="")
UP = [Policy(percent=True, value=100, seconds=15), Policy(percent=False, value=4, seconds=15)]
DOWN = [Policy(percent=True, value=50, seconds=60)]
RULES = Rules(least=2, most=20, triggers=[DEPTH, OLDEST], up=UP, down=DOWN, settle_seconds=300)


def test_the_rules_are_those_that_kubernetes_is_given() -> None:
    [given] = [doc["spec"] for doc in overlay("production") if doc["kind"] == "ScaledObject"]

    assert production() == Rules.of(given)


def test_half_of_a_workers_slots_ask_for_the_next_worker_so_that_a_doubling_finds_room() -> None:
    slots = Settings().queue.concurrency

    assert production().trigger("wake").target * 2 <= slots


@pytest.mark.parametrize(
    ("trigger", "replicas", "answer", "wanted"),
    [
        (DEPTH, 2, 0, 0),
        (DEPTH, 2, 81, 5),
        (DEPTH, 4, 84, 4),  # A tenth above the target is near enough.
        (DEPTH, 0, 1, 1),
        (OLDEST, 2, 90, 6),
        (OLDEST, 4, 15, 2),
        (OLDEST, 4, 32, 4),
    ],
)
def test_a_trigger_asks_for_so_many(trigger: Trigger, replicas: int, answer: float, wanted: int) -> None:
    assert trigger.wants(replicas, answer) == wanted


def test_a_fleet_grows_by_four_or_doubles_whichever_is_more_and_no_further_within_a_period() -> None:
    scaler = Autoscaler(RULES)

    sizes = [2]
    for now in (0, 5, 15, 30):
        sizes.append(scaler.decide(now, sizes[-1], {"depth": 1000}))

    assert sizes == [2, 6, 6, 12, 20]


def test_a_fleet_shrinks_by_half_a_minute_once_the_window_has_passed() -> None:
    scaler = Autoscaler(RULES)
    assert scaler.decide(0, 16, {"depth": 320}) == 16

    sizes = [16]
    for now in (10, 299, 301, 330, 362):
        sizes.append(scaler.decide(now, sizes[-1], {}))

    assert sizes == [16, 16, 16, 8, 8, 4]


def test_time_that_goes_faster_makes_windows_shorter() -> None:
    scaler = Autoscaler(RULES, pace=10)
    scaler.decide(0, 16, {"depth": 320})

    assert scaler.decide(30.1, 16, {}) == 8
