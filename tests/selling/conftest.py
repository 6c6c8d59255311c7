"""Fixtures of the tests that sell: a small market, whose sellers are connected."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.selling.market import Market, connect_sellers, market
from worker.db import Database


@pytest.fixture
def small_market(tmp_path: Path) -> Iterator[Market]:
    """Six sellers with 240 orders."""
    with market(tmp_path, sellers=6, orders=240) as running:
        yield running


@pytest.fixture
async def accounts(db: Database, small_market: Market) -> dict[str, UUID]:
    """All of them connected; by eBay's user id."""
    return await connect_sellers(db, small_market, sorted(await small_market.books()))
