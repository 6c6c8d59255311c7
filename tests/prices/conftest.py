"""A market for each test, and what computes its prices."""

from collections.abc import Callable

import pytest

from tests.prices.market import Market
from worker.catalog.comps import Window
from worker.catalog.price_curves import Pricer
from worker.db import Database
from worker.pricing.curve import Habits


@pytest.fixture
def market(db: Database) -> Market:
    return Market(db)


@pytest.fixture
def new_pricer() -> Callable[[], Pricer]:
    return lambda: Pricer(Habits(), Window())
