"""Measurements, each beside what the same server does with the least work. Run by ``mintmark bench``."""

from collections.abc import Callable, Sequence

from benchmarks.drain import measure as drain
from benchmarks.enqueue import measure as enqueue
from benchmarks.figures import Figure
from benchmarks.normalize import measure as normalize
from benchmarks.scratch import scratch_database

BENCHMARKS: dict[str, Callable[[str], Sequence[Figure]]] = {
    "normalize": normalize,
    "drain": drain,
    "enqueue": enqueue,
}

__all__ = ["BENCHMARKS", "Figure", "scratch_database"]
