"""How near our medians come to the truth, in markets of which the truth is known.

Each card has a true price in each condition: what it sells for. Sales scatter around it (log-normal), asks
around a price above it, and among them stand bait prices, junk, slabs, relistings, one seller with forty
listings. Titles are written as sellers write them, and read by our reader: nothing tells the price-maker what
a row is, but the row. Beside ours stand the plain mean and the plain median of what a search brings back.

Run by itself (``python -m benchmarks.truth``) it prints the table of docs/prices.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import fmean, median

import numpy as np

from benchmarks.figures import Figure, Scale
from worker.pricing.comps import ASK, CONDITIONS, PLACE, SOLD, Comps
from worker.pricing.curve import Habits, fit
from worker.pricing.listing import read_listing

SEED = 20261130
CARDS = 400
CARDS_OF_ALL_SIZES = 1000
WORTH = {"NM": 1.0, "LP": 0.85, "MP": 0.67, "HP": 0.47, "DMG": 0.32}
SAID = {
    "NM": ("NM", "Near Mint", "NM/M", "Pack Fresh"),
    "LP": ("LP", "Lightly Played", "Light Play"),
    "MP": ("MP", "Moderately Played", "Mod Play"),
    "HP": ("Heavily Played", "Heavy Play"),
    "DMG": ("Damaged", "DMG", "Creased"),
}
JUNK = (
    "PROXY {}",
    "{} custom orica card",
    "Lot of 12 cards incl {}",
    "{} x4 playset",
    "{} replica metal",
    "Pick your card {}",
)
SLABS = ("PSA 10 {}", "{} PSA 9 Mint", "BGS 9.5 {}", "{} CGC 8.5 NM/Mint+")
SCATTER, ASK_SCATTER, ABOVE = 0.15, 0.18, 1.18
AGE_DAYS = 45


@dataclass(frozen=True, slots=True)
class Row:
    """One listing or sale: a title, cents, whether it was sold, its age, and whose it is."""

    title: str
    cents: int
    sold: bool
    days: float
    seller: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of market: comps of each condition, and what else stands among them, as shares of all rows."""

    name: str
    comps: int
    sold: float = 0.6
    bait: float = 0.04
    junk: float = 0.1
    slabs: float = 0.08
    relists: float = 0.0
    hoarder: bool = False
    """One seller with forty listings at one and a half times the price."""
    conditions: Sequence[str] = CONDITIONS


@dataclass(slots=True)
class Errors:
    """Relative errors of each way, and our confidence beside ours."""

    ours: list[float] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    confidence: list[int] = field(default_factory=list)
    missing: int = 0


KINDS = (
    Kind("ten comps a condition", comps=10),
    Kind("three comps a condition", comps=3),
    Kind("30 % junk, a page of 200 rows", comps=23, junk=0.3),
    Kind("30 % junk, ten comps a condition", comps=10, junk=0.3),
    Kind("one seller with forty listings", comps=10, hoarder=True),
    Kind("a third relisted", comps=10, relists=0.33),
    Kind("asks only", comps=10, sold=0.0),
)


def measure(_: str, scale: Scale) -> Sequence[Figure]:
    """The errors of each kind of market (``scale.rows`` cards of each), and how confidence sorts them."""
    cards = scale.rows or CARDS
    by_kind = {kind.name: errors_of(kind, cards) for kind in KINDS}
    figures = [
        Figure(
            f"median error, {name}",
            100 * median(one.ours),
            "%",
            floor=100 * median(one.plain),
            note=f"beside: the plain median; the plain mean {100 * median(one.mean):.1f} %; "
            f"no price {one.missing}",
        )
        for name, one in by_kind.items()
    ]
    sparse = errors_of_many(scale.rows or CARDS_OF_ALL_SIZES)
    return [
        *figures,
        Figure(
            "Spearman of confidence and error",
            spearman(sparse.confidence, sparse.ours),
            "",
            note="markets of 1 to 40 comps",
        ),
    ]


def errors_of(kind: Kind, cards: int) -> Errors:
    """Price so many cards of a kind of market in each of its conditions."""
    errors = Errors()
    for card in range(cards):
        _price(kind, Random(f"{SEED}/{kind.name}/{card}"), errors)
    return errors


def errors_of_many(cards: int) -> Errors:
    """Price markets of all sizes, well traded and hardly traded, calm and wild."""
    errors = Errors()
    for card in range(cards):
        rng = Random(f"{SEED}/many/{card}")
        kind = Kind("", comps=rng.choice((1, 2, 3, 5, 8, 15, 40)), sold=rng.choice((0.0, 0.3, 0.6, 0.9)))
        _price(kind, rng, errors, scatter=rng.choice((0.05, 0.15, 0.35)))
    return errors


def _price(kind: Kind, rng: Random, errors: Errors, scatter: float = SCATTER) -> None:
    worth = rng.uniform(200, 40_000)
    rows = list(_market(kind, rng, worth, scatter))
    prices = {one.condition: one for curve in fit(_read(rows), Habits()) for one in curve.prices}
    everything = [row.cents for row in rows]
    for condition in kind.conditions:
        truth = worth * WORTH[condition]
        named = [row.cents for row in rows if any(word in row.title for word in SAID[condition])]
        errors.mean.append(_error(fmean(named or everything), truth))
        errors.plain.append(_error(median(named or everything), truth))
        if (found := prices.get(condition)) is None:
            errors.missing += 1
        else:
            errors.ours.append(_error(found.median, truth))
            errors.confidence.append(found.confidence.score)


def _error(said: float, truth: float) -> float:
    return abs(said - truth) / truth


def _market(kind: Kind, rng: Random, worth: float, scatter: float) -> Iterator[Row]:
    name = "Charizard 4/102 Base Set Holo"
    for condition in kind.conditions:
        for _ in range(kind.comps):
            yield _comp(kind, rng, name, condition, worth * WORTH[condition], scatter)
        others = kind.comps / (1 - kind.junk - kind.slabs - kind.bait - kind.relists) - kind.comps
        for _ in range(round(others + rng.uniform(-0.5, 0.5))):
            yield _noise(kind, rng, name, condition, worth * WORTH[condition])
        if kind.hoarder:
            for _ in range(8):
                cents = round(worth * WORTH[condition] * rng.uniform(1.4, 1.6))
                yield Row(f"{name} {rng.choice(SAID[condition])} {rng.randint(1, 999)}", cents, False, 1, 7)


def _comp(kind: Kind, rng: Random, name: str, condition: str, worth: float, scatter: float) -> Row:
    sold = rng.random() < kind.sold
    middle, spread = (worth, scatter) if sold else (worth * ABOVE, max(scatter, ASK_SCATTER))
    title = f"{name} {rng.choice(SAID[condition])} Pokemon"
    return Row(
        title,
        round(middle * np.exp(rng.gauss(0, spread))),
        sold,
        rng.uniform(0, AGE_DAYS),
        rng.randrange(1000, 10**6),
    )


def _noise(kind: Kind, rng: Random, name: str, condition: str, worth: float) -> Row:
    named, seller = f"{name} {rng.choice(SAID[condition])}", rng.randrange(1000, 10**6)
    [what] = rng.choices(("junk", "slab", "bait", "relist"), (kind.junk, kind.slabs, kind.bait, kind.relists))
    match what:
        case "junk":
            return Row(
                rng.choice(JUNK).format(named),
                round(worth * rng.uniform(0.01, 0.3)),
                rng.random() < 0.5,
                5,
                seller,
            )
        case "slab":
            return Row(
                rng.choice(SLABS).format(name),
                round(worth * rng.uniform(2, 12)),
                rng.random() < 0.5,
                5,
                seller,
            )
        case "bait":
            return Row(named, round(worth * rng.uniform(0.02, 0.2)), False, 1, seller)
        case _:
            return Row(f"{named} again", round(worth * rng.uniform(1.5, 2)), False, rng.uniform(1, 40), 11)


def _read(rows: Sequence[Row]) -> Comps:
    """The rows as they are judged: what their titles say, and nothing else."""
    read = [read_listing(row.title, "Charizard", "4/102") for row in rows]
    size = len(rows)
    return Comps(
        ids=np.arange(1, size + 1),
        group=np.zeros(size, np.int64),
        condition=_ints(CONDITIONS.index(one.condition) if one.condition else -1 for one in read),
        basis=_ints(SOLD if row.sold else ASK for row in rows),
        left_out=_ints(PLACE[one.left_out] if one.left_out else 0 for one in read),
        cents=_ints(max(1, row.cents) for row in rows),
        days=np.array([row.days for row in rows]),
        weight=np.array([0.9 if row.sold else 0.6 for row in rows]),
        seller=_ints(row.seller for row in rows),
        offer=_ints(hash((row.seller, row.title)) or 1 for row in rows),
    )


def _ints(values: Iterator[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(list(values), np.int64)


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """The correlation of two rankings; equal values share the mean of their ranks."""
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Sequence[float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    _, place, count = np.unique(np.array(values), return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def main() -> None:
    """Print the table."""
    for one in measure("", Scale()):
        beside = "" if one.floor is None else f"  plain {one.floor:.1f}"
        print(f"{one.name:<45} {one.value:6.2f} {one.unit}{beside}  {one.note}")


if __name__ == "__main__":
    main()
