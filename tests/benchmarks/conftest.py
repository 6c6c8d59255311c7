from collections.abc import Callable, Sequence

import anyio
import pytest

from benchmarks.figures import Figure, Measure, Scale
from benchmarks.noop import publish

Measured = Callable[[Measure, Scale], dict[str, Figure]]


@pytest.fixture
def measured(database_url: str) -> Measured:
    """Run a benchmark at a tiny size; answers its figures by name, each of them looked over."""
    anyio.run(publish, database_url)

    def run(measure: Measure, scale: Scale) -> dict[str, Figure]:
        figures = measure(database_url, scale)
        _look_over(figures)
        return {figure.name: figure for figure in figures}

    return run


def _look_over(figures: Sequence[Figure]) -> None:
    for one in figures:
        assert one.value == one.value, f"{one.name} is no number"
        assert one.minimum is None or one.maximum is None or one.minimum <= one.maximum
