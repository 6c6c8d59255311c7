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


@pytest.mark.parametrize("wrong", [{"kind": "explode"}, {"times": 0}, {"status": 99}, {"surprise": 1}])
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"operation": "cards", "kind": "cut", **wrong})
