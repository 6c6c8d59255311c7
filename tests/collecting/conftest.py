"""Fixtures of the tests that collect: the stand-in for eBay, and a catalogue of cards it has listings of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog.shelves import fill, sample
from tests.selling.market import Market, market
from worker.db import Database


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A market that nobody steers: what one test does to it, the next does not see."""
    with market(tmp_path_factory.mktemp("stall"), sellers=1, orders=0) as running:
        yield running


@pytest.fixture
def own_stall(tmp_path: Path) -> Iterator[Market]:
    """A market of the test's own, to be steered."""
    with market(tmp_path, sellers=1, orders=0) as running:
        yield running


@pytest.fixture
async def prints(db: Database) -> dict[str, int]:
    """The sample's cards in the database; their ids by their source's."""
    return {name: id_ for id_, name in (await fill(db, sample())).items()}
