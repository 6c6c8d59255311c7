import pytest
from pydantic import ValidationError

from worker.sandbox.scenario import Fault, Scenario


def _played(scenario: Scenario, calls: int, operation: str = "cards", *, keyed: bool = False) -> list[bool]:
    return [scenario.take(operation, keyed=keyed) is not None for _ in range(calls)]


def test_a_fault_is_played_as_often_as_it_says_and_after_as_many_calls() -> None:
    assert _played(Scenario(Fault(operation="cards", kind="cut", times=2, after=1)), 5) == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_a_fault_without_a_count_is_played_for_ever() -> None:
    assert all(_played(Scenario(Fault(operation="cards", kind="cut", times=None)), 100))


def test_other_operations_go_through_and_do_not_count() -> None:
    scenario = Scenario(Fault(operation="cards", kind="cut"))

    assert not any(_played(scenario, 5, "sets"))
    assert _played(scenario, 2) == [True, False]


def test_a_fault_of_the_key_spares_calls_without_one() -> None:
    scenario = Scenario(Fault(operation="cards", kind="refuse_key", times=2))

    assert not any(_played(scenario, 5))
    assert _played(scenario, 3, keyed=True) == [True, True, False]


def test_a_second_fault_takes_over_when_the_first_is_spent() -> None:
    scenario = Scenario(
        Fault(operation="cards", kind="cut"), Fault(operation="cards", kind="html", times=None)
    )

    kinds = [fault.kind for _ in range(3) if (fault := scenario.take("cards", keyed=False))]
    assert kinds == ["cut", "html", "html"]


@pytest.mark.parametrize(
    ("pattern", "operation", "fits"),
    [
        ("*", "ebay_browse.search", True),
        ("ebay_browse.*", "ebay_browse.search", True),
        ("ebay_browse.*", "ebay_browser.search", False),
        ("ebay_browse", "ebay_browse.search", False),
    ],
)
def test_a_fault_may_name_operations_by_a_pattern(pattern: str, operation: str, fits: bool) -> None:
    assert any(_played(Scenario(Fault(operation=pattern, kind="cut")), 1, operation)) == fits


def test_a_fault_of_one_account_spares_the_others_and_does_not_count_them() -> None:
    scenario = Scenario(Fault(operation="*", kind="cut", account="anna"))

    taken = [
        scenario.take("x", keyed=False, account=who) is not None for who in (None, "bert", "anna", "anna")
    ]
    assert taken == [False, False, True, False]


def test_a_share_of_calls_is_spoilt_and_the_seed_says_which() -> None:
    fault = Fault(operation="cards", kind="cut", probability=0.3, times=None)
    first, again, other = (_played(Scenario(fault, seed=seed), 1000) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert 230 < sum(first) < 370


def test_of_a_share_only_what_is_played_counts() -> None:
    fault = Fault(operation="cards", kind="cut", probability=0.5, times=3, after=2)
    played = _played(Scenario(fault), 100)

    assert sum(played) == 3
    assert not any(played[:2])


@pytest.mark.parametrize(
    "wrong", [{"probability": 1.5}, {"kind": "explode"}, {"times": 0}, {"status": 99}, {"surprise": 1}]
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"operation": "cards", "kind": "cut", **wrong})
