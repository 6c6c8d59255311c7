"""Each part of a confidence at its edges, the cap of asks, and the floor."""

import pytest

from worker.pricing.confidence import Confidence, confidence


def test_nothing_to_go_by_is_no_confidence_at_all() -> None:
    assert confidence(0, 1.0, 1.0, 0.0) == Confidence(0, 0, 0, 0, 0, capped=False)


def test_whatever_was_found_at_all_is_worth_one() -> None:
    assert confidence(1, 0.1, 0.0, None) == Confidence(1, 0, 0, 0, 0, capped=False)


def test_the_best_of_all_parts_is_ten() -> None:
    assert confidence(10, 1.0, 1.0, 0.1) == Confidence(10, 3, 2, 2, 3, capped=False)


@pytest.mark.parametrize(
    ("comps", "points"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (9, 2), (10, 3), (1000, 3)]
)
def test_more_comps_count_more(comps: int, points: int) -> None:
    assert confidence(comps, 0, 0, None).comps == points


@pytest.mark.parametrize(
    ("weight", "points"), [(0, 0), (0.499, 0), (0.5, 1), (0.799, 1), (0.8, 2), (1, 2), (sum([0.1] * 8), 2)]
)
def test_better_sources_count_more(weight: float, points: int) -> None:
    assert confidence(3, weight, 0, None).weight == points


@pytest.mark.parametrize(("share", "points"), [(0, 0), (0.249, 0), (0.25, 1), (0.749, 1), (0.75, 2), (1, 2)])
def test_sales_count_more_than_asks(share: float, points: int) -> None:
    assert confidence(3, 0, share, None).sold == points


@pytest.mark.parametrize(
    ("spread", "points"),
    [(0, 3), (0.25, 3), (0.251, 2), (0.5, 2), (0.501, 1), (1, 1), (1.001, 0), (50, 0), (None, 0)],
)
def test_prices_that_agree_count_more(spread: float | None, points: int) -> None:
    assert confidence(3, 0, 0, spread).spread == points


@pytest.mark.parametrize(("comps", "points"), [(1, 0), (2, 0), (3, 3)])
def test_the_spread_of_fewer_than_three_prices_counts_nothing(comps: int, points: int) -> None:
    assert confidence(comps, 1, 1, 0).spread == points


@pytest.mark.parametrize(
    ("share", "score", "capped"), [(0.0, 7, True), (0.49, 7, True), (0.5, 9, False), (0.75, 10, False)]
)
def test_where_most_are_asks_it_is_at_most_seven(share: float, score: int, capped: bool) -> None:
    found = confidence(10, 1, share, 0.1)

    assert (found.score, found.capped) == (score, capped)


def test_the_cap_cuts_nothing_that_is_below_it() -> None:
    assert confidence(10, 0.6, 0, 0.25) == Confidence(7, 3, 1, 0, 3, capped=False)
