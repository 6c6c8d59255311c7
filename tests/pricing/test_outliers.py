"""What is called an outlier, by each rule and at its edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pricing.cleaning import outliers
from worker.pricing.outliers import find_outliers

PRICES = st.lists(st.integers(1, 10_000_000), max_size=40)
ODD_PRICES = st.one_of(st.integers(1, 10_000_000), st.sampled_from([750, 749, 1000, 1250, 1251]))


def left(*prices: int) -> list[int]:
    """The prices that are no outliers."""
    return [price for price, cut in zip(prices, find_outliers(prices), strict=True) if not cut]


@pytest.mark.parametrize("prices", [(), (500,), (1, 1_000_000)])
def test_of_fewer_than_three_nobody_can_tell(prices: tuple[int, ...]) -> None:
    assert left(*prices) == list(prices)


def test_below_eight_the_median_deviation_of_logarithms_decides() -> None:
    assert left(1000, 1100, 1210, 90_000) == [1000, 1100, 1210]
    assert left(5, 1000, 1100, 1210, 1331) == [1000, 1100, 1210, 1331]


def test_a_price_at_the_edge_of_the_deviation_is_inside() -> None:
    step = 1.1
    steady = [round(10**8 / step), round(10**8 / step), 10**8, round(10**8 * step)]
    edge = 10**8 * step ** (3.5 * 1.4826)

    assert round(edge * 0.99999) in left(*steady, round(edge * 0.99999))
    assert round(edge * 1.00001) not in left(*steady, round(edge * 1.00001))


def test_from_eight_on_the_fences_around_the_quartiles_decide() -> None:
    steady = [800, 900, 1000, 1000, 1100, 1200, 1300]

    assert left(*steady, 9000) == steady
    assert left(*steady, 90) == steady
    assert left(*steady, 1500) == [*steady, 1500]


def test_the_dear_half_of_a_wide_market_is_honest() -> None:
    doubling = [100 * 2**step for step in range(9)]

    assert left(*doubling) == doubling


@pytest.mark.parametrize(("price", "stays"), [(750, True), (749, False), (1250, True), (1251, False)])
@pytest.mark.parametrize("others", [3, 12])
def test_where_most_are_the_same_a_quarter_is_the_limit(price: int, stays: bool, others: int) -> None:
    assert (price in left(*[1000] * others, price)) is stays


@given(PRICES)
def test_never_are_all_left_out(prices: list[int]) -> None:
    assert bool(left(*prices)) == bool(prices)


@given(PRICES, st.randoms())
def test_the_order_of_prices_does_not_matter(prices: list[int], dice: object) -> None:
    shuffled = sorted(prices, key=lambda _: dice.random())  # type: ignore[attr-defined]

    assert sorted(left(*shuffled)) == sorted(left(*prices))


@given(PRICES)
def test_what_is_left_are_the_middle_ones(prices: list[int]) -> None:
    kept = left(*prices)
    cut = [price for price in prices if price not in kept]

    assert all(not min(kept) <= price <= max(kept) for price in cut)


@given(st.lists(st.lists(ODD_PRICES, min_size=1, max_size=14), min_size=1, max_size=5))
def test_many_groups_at_once_are_cleaned_by_the_same_rules(groups: list[list[int]]) -> None:
    numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    prices = np.array([price for group in groups for price in group], np.float64)

    assert outliers(numbers, prices).tolist() == [cut for group in groups for cut in find_outliers(group)]
