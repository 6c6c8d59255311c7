"""What is made of the rounds: medians, percentiles, ratios, and the words beside them."""

import os

import pytest

from benchmarks.figures import Figure, figure, percentile
from benchmarks.memory import slope
from benchmarks.server import look_at


def test_a_figure_is_the_median_of_its_rounds_beside_the_median_of_its_floor() -> None:
    one = figure("drain", [30.0, 10.0, 20.0], "jobs/s", beside=[50.0, 40.0, 60.0])

    assert (one.value, one.minimum, one.maximum, one.rounds) == (20, 10, 30, 3)
    assert (one.floor, one.ratio) == (50, 0.4)
    assert one.note == "floor 40.0 to 60.0"


def test_a_figure_without_a_floor_has_no_ratio() -> None:
    assert Figure("memory", 70.0, "MiB").as_dict()["ratio"] is None


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1, 100), (0, 1)])
def test_a_percentile_is_a_value_that_was_seen(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == value


def test_the_slope_is_that_of_the_later_half() -> None:
    warming_up = [(float(n), 50.0 + n) for n in range(10)]
    steady = [(float(n), 60.0 + n / 3600) for n in range(10, 20)]

    grown = slope([*warming_up, *steady])

    assert grown.value == pytest.approx(1.0)
    assert grown.unit == "MiB/h"


def test_a_figure_is_told_with_the_server_it_is_true_of(database_url: str) -> None:
    server = look_at(database_url)

    assert server.server_version[:2].isdigit()
    assert server.durability["fsync"] in {"on", "off"}
    assert 1 <= server.cores <= (os.cpu_count() or 1)
    assert f"fsync {server.durability['fsync']}" in str(server)
