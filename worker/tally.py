"""Metrics of what happens ten thousand times a second: plain numbers that one thread moves and another reads.

The client library's own take a lock for each value, which showed beside a job that does nothing.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """A counter by labels. Only one thread may add to it."""

    def __init__(self, name: str, text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self.name, self.text, self.labels = name, text, labels
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(int)
        registry.register(self)

    def add(self, labels: tuple[str, ...], count: int = 1) -> None:
        """Count."""
        self._counts[labels] += count

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Answer what has been counted, as the registry asks for it."""
        family = CounterMetricFamily(self.name, self.text, labels=self.labels)
        for labels, count in list(self._counts.items()):
            family.add_metric(labels, count)
        yield family


class Distribution(Collector):
    """A histogram by one label. Only one thread may add to it."""

    def __init__(
        self, name: str, text: str, label: str, bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self.name, self.text, self.labels, self._bounds = name, text, (label,), bounds
        self._counts: dict[str, list[int]] = {}
        self._sums: defaultdict[str, float] = defaultdict(float)
        registry.register(self)

    def add(self, label: str, value: float) -> None:
        """Count a value into the bucket it falls in; a bound belongs to the bucket below it."""
        counts = self._counts.get(label)
        if counts is None:
            counts = self._counts[label] = [0] * (len(self._bounds) + 1)
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[label] += value

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Answer cumulative buckets, as the registry asks for them."""
        family = HistogramMetricFamily(self.name, self.text, labels=self.labels)
        for label, counts in list(self._counts.items()):
            below, buckets = 0, []
            for bound, count in zip((*map(str, map(float, self._bounds)), "+Inf"), counts, strict=True):
                below += count
                buckets.append((bound, float(below)))
            family.add_metric([label], buckets, self._sums[label])
        yield family
