"""Fixtures of the tests that collect: the stand-in for eBay, and a catalogue of cards it has listings of."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.catalog.shelves import fill, sample
from tests.selling.market import Market, market
from worker.db import Database


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A market, with its own way of answering."""
    with market(tmp_path_factory.mktemp("stall"), sellers=1, orders=0) as running:
        yield running


@pytest.fixture
async def own_stall(stall: Market) -> AsyncIterator[Market]:
    """The market, to be steered by scenarios and limits; afterwards it is as it was."""
    yield stall
    await stall.post("/_sandbox/scenario", {"faults": [], "quotas": {"limits": {"ebay_browse": 5000}}})


@pytest.fixture
async def prints(db: Database) -> dict[str, int]:
    """The sample's cards in the database; their ids by their source's."""
    return {name: id_ for id_, name in (await fill(db, sample())).items()}
