"""Fixtures of the tests of an account's resources: markets, and whole workers that ask them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.selling.market import Market, connect_sellers, market
from worker.db import Database


@pytest.fixture
def small_market(tmp_path: Path) -> Iterator[Market]:
    """Three sellers with 90 orders."""
    with market(tmp_path, sellers=3, orders=90) as running:
        yield running


@pytest.fixture
def busy_market(tmp_path: Path) -> Iterator[Market]:
    """One seller with 1500 orders: of everything there is more than a page."""
    with market(tmp_path, sellers=1, orders=1500) as running:
        yield running


@pytest.fixture
async def accounts(db: Database, small_market: Market) -> dict[str, UUID]:
    """The sellers of the small market, connected; by eBay's user id."""
    return await connect_sellers(db, small_market, sorted(await small_market.books()))


@pytest.fixture
async def busy_account(db: Database, busy_market: Market) -> UUID:
    """The seller of the busy market, connected."""
    [account] = (await connect_sellers(db, busy_market, sorted(await busy_market.books()))).values()
    return account
