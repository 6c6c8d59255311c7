"""The figures of how titles are read, at a tiny size."""

from benchmarks import titles
from benchmarks.figures import Scale


def test_accuracy_and_speed_have_figures_beside_their_bars() -> None:
    figures = {one.name: one for one in titles.measure("", Scale(rounds=1, rows=300))}

    assert figures["titles: condition"].floor == 97
    assert figures["titles: junk"].value >= 98
    assert figures["titles: unknown that became NM"].value == 0
    assert figures["titles: read in a process"].value > 0
    assert figures["titles: read by the command"].value > 0
