"""What a thing is worth, from listings of its like: which of them count, their quantiles, and how sure it is.

Sales alone make the value where at least three are left of them; else sales and asks together do, and it is
said. Of asks, only the newest of one seller's with one title counts, and at most three of one seller's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from worker.pricing.confidence import Confidence, confidence
from worker.pricing.outliers import find_outliers
from worker.pricing.quantiles import P10, P50, P90, mean, money, quantile

SELLER_CAP = 3
ENOUGH_SALES = 3
Basis = Literal["sold", "ask"]
Reason = Literal["relist", "seller_cap", "outlier"]


class Comp(NamedTuple):
    """A listing of the like: ``cents`` are hundredths of the currency's unit, of one piece with shipping.

    ``weight`` is that of its source, from 0 to 1. ``seller`` and ``offer`` (the seller's listings with one
    title) are None where they are not known.
    """

    id: int
    basis: Basis
    cents: int
    weight: float
    source: str
    observed_at: datetime
    seller: int | None = None
    offer: int | None = None


class Cut(NamedTuple):
    """A comp that is left out of the value, and why."""

    comp: Comp
    reason: Reason
    why: str


class Value(NamedTuple):
    """What a thing is worth. ``used`` made it; ``beside`` are asks that were not needed, since sales did.

    Amounts are None where nothing was left to go by. ``sold_median`` and ``ask_median`` are those of all
    sales and of all asks that are not left out. ``spread`` is (p90 - p10) / median.
    """

    used: tuple[Comp, ...]
    beside: tuple[Comp, ...]
    cuts: tuple[Cut, ...]
    p10: Decimal | None
    median: Decimal | None
    p90: Decimal | None
    mean: Decimal | None
    sold_median: Decimal | None
    ask_median: Decimal | None
    weight: float
    spread: float | None
    confidence: Confidence

    @property
    def sold(self) -> int:
        """How many of those that made it are sales."""
        return sum(comp.basis == "sold" for comp in self.used)


def value(comps: Sequence[Comp]) -> Value:
    """Value a thing by comps of one currency, whatever their order."""
    newest = sorted(comps, key=lambda comp: (comp.observed_at, comp.id), reverse=True)
    crowded = list(_crowding(newest))
    aside = {cut.comp.id for cut in crowded}
    sales = [comp for comp in newest if comp.basis == "sold"]
    asks = [comp for comp in newest if comp.basis == "ask" and comp.id not in aside]
    kept_sales, cut_sales = _cleaned(sales)
    if len(kept_sales) >= ENOUGH_SALES:
        kept_asks, cut_asks = _cleaned(asks)
        return _valued(kept_sales, kept_asks, [*crowded, *cut_sales, *cut_asks])
    kept, cut = _cleaned([*sales, *asks])
    return _valued(kept, [], [*crowded, *cut])


def _crowding(newest: Sequence[Comp]) -> Iterator[Cut]:
    offers, sellers = set[int](), Counter[int]()
    for comp in newest:
        if comp.basis == "sold":
            continue
        if comp.offer is not None and comp.offer in offers:
            yield Cut(comp, "relist", "the same seller lists it under the same title again")
        elif comp.seller is not None and sellers[comp.seller] == SELLER_CAP:
            yield Cut(comp, "seller_cap", f"the seller has {SELLER_CAP} newer ones")
        else:
            offers.update(() if comp.offer is None else (comp.offer,))
            sellers.update(() if comp.seller is None else (comp.seller,))


def _cleaned(comps: Sequence[Comp]) -> tuple[list[Comp], list[Cut]]:
    far = find_outliers([comp.cents for comp in comps])
    kept = [comp for comp, cut in zip(comps, far, strict=True) if not cut]
    middle = _median(kept)
    cuts = [
        Cut(comp, "outlier", f"{money(comp.cents)} is too far from {middle}, the median of the others")
        for comp, cut in zip(comps, far, strict=True)
        if cut
    ]
    return kept, cuts


def _median(comps: Sequence[Comp]) -> Decimal | None:
    return money(quantile(sorted(comp.cents for comp in comps), P50)) if comps else None


def _valued(used: Sequence[Comp], beside: Sequence[Comp], cuts: Sequence[Cut]) -> Value:
    cents = sorted(comp.cents for comp in used)
    low, middle, high = (quantile(cents, share) if cents else None for share in (P10, P50, P90))
    spread = float((high - low) / middle) if low is not None and middle and high is not None else None
    weight = sum(comp.weight for comp in used) / len(used) if used else 0.0
    sales = [comp for comp in used if comp.basis == "sold"]
    asks = [comp for comp in (*used, *beside) if comp.basis == "ask"]
    return Value(
        used=tuple(used),
        beside=tuple(beside),
        cuts=tuple(cuts),
        p10=None if low is None else money(low),
        median=None if middle is None else money(middle),
        p90=None if high is None else money(high),
        mean=money(mean(cents)) if cents else None,
        sold_median=_median(sales),
        ask_median=_median(asks),
        weight=weight,
        spread=spread,
        confidence=confidence(len(used), weight, len(sales) / len(used) if used else 0.0, spread),
    )
