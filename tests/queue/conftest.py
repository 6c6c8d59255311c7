from collections.abc import Iterator

import pytest
import structlog

from tests.queue.scene import errand, kinds
from worker.db import Database
from worker.queue.jobs import Jobs


@pytest.fixture(autouse=True)
def _little_is_said() -> Iterator[None]:
    """Keep thousands of lines, and tracebacks of errors that are meant, out of a failing test's report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def jobs(db: Database) -> Jobs:
    """The queue of a database that knows the kind ``errand``, which takes anything."""
    queue = Jobs(db)
    await queue.publish(kinds(errand()))
    return queue
