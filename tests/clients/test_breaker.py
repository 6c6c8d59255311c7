"""A breaker opens when half of the calls fail, and closes when one of them, asked alone, succeeds."""

from contextlib import suppress
from datetime import timedelta

import anyio
import pytest

from worker.clients.answers import AnsweredDown, AnsweredNo, TooOften
from worker.clients.breaker import FEWEST, LOOK_BACK_SECONDS, MOST, PROBE_SECONDS, REST_SECONDS, Breaker
from worker.clients.http import Unasked, Unreached
from worker.clients.retries import FLOOR_SECONDS, RetryBudget
from worker.errors import CoolingDown, NoTurn, SourceDown, SourceGarbled
from worker.observe import REGISTRY

DOWN = AnsweredDown("it answered 503", status=503)
FAILURES = [
    DOWN,
    SourceDown("it did not answer within 30 s"),
    Unreached("nobody is there"),
    SourceGarbled("a page of HTML"),
]
ALIVE = [TooOften("it answered 429", status=429), AnsweredNo("it answered 404", status=404)]
NO_VERDICT = [NoTurn("there was no turn"), Unasked("no URL"), RuntimeError("our own mistake")]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("some_api", clock=clock, jitter=lambda: 0.0)


def ends(breaker: Breaker, error: BaseException | None = None, times: int = 1) -> None:
    """Let calls end with this error, or well."""
    for _ in range(times):
        with suppress(type(error or DOWN)), breaker.watching():
            if error is not None:
                raise error


def wait_of(breaker: Breaker) -> float:
    """For how long whoever comes now is sent away; 0 when they are let through."""
    try:
        breaker.require_ready()
    except CoolingDown as told:
        return told.wait.total_seconds()
    return 0.0


def gauge() -> float | None:
    return REGISTRY.get_sample_value("mintmark_api_breaker", {"api": "some_api"})


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_twenty_calls_of_which_half_failed_open_it(breaker: Breaker, error: Exception) -> None:
    ends(breaker, times=FEWEST // 2)
    ends(breaker, error, times=FEWEST // 2 - 1)
    assert wait_of(breaker) == 0

    ends(breaker, error)

    assert wait_of(breaker) == REST_SECONDS
    assert gauge() == 1


def test_fewer_than_twenty_do_not_open_it_whatever_becomes_of_them(breaker: Breaker) -> None:
    ends(breaker, DOWN, times=FEWEST - 1)

    assert wait_of(breaker) == 0


@pytest.mark.parametrize("error", [*ALIVE, *NO_VERDICT], ids=lambda error: type(error).__name__)
def test_a_refusal_and_what_was_not_asked_are_no_failures(breaker: Breaker, error: Exception) -> None:
    ends(breaker, error, times=MOST * 2)

    assert wait_of(breaker) == 0


def test_failures_of_half_a_minute_ago_are_forgotten(breaker: Breaker, clock: Clock) -> None:
    ends(breaker, DOWN, times=FEWEST - 1)
    clock.now += LOOK_BACK_SECONDS + 1

    ends(breaker, DOWN)

    assert wait_of(breaker) == 0


def test_a_busy_apis_outage_shows_at_once_however_well_it_went_before(breaker: Breaker) -> None:
    ends(breaker, times=1500)

    ends(breaker, DOWN, times=MOST // 2)

    assert wait_of(breaker) == REST_SECONDS


def open_it(breaker: Breaker, clock: Clock) -> None:
    """Open it, and let its rest pass."""
    ends(breaker, DOWN, times=FEWEST)
    assert wait_of(breaker) == REST_SECONDS
    clock.now += REST_SECONDS


def test_after_its_rest_one_call_is_let_through_and_no_second_beside_it(
    breaker: Breaker, clock: Clock
) -> None:
    open_it(breaker, clock)

    with breaker.watching():
        assert wait_of(breaker) == PROBE_SECONDS
        assert gauge() == 2
        with pytest.raises(CoolingDown), breaker.watching():
            raise AssertionError("a second was let through")

    assert wait_of(breaker) == 0
    assert gauge() == 0


def test_a_failure_of_that_one_opens_it_again(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker, clock)

    ends(breaker, DOWN)

    assert wait_of(breaker) == REST_SECONDS


def test_too_often_closes_it_for_somebody_is_there(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker, clock)

    ends(breaker, TooOften("it answered 429", status=429))

    assert wait_of(breaker) == 0
    ends(breaker, DOWN, times=FEWEST - 1)
    assert wait_of(breaker) == 0, "what failed before it opened still counts"


async def test_one_that_is_cancelled_says_nothing_and_the_next_is_let_through(
    breaker: Breaker, clock: Clock
) -> None:
    open_it(breaker, clock)
    with anyio.CancelScope() as scope, breaker.watching():
        scope.cancel()
        await anyio.sleep_forever()

    assert wait_of(breaker) == 0
    ends(breaker)
    assert gauge() == 0


def test_what_left_before_it_opened_does_not_close_it(breaker: Breaker) -> None:
    with breaker.watching():
        ends(breaker, DOWN, times=FEWEST)

    assert wait_of(breaker) == REST_SECONDS


def test_what_left_before_it_opened_does_not_speak_for_the_one_that_is_let_through(
    breaker: Breaker, clock: Clock
) -> None:
    with suppress(AnsweredDown), breaker.watching():
        open_it(breaker, clock)
        raise DOWN

    assert wait_of(breaker) == 0


def test_whoever_is_sent_away_comes_back_with_jitter(clock: Clock) -> None:
    breaker = Breaker("some_api", clock=clock, jitter=lambda: 0.5)
    ends(breaker, DOWN, times=FEWEST)

    with pytest.raises(CoolingDown) as told:
        breaker.require_ready()

    assert told.value.wait == timedelta(seconds=REST_SECONDS + 0.5)


def test_a_lone_call_may_be_made_again_twice_and_twice_more_after_a_while(clock: Clock) -> None:
    budget = RetryBudget(clock=clock)
    budget.earn()

    assert [budget.take() for _ in range(3)] == [True, True, False]
    clock.now += FLOOR_SECONDS
    assert [budget.take() for _ in range(3)] == [True, True, False]


def test_of_many_calls_a_tenth_may_be_made_again(clock: Clock) -> None:
    budget, again = RetryBudget(clock=clock), 0
    for _ in range(3000):
        budget.earn()
        clock.now += 1 / 50
        again += budget.take()

    assert 290 <= again <= 3000 * 0.1 + 10


def test_what_is_not_used_is_not_saved_up_without_end(clock: Clock) -> None:
    budget = RetryBudget(clock=clock)
    for _ in range(100_000):
        budget.earn()
    clock.now += 86_400

    assert sum(budget.take() for _ in range(100)) == 10
