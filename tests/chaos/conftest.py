"""Two lanes: the short one is part of every test run, the long one (``CHAOS_LANE=long``) is `make chaos`."""

import json
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.chaos.fleet import Nursery, nursing
from tests.chaos.market import Market
from tests.chaos.receipts import Receipts
from tests.chaos.scorecard import Result
from tests.chaos.shop import selling
from tests.chaos.stage import Stage, staged

LANE = os.environ.get("CHAOS_LANE", "short")
Times = Callable[[int, int], int]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scorecard(row): the row of the scorecard that a test stands for")


@pytest.fixture
def times() -> Times:
    """Choose how often: the first number in the short lane, the second in the long one."""
    return lambda short, long: long if LANE == "long" else short


@pytest.fixture
def seed() -> int:
    """What the test's chance is made of; printed, and given again by ``CHAOS_SEED``."""
    chosen = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(2**32))
    print(f"CHAOS_SEED={chosen}")  # noqa: T201 - shown with the report of a failure.
    return chosen


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where workers are forked, so that each need not load the program anew."""
    with nursing(tmp_path_factory.mktemp("endings")) as found:
        yield found


@pytest.fixture
async def stage(database_url: str, tmp_path: Path, nursery: Nursery) -> AsyncIterator[Stage]:
    """A database of the test's own with everybody who is at work on it."""
    async with staged(database_url, tmp_path, nursery) as made:
        yield made


@pytest.fixture
async def market(stage: Stage, seed: int, tmp_path: Path) -> AsyncIterator[Market]:
    """The stage, and a shop that takes money."""
    receipts = tmp_path / "receipts"
    with selling(receipts, seed) as url:
        market = Market(stage, url, Receipts(receipts), seed)
        await market.open()
        yield market


@pytest.fixture(autouse=True)
def _stands_for(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if (marker := request.node.get_closest_marker("scorecard")) is not None:
        record_property("scorecard", marker.args[0])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what each test of the scorecard saw: its outcome, and what it recorded as ``figures``."""
    given = os.environ.get("SCORECARD")
    row = dict(report.user_properties).get("scorecard")
    ended = report.when == "call" or (report.when == "setup" and not report.passed)
    if not given or row is None or not ended or "PYTEST_XDIST_WORKER" in os.environ:
        return
    figures = [str(value) for name, value in report.user_properties if name == "figures"]
    assert isinstance(row, int)
    result = Result(row, report.nodeid, report.outcome, LANE, figures)
    with Path(given).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")
