"""Turns for keys that nobody knows: strangers use up theirs, and never those of an id that comes again."""

import pytest

from worker.clients.strangers import A_MINUTE, AGAIN_SECONDS, MOST_AGAIN, MOST_AT_FIRST, Strangers
from worker.errors import CoolingDown


class Clock:
    """Stands still unless it is moved; seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def is_admitted(strangers: Strangers, kid: str) -> bool:
    try:
        strangers.admit(kid)
    except CoolingDown:
        return False
    return True


def flood(strangers: Strangers, count: int, begin: int = 0) -> int:
    """Name so many ids, each once; answers how many had a turn."""
    return sum(is_admitted(strangers, f"made-up-{number}") for number in range(begin, begin + count))


def test_the_first_who_come_have_a_turn_and_a_few_more_each_minute() -> None:
    clock = Clock()
    strangers = Strangers(clock)

    assert flood(strangers, 1000) == MOST_AT_FIRST
    clock.now += 60
    assert flood(strangers, 1000, begin=1000) == A_MINUTE
    clock.now += 7 * 86_400
    assert flood(strangers, 1000, begin=2000) == MOST_AT_FIRST


def test_an_id_that_comes_again_has_a_turn_however_many_are_made_up_meanwhile() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    for minute in range(60):
        flood(strangers, 100, begin=100 * minute)
        clock.now += 60

    flood(strangers, 100, begin=50_000)
    assert not is_admitted(strangers, "genuine")
    flood(strangers, 100, begin=60_000)
    clock.now += AGAIN_SECONDS
    flood(strangers, 100, begin=70_000)
    assert is_admitted(strangers, "genuine")


def test_to_come_again_at_once_is_of_no_use() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    flood(strangers, MOST_AT_FIRST)

    assert [is_admitted(strangers, "hasty") for _ in range(50)] == [False] * 50


def test_turns_for_those_who_come_again_are_few_too() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    flood(strangers, MOST_AT_FIRST)
    flood(strangers, 1000, begin=1000)

    clock.now += AGAIN_SECONDS

    assert flood(strangers, 1000, begin=1000) == MOST_AGAIN


def test_what_is_asked_in_a_day_leaves_ebays_day_room() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    asked = 0
    for _ in range(24 * 60):
        asked += flood(strangers, 60)
        clock.now += 60

    assert asked <= 9000


@pytest.mark.parametrize("count", [10, 100])
def test_a_process_that_has_just_begun_learns_a_key_among_many_made_up_ones(count: int) -> None:
    strangers = Strangers(Clock())
    flood(strangers, count)

    assert is_admitted(strangers, "genuine")
