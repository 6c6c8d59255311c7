"""Quantiles of prices by linear interpolation, to the cent: what Postgres calls ``percentile_cont``."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

P10, P50, P90 = Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)


def quantile(ascending: Sequence[int], share: Fraction) -> Fraction:
    """The value below which ``share`` of the values lie, exactly; they ascend, and there is at least one.

    It stands at place ``share * (n - 1)`` counted from 0; between two values it is interpolated linearly.
    """
    place = share * (len(ascending) - 1)
    below = int(place)
    value = Fraction(ascending[below])
    return value if place == below else value + (ascending[below + 1] - value) * (place - below)


def mean(values: Sequence[int]) -> Fraction:
    """The arithmetic mean, exactly."""
    return Fraction(sum(values), len(values))


def money(hundredths: Fraction | int) -> Decimal:
    """Hundredths of a currency's unit as an amount with two decimals; half a hundredth goes up, once."""
    exact = Fraction(hundredths)
    cents = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1), ROUND_HALF_UP)
    return cents.scaleb(-2)
