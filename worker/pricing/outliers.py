"""Which prices of a small group do not belong to the rest: the rules in plain Python, one group at a time.

Prices multiply rather than add, so they are compared as logarithms, ``x = ln(price)``. Of ``n`` prices:

- ``n < 3``: nobody can tell; none is an outlier.
- ``3 <= n < 8``: ``|x - median(x)| > 3.5 * 1.4826 * MAD``, where ``MAD = median(|x - median(x)|)``.
  1.4826 MADs are a standard deviation of the normal distribution.
- ``n >= 8``: below ``q1 - 1.5 * (q3 - q1)`` or above ``q3 + 1.5 * (q3 - q1)``: Tukey's fences, with the
  quartiles of ``x`` by linear interpolation.
- Where that measure (the MAD, or ``q3 - q1``) is 0 because at least half of the prices are one and the same,
  a price is an outlier that is further than 25 % from it: ``|price - median| > 0.25 * median``.

At least one price is always kept: the measure is taken from the middle, and the middle is within its reach.
What lies at an edge, but for the noise of logarithms, is inside.
"""

import math
from collections.abc import Sequence
from statistics import median

FEWEST, MANY = 3, 8
MAD_TO_SIGMA = 1.4826
MOST_SIGMAS = 3.5
FENCE = 1.5
CLOSE = 4
"""A price may be off by one part in so many, where most are the same."""
NOISE = 1e-9


def find_outliers(prices: Sequence[int]) -> list[bool]:
    """Tell of each price, above 0 and in hundredths, whether it is an outlier; in their order."""
    if len(prices) < FEWEST:
        return [False for _ in prices]
    logs = [math.log(price) for price in prices]
    low, high = _deviations(logs) if len(prices) < MANY else _fences(logs)
    if low == high:
        return _far_from_the_same(prices)
    return [not low - NOISE <= one <= high + NOISE for one in logs]


def _deviations(logs: Sequence[float]) -> tuple[float, float]:
    middle = median(logs)
    reach = MOST_SIGMAS * MAD_TO_SIGMA * median(abs(one - middle) for one in logs)
    return middle - reach, middle + reach


def _fences(logs: Sequence[float]) -> tuple[float, float]:
    ascending = sorted(logs)
    first, third = _quartile(ascending, 1), _quartile(ascending, 3)
    reach = FENCE * (third - first)
    return first - reach, third + reach


def _quartile(ascending: Sequence[float], which: int) -> float:
    below, rest = divmod(which * (len(ascending) - 1), 4)
    value = ascending[below]
    return value + (ascending[below + 1] - value) * rest / 4 if rest else value


def _far_from_the_same(prices: Sequence[int]) -> list[bool]:
    middle = sorted(prices)[len(prices) // 2]
    return [abs(price - middle) * CLOSE > middle for price in prices]
