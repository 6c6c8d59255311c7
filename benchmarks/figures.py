"""One figure of a benchmark beside its floor, and how much shall be measured for it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured: the median of ``rounds``, with the least and the most of them.

    ``floor`` is what it is held against, measured in the same run on the same server;
    ``ratio`` is ours to it.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    rounds: int = 1
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure; None is what the benchmark itself thinks right.

    ``jobs`` that are worked, ``rows`` that lie about beside them, ``seconds`` of steady load.
    """

    rounds: int | None = None
    jobs: int | None = None
    rows: int | None = None
    seconds: float | None = None


Measure: TypeAlias = Callable[[str, Scale], Sequence[Figure]]
"""Measures in the database of a URL."""


def figure(
    name: str, ours: Sequence[float], unit: str, *, beside: Sequence[float] = (), note: str = ""
) -> Figure:
    """Sum up the rounds of ours, and of what it is held against, by their medians."""
    return Figure(
        name,
        median(ours),
        unit,
        floor=median(beside) if beside else None,
        minimum=min(ours),
        maximum=max(ours),
        rounds=len(ours),
        note="; ".join(part for part in (note, _range_of(beside)) if part),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that ``share`` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _range_of(beside: Sequence[float]) -> str:
    return f"floor {number(min(beside))} to {number(max(beside))}" if len(beside) > 1 else ""


def number(value: float) -> str:
    """Write a number with as many digits as anybody reads."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
