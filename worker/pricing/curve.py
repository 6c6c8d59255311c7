"""The price of a card in each of its conditions, from all that the market says of it.

Of one group (a card in one printing, language and currency) the sales and asks of each condition are cleaned
(``cleaning.py``). The median is that of the sales where there are enough of them, else that of sales and asks
together, and then says so; newer ones and better sources weigh more. The floor is the least that is asked,
but for the cheapest, which is often bait: the second lowest ask, or from ten asks on their tenth percentile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from worker.pricing.cleaning import Asked, crowding, outliers, relisted
from worker.pricing.comps import ASK, CONDITIONS, GUIDE, PLACE, REASONS, SOLD, Comps
from worker.pricing.confidence import NOTHING, Confidence, confidence
from worker.pricing.segments import Ints, Mask, Segments

MANY_ASKS = 10
P10, P90 = 0.1, 0.9
LEAST_WEIGHT = 1e-6
IS_GUIDE = "guide"
NAMES = (*REASONS, IS_GUIDE)

PriceBasis = Literal["sold", "mixed", "ask"]


@dataclass(frozen=True, slots=True)
class Habits:
    """How prices are made.

    ``seller_cap``: asks of one seller in a group at most. ``half_life_days``: in which a comp loses half its
    weight. ``enough_sales``: from so many on asks are not needed for a median.
    """

    seller_cap: int = 3
    half_life_days: float = 30.0
    enough_sales: int = 3


class ConditionPrice(NamedTuple):
    """What a card costs in one condition; money in cents.

    ``median`` rests on ``samples`` comps, ``floor`` on ``asks``; without asks there is none. ``p10`` and
    ``p90`` are of the same comps as the median. ``newest_days`` is the age of the newest of them.
    """

    condition: str
    basis: PriceBasis
    median: int
    floor: int | None
    samples: int
    sales: int
    asks: int
    p10: int
    p90: int
    newest_days: float
    confidence: Confidence
    used: tuple[int, ...]
    prices: tuple[int, ...]
    """Of those that are used, in their order, which is that of the prices."""
    asked: tuple[int, ...]
    """The asks behind the floor, cheapest first."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve of one group: a price for each condition that has comps, best condition first.

    ``violations`` names pairs in which the worse condition costs more. ``left_out`` holds ids by reason;
    ``guide`` those of guide prices that have no other reason than that they say no condition.
    """

    group: int
    prices: Sequence[ConditionPrice]
    left_out: Mapping[str, Sequence[int]]
    guide: Sequence[int]
    violations: Sequence[tuple[str, str]]
    confidence: int
    """That of the conditions, weighed by their samples and rounded; 0 where there is nothing to go by."""

    @property
    def listing_count(self) -> int:
        """Observations that its prices rest on, for medians or for floors."""
        return sum(price.sales + price.asks for price in self.prices)


def fit(comps: Comps, habits: Habits) -> list[Curve]:
    """Make a curve for each group that has a comp, in the order of their numbers."""
    comps = comps.rows(np.lexsort((comps.ids, comps.cents, comps.condition, comps.group)))
    left_out = _leave_out(comps, habits)
    kept = comps.rows(left_out == 0)
    by_group: dict[int, list[ConditionPrice]] = {}
    for group, price in _prices(kept, habits):
        by_group.setdefault(group, []).append(price)
    return [
        _curve(group, by_group.get(group, []), rest) for group, rest in _left_out_of(comps, left_out).items()
    ]


def _leave_out(comps: Comps, habits: Habits) -> Ints:
    """Why each comp is left out, 0 where it is not: what was judged before, then what its group says."""
    reasons = comps.left_out.copy()
    reasons[(reasons == 0) & ((comps.condition < 0) | (comps.basis == GUIDE))] = PLACE["no_condition"]
    cell = comps.group * len(CONDITIONS) + comps.condition
    asks = np.flatnonzero((reasons == 0) & (comps.basis == ASK))
    asks = _cut(reasons, "relist", asks, relisted(_asked(comps, cell, asks)))
    _cut(reasons, "seller_cap", asks, crowding(_asked(comps, cell, asks), habits.seller_cap))
    rest = np.flatnonzero(reasons == 0)
    _cut(reasons, "outlier", rest, outliers(cell[rest], comps.cents[rest].astype(np.float64)))
    return reasons


def _cut(reasons: Ints, reason: str, rows: Ints, cut: Mask) -> Ints:
    """Write down why these rows are cut; answers those that are left."""
    reasons[rows[cut]] = PLACE[reason]
    return rows[~cut]


def _asked(comps: Comps, cell: Ints, rows: Ints) -> Asked:
    seconds = (-comps.days[rows] * 86_400).astype(np.int64)
    return Asked(cell[rows], comps.seller[rows], comps.offer[rows], seconds, comps.ids[rows])


def _prices(kept: Comps, habits: Habits) -> list[tuple[int, ConditionPrice]]:
    cells, is_sold = Segments.of(kept.group, kept.condition), kept.basis == SOLD
    sales = cells.sums(is_sold).astype(np.int64)
    only_sales = np.repeat(sales >= habits.enough_sales, cells.lengths)
    return _of_cells(kept.rows(~only_sales | is_sold), sales, _floors(kept.rows(~is_sold)), habits)


class Floor(NamedTuple):
    """The least that is asked of one group and condition, and the asks that say so."""

    cents: int | None
    asked: tuple[int, ...]


NO_FLOOR = Floor(None, ())


def _floors(asks: Comps) -> dict[tuple[int, int], Floor]:
    """The floor of each group and condition that somebody asks for."""
    cells, cents = Segments.of(asks.group, asks.condition), asks.cents.astype(np.float64)
    second = cents[cells.starts + np.minimum(1, cells.lengths - 1)]
    floors = np.rint(np.where(cells.lengths >= MANY_ASKS, cells.quantiles(cents, P10), second)).astype(int)
    columns = (asks.group[cells.starts], asks.condition[cells.starts], floors, cells.starts, cells.lengths)
    ids = asks.ids.tolist()
    return {
        (group, condition): Floor(floor, tuple(ids[start : start + length]))
        for group, condition, floor, start, length in zip(*(one.tolist() for one in columns), strict=True)
    }


def _of_cells(
    used: Comps, sales: Ints, floors: Mapping[tuple[int, int], Floor], habits: Habits
) -> list[tuple[int, ConditionPrice]]:
    cells, cents = Segments.of(used.group, used.condition), used.cents.astype(np.float64)
    weights = np.maximum(used.weight * np.exp2(-used.days / habits.half_life_days), LEAST_WEIGHT)
    columns = (
        used.group[cells.starts],
        used.condition[cells.starts],
        cells.starts,
        cells.lengths,
        sales,
        cells.weighted_medians(cents, weights),
        *(cells.quantiles(cents, share) for share in (P10, 0.5, P90)),
        cells.sums(used.weight) / cells.lengths,
        cells.least(used.days),
    )
    ids, prices = used.ids.tolist(), used.cents.tolist()
    return [
        (group, _price(Cell(*cell), floors.get((group, cell[0]), NO_FLOOR), ids, prices))
        for group, *cell in zip(*(column.tolist() for column in columns), strict=True)
    ]


class Cell(NamedTuple):
    """What was computed of one condition of one group."""

    condition: int
    start: int
    length: int
    sales: int
    median: float
    p10: float
    p50: float
    p90: float
    weight: float
    newest_days: float


def _price(cell: Cell, floor: Floor, ids: Sequence[int], prices: Sequence[int]) -> ConditionPrice:
    here, sold_share = slice(cell.start, cell.start + cell.length), cell.sales / cell.length
    return ConditionPrice(
        condition=CONDITIONS[cell.condition],
        basis="sold" if cell.sales == cell.length else "mixed" if cell.sales else "ask",
        median=round(cell.median),
        floor=floor.cents,
        samples=cell.length,
        sales=cell.sales,
        asks=len(floor.asked),
        p10=round(cell.p10),
        p90=round(cell.p90),
        newest_days=cell.newest_days,
        confidence=confidence(cell.length, cell.weight, sold_share, (cell.p90 - cell.p10) / cell.p50),
        used=tuple(ids[here]),
        prices=tuple(prices[here]),
        asked=floor.asked,
    )


def _left_out_of(comps: Comps, reasons: Ints) -> dict[int, dict[str, list[int]]]:
    """For each group, in order, the ids of what is left out of it by reason; guide prices by ``IS_GUIDE``."""
    by_group: dict[int, dict[str, list[int]]] = {group: {} for group in np.unique(comps.group).tolist()}
    # A guide price, and nothing else against it than that it says no condition.
    names = np.where((comps.basis == GUIDE) & (reasons == PLACE["no_condition"]), len(REASONS), reasons - 1)
    cut = np.flatnonzero(reasons)
    cut = cut[np.lexsort((comps.ids[cut], names[cut], comps.group[cut]))]
    runs, ids = Segments.of(comps.group[cut], names[cut]), comps.ids[cut].tolist()
    columns = (comps.group[cut][runs.starts], names[cut][runs.starts], runs.starts, runs.lengths)
    for group, name, start, length in zip(*(column.tolist() for column in columns), strict=True):
        by_group[group][NAMES[name]] = ids[start : start + length]
    return by_group


def _curve(group: int, prices: Sequence[ConditionPrice], rest: Mapping[str, Sequence[int]]) -> Curve:
    return Curve(
        group=group,
        prices=prices,
        left_out={reason: rest[reason] for reason in sorted(rest) if reason != IS_GUIDE},
        guide=rest.get(IS_GUIDE, []),
        violations=[
            (better.condition, worse.condition)
            for better, worse in pairwise(prices)
            if worse.median > better.median
        ],
        confidence=_overall(prices),
    )


def _overall(prices: Sequence[ConditionPrice]) -> int:
    samples = sum(price.samples for price in prices)
    if not samples:
        return NOTHING.score
    total = sum(price.confidence.score * price.samples for price in prices)
    return max(1, (2 * total + samples) // (2 * samples))
