"""Sorted values cut into segments, and what is computed of all segments at once.

A segment is a run of rows with the same key: all comps of one print in one condition, for example. Rows are
sorted by segment; ``Segments`` knows where each begins and how long it is.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Segments:
    """Where segments begin among sorted rows, and how long they are; none is empty."""

    starts: Ints
    lengths: Ints

    @classmethod
    def of(cls, *keys: Ints) -> "Segments":
        """The runs of rows in which all ``keys`` are the same."""
        size = len(keys[0])
        if size == 0:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))
        begins = np.ones(size, np.bool_)
        begins[1:] = False
        for key in keys:
            begins[1:] |= key[1:] != key[:-1]
        starts = np.flatnonzero(begins)
        return cls(starts, np.diff(np.append(starts, size)))

    @cached_property
    def of_row(self) -> Ints:
        """For each row, the number of its segment."""
        return np.repeat(np.arange(len(self.starts)), self.lengths)

    def sums(self, values: Floats | Ints | Mask) -> Floats:
        """The sum of each segment."""
        if len(self.starts) == 0:
            return np.zeros(0, np.float64)
        return np.add.reduceat(values.astype(np.float64), self.starts)

    def least(self, values: Floats) -> Floats:
        """The least of each segment."""
        return np.minimum.reduceat(values, self.starts) if len(self.starts) else values

    def ranks(self) -> Ints:
        """For each row its place in its segment, from 0."""
        return np.arange(int(self.lengths.sum())) - np.repeat(self.starts, self.lengths)

    def quantiles(self, values: Floats, share: float) -> Floats:
        """The quantile of each segment, whose ``values`` ascend: as Postgres' ``percentile_cont`` has it.

        Of n values it stands at place ``share * (n - 1)``, between two of them in proportion.
        """
        if len(self.starts) == 0:
            return np.zeros(0, np.float64)
        places = (self.lengths - 1) * share
        low = np.floor(places).astype(np.int64)
        above = np.minimum(low + 1, self.lengths - 1)
        first, second = values[self.starts + low], values[self.starts + above]
        return np.asarray(first + (second - first) * (places - low), np.float64)

    def weighted_medians(self, values: Floats, weights: Floats) -> Floats:
        """The median of each segment, whose ``values`` ascend, by weight (all above 0).

        Each value stands in the middle of its weight; between two values it goes in proportion. With equal
        weights that is the plain median.
        """
        if len(self.starts) == 0:
            return np.zeros(0, np.float64)
        totals = self.sums(weights)
        before = np.concatenate(([0.0], np.cumsum(weights)))
        within = before[:-1] - np.repeat(before[self.starts], self.lengths)
        middles = np.clip((within + weights / 2) / np.repeat(totals, self.lengths), 0, 1)
        wanted = np.arange(len(self.starts)) + 0.5
        above = np.searchsorted(self.of_row + middles, wanted - EDGE)
        last = self.starts + self.lengths - 1
        above = np.clip(above, self.starts, last)
        below = np.clip(above - 1, self.starts, last)
        gap = middles[above] - middles[below]
        share = np.divide(0.5 - middles[below], gap, out=np.zeros_like(gap), where=gap > 0)
        return np.asarray(values[below] + (values[above] - values[below]) * np.clip(share, 0, 1), np.float64)


EDGE = 1e-12
"""Rounding of sums must not move a median past the value that stands exactly in the middle."""
