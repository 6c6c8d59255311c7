from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from tests.sandbox.ebay.stands import NOW, Asker, asking
from worker.sandbox.ebay.world import World, make_world


@pytest.fixture(scope="session")
def large_world() -> World:
    """A world to read from; no test changes it."""
    return make_world(seed=7, sellers=200, orders=4_000, now=NOW, older=0.05)


@pytest.fixture
def world() -> World:
    return make_world(seed=3, sellers=26, orders=600, now=NOW)


@pytest.fixture
def hands() -> list[datetime]:
    """The clock's hands: a test may move them."""
    return [NOW]


@pytest.fixture
async def ask(world: World, hands: list[datetime]) -> AsyncIterator[Asker]:
    async with asking(world, lambda: hands[0]) as asker:
        yield asker
