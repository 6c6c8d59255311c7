"""What a curve promises, by the smallest markets that can tell it."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pricing.cleaning import outliers
from worker.pricing.comps import ASK, CONDITIONS, GUIDE, PLACE, SOLD, Comps
from worker.pricing.curve import ConditionPrice, Curve, Habits, fit
from worker.pricing.segments import Segments


def market(*rows: dict[str, Any]) -> Comps:
    """Rows of one group; what a row does not say is that of a fresh sale of a card that is Near Mint."""

    def column(name: str, default: Any, kind: Any = np.int64) -> Any:
        return np.array([row.get(name, default) for row in rows], kind)

    return Comps(
        ids=np.arange(1, len(rows) + 1),
        group=column("group", 0),
        condition=column("condition", 0),
        basis=column("basis", SOLD),
        left_out=column("left_out", 0),
        cents=column("cents", 1000),
        days=column("days", 0.0, np.float64),
        weight=column("weight", 1.0, np.float64),
        seller=np.array([row.get("seller", 100 + place) for place, row in enumerate(rows)], np.int64),
        offer=np.array([row.get("offer", 100 + place) for place, row in enumerate(rows)], np.int64),
    )


def sold(*cents: int, **facts: Any) -> list[dict[str, Any]]:
    return [{"cents": one, **facts} for one in cents]


def asked(*cents: int, **facts: Any) -> list[dict[str, Any]]:
    return [{"cents": one, "basis": ASK, **facts} for one in cents]


def curve_of(*rows: dict[str, Any], habits: Habits = Habits()) -> Curve:  # noqa: B008 - frozen
    [curve] = fit(market(*rows), habits)
    return curve


def near_mint(*rows: dict[str, Any]) -> ConditionPrice:
    [price] = curve_of(*rows).prices
    assert price.condition == "NM"
    return price


def test_three_sales_are_enough_and_asks_say_only_the_floor() -> None:
    price = near_mint(*sold(900, 1000, 1100), *asked(1200, 1300, 1400))

    assert (price.basis, price.median, price.samples, price.sales) == ("sold", 1000, 3, 3)
    assert (price.floor, price.asks) == (1300, 3)
    assert price.used == (1, 2, 3)
    assert price.asked == (4, 5, 6)


def test_where_sales_are_few_asks_help_and_the_price_says_so() -> None:
    price = near_mint(*sold(1000), *asked(1200, 1300))

    assert (price.basis, price.median, price.samples, price.sales) == ("mixed", 1200, 3, 1)


def test_asks_alone_are_called_asks() -> None:
    price = near_mint(*asked(1200, 1300, 1400, 1500))

    assert (price.basis, price.median, price.sales) == ("ask", 1350, 0)
    assert price.confidence.score <= 7


def test_without_asks_there_is_no_floor() -> None:
    assert near_mint(*sold(900, 1000, 1100)).floor is None


@pytest.mark.parametrize(
    ("asks", "floor"),
    [((500,), 500), ((500, 510), 510), ((500, 510, 520), 510), (tuple(range(500, 600, 10)), 509)],
)
def test_the_floor_is_the_second_lowest_ask_and_from_ten_on_the_tenth_percentile(
    asks: Sequence[int], floor: int
) -> None:
    assert near_mint(*asked(*asks)).floor == floor


def test_a_bait_price_among_few_and_among_many_is_an_outlier() -> None:
    few, many = (1000, 1020, 980, 1010, 20), (*range(950, 1050, 10), 20)

    for cents in (few, many):
        curve = curve_of(*sold(*cents))
        assert list(curve.left_out) == ["outlier"]
        assert list(curve.left_out["outlier"]) == [len(cents)]


def test_of_two_prices_nobody_can_tell_which_is_wrong() -> None:
    assert curve_of(*sold(10, 10_000)).left_out == {}


def test_where_most_prices_are_the_same_what_is_far_from_them_is_left_out() -> None:
    assert curve_of(*sold(100, 100, 100, 124, 126)).left_out == {"outlier": [5]}
    assert curve_of(*sold(*[100] * 9, 76, 74)).left_out == {"outlier": [11]}


def test_one_seller_counts_three_times_and_the_newest_are_kept() -> None:
    rows = [*asked(*range(2000, 2040), seller=7), *asked(1000, 1010, 1020)]
    for day, row in enumerate(rows[:40]):
        row["days"] = float(day)

    curve = curve_of(*rows)

    assert len(curve.left_out["seller_cap"]) == 37
    assert {1, 2, 3}.isdisjoint(curve.left_out["seller_cap"])


def test_a_relisting_counts_once_and_the_newest_is_kept() -> None:
    rows = [
        *asked(1000, seller=7, offer=9, days=5.0),
        *asked(1100, seller=7, offer=9, days=1.0),
        *asked(1200, 1300),
    ]

    assert curve_of(*rows).left_out == {"relist": [1]}


def test_sales_of_one_seller_are_all_real() -> None:
    assert curve_of(*sold(*range(1000, 1020), seller=7, offer=9)).left_out == {}


def test_an_unknown_condition_is_never_near_mint() -> None:
    curve = curve_of(*sold(1000, 1000, 1000, condition=-1))

    assert curve.prices == []
    assert curve.left_out == {"no_condition": [1, 2, 3]}
    assert (curve.confidence, curve.listing_count) == (0, 0)


def test_a_guide_price_is_shown_beside_and_counts_for_nothing() -> None:
    curve = curve_of(*sold(1000, 1000, 1000), {"cents": 9, "basis": GUIDE, "condition": -1})

    assert list(curve.guide) == [4]
    assert curve.left_out == {}
    assert curve.prices[0].samples == 3


def test_what_was_left_out_before_stays_out_and_keeps_its_reason() -> None:
    curve = curve_of(
        *sold(1000, 1000, 1000), *sold(5, left_out=PLACE["junk"]), *sold(7, left_out=PLACE["rule"])
    )

    assert curve.left_out == {"junk": [4], "rule": [5]}


def test_a_worse_condition_that_costs_more_is_reported_and_not_hidden() -> None:
    curve = curve_of(*sold(1000, 1000, 1000), *sold(1500, 1500, 1500, condition=1), *sold(900, condition=4))

    assert curve.violations == [("NM", "LP")]
    assert [price.median for price in curve.prices] == [1000, 1500, 900]


def test_newer_sales_weigh_more() -> None:
    old, new = sold(1000, 1000, 1000, days=120.0), sold(1200, 1200, 1200)

    assert near_mint(*old, *new).median > 1150


def test_groups_are_priced_apart() -> None:
    curves = fit(market(*sold(100, 100, 100), *sold(900, 900, 900, group=1)), Habits())

    assert [(curve.group, curve.prices[0].median) for curve in curves] == [(0, 100), (1, 900)]


def test_a_market_of_nothing_has_no_curve() -> None:
    assert fit(market(), Habits()) == []


PRICES = st.lists(st.integers(1, 10**7), min_size=1, max_size=60)


@given(PRICES)
def test_outliers_are_never_all(cents: list[int]) -> None:
    cut = outliers(np.zeros(len(cents), np.int64), np.array(cents, np.float64))

    assert not cut.all()


@given(PRICES)
def test_with_equal_weights_the_median_is_the_plain_one(cents: list[int]) -> None:
    values = np.sort(np.array(cents, np.float64))
    segments = Segments.of(np.zeros(len(values), np.int64))

    assert segments.weighted_medians(values, np.full(len(values), 0.3))[0] == pytest.approx(median(cents))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from([SOLD, ASK]), st.integers(1, 10**6)), max_size=80)
)
def test_every_comp_is_used_or_left_out_with_a_reason(rows: list[tuple[int, int, int]]) -> None:
    comps = market(*({"condition": c, "basis": b, "cents": p} for c, b, p in rows))

    for curve in fit(comps, Habits()):
        named = {one for price in curve.prices for one in (*price.used, *price.asked)}
        left_out = {one for ids in curve.left_out.values() for one in ids}
        assert named | left_out == set(range(1, len(rows) + 1))
        assert named.isdisjoint(left_out)
        assert all(price.p10 <= price.median <= price.p90 for price in curve.prices if price.samples > 12)
        assert [CONDITIONS.index(p.condition) for p in curve.prices] == sorted(
            CONDITIONS.index(p.condition) for p in curve.prices
        )
