"""Quantiles to the cent, as the database has them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.db import Database
from worker.pricing.quantiles import P10, P50, P90, mean, money, quantile

CENTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=30).map(sorted)


@pytest.mark.parametrize(
    ("cents", "share", "amount"),
    [
        ([500], P10, "5.00"),
        ([100, 200], P50, "1.50"),
        ([100, 200, 300, 400], P10, "1.30"),
        ([100, 200, 300, 400], P90, "3.70"),
        ([1, 2], P50, "0.02"),
        ([1, 2], P10, "0.01"),
    ],
)
def test_between_two_values_it_is_interpolated(cents: list[int], share: Fraction, amount: str) -> None:
    assert money(quantile(cents, share)) == Decimal(amount)


def test_half_a_cent_goes_up_and_an_amount_has_two_decimals() -> None:
    assert str(money(mean([100, 101]))) == "1.01"
    assert str(money(200)) == "2.00"


@given(CENTS)
def test_quantiles_are_in_order_and_within_their_values(cents: list[int]) -> None:
    low, middle, high = (quantile(cents, share) for share in (P10, P50, P90))

    assert cents[0] <= low <= middle <= high <= cents[-1]


async def test_they_are_those_of_the_database(db: Database) -> None:
    cents = [199, 250, 251, 300, 333, 1250, 9999]

    row = await db.fetchrow(
        "select percentile_cont(array[0.1, 0.5, 0.9]) within group (order by v) as p, avg(v) as mean "
        "from unnest($1::int[]) v",
        cents,
    )

    assert row is not None
    assert [float(quantile(cents, share)) for share in (P10, P50, P90)] == pytest.approx(row["p"])
    assert float(mean(cents)) == pytest.approx(float(row["mean"]))
