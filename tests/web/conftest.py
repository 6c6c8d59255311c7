from collections.abc import AsyncIterator, Iterator

import pytest

from tests.rig import as_worker
from tests.selling.market import Market, market
from tests.web.scene import OTHER_ORG, Pages, serving_pages
from worker.db import Database, open_database


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """One stand-in for eBay for all tests of the pages: four sellers, who hardly sell."""
    with market(tmp_path_factory.mktemp("market"), sellers=4, orders=8) as running:
        yield running


@pytest.fixture
async def pages(database_url: str, db: Database, shop: Market) -> AsyncIterator[Pages]:
    """The pages, served by a login that may do no more than a worker; tests look with their own."""
    await db.execute("insert into public.orgs (id, name) values ($1, 'the other one')", OTHER_ORG)
    async with (
        open_database(as_worker(database_url), size=8, acquire_seconds=2) as own,
        serving_pages(own, shop) as served,
    ):
        served.db = db
        yield served
