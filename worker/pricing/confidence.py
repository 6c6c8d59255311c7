"""How far a price can be trusted, from 1 to 10: four parts that are counted apart and added up.

======================  ==============================================================================
part                    points
======================  ==============================================================================
comps (0 to 3)          3 from ten comparable observations on, 2 from five, 1 from three, else 0
source weight (0 to 2)  2 from a mean weight of 0.8 on, 1 from 0.5, else 0
sold (0 to 2)           2 where three in four of them or more are sales, 1 from one in four on, else 0
spread (0 to 3)         (p90 - p10) / p50: 3 up to 0.25, 2 up to 0.5, 1 up to 1, else 0
======================  ==============================================================================

Where fewer than half are sales, the sum is cut at 7: asking prices alone make no price sure. Where anything
was found at all, it is at least 1; where nothing was, it is 0, and means that there is nothing to go by.

The spread of fewer than three prices counts nothing: a single price always agrees with itself.
"""

from typing import NamedTuple

COMPS = ((10, 3), (5, 2), (3, 1))
"""From so many on, so many points."""
WEIGHT = ((0.8, 2), (0.5, 1))
SOLD = ((0.75, 2), (0.25, 1))
SPREAD = ((0.25, 3), (0.5, 2), (1.0, 1))
"""Up to this, so many points."""
MOSTLY_SOLD = 0.5
MOST_OF_ASKS = 7
ENOUGH_FOR_A_SPREAD = 3
NOISE = 1e-9
"""What adding up floats may be off by: a mean of ten times 0.8 is 0.8 and not less."""


class Confidence(NamedTuple):
    """A score, and the points of its four parts; ``capped`` where their sum was cut because most are asks."""

    score: int
    comps: int
    weight: int
    sold: int
    spread: int
    capped: bool


NOTHING = Confidence(0, 0, 0, 0, 0, capped=False)


def confidence(comps: int, weight: float, sold_share: float, spread: float | None) -> Confidence:
    """Score a price that rests on ``comps`` observations.

    ``weight`` is the mean weight of their sources and ``sold_share`` the share of sales among them, both from
    0 to 1. ``spread`` is (p90 - p10) / p50 of their prices, None where there is none.
    """
    if comps <= 0:
        return NOTHING
    parts = (
        _from(COMPS, comps),
        _from(WEIGHT, weight),
        _from(SOLD, sold_share),
        0 if spread is None or comps < ENOUGH_FOR_A_SPREAD else _up_to(SPREAD, spread),
    )
    total = sum(parts)
    capped = sold_share + NOISE < MOSTLY_SOLD and total > MOST_OF_ASKS
    return Confidence(MOST_OF_ASKS if capped else max(1, total), *parts, capped=capped)


def _from(steps: tuple[tuple[float, int], ...], value: float) -> int:
    for least, points in steps:
        if value + NOISE >= least:
            return points
    return 0


def _up_to(steps: tuple[tuple[float, int], ...], value: float) -> int:
    for most, points in steps:
        if value - NOISE <= most:
            return points
    return 0
