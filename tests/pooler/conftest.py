from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.pooler.bouncer import Bouncer, pgbouncer
from worker.db import Database, open_database


@pytest.fixture(autouse=True)
def _little_is_said() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()


@pytest.fixture
def bouncer(database_url: str) -> Iterator[Bouncer]:
    """A PgBouncer in transaction mode, three backends, before the test's database."""
    with pgbouncer(database_url) as started:
        yield started


@pytest.fixture
async def pooled(bouncer: Bouncer) -> AsyncIterator[Database]:
    """The test's database through that PgBouncer."""
    async with open_database(bouncer.url, size=8) as database:
        yield database
