from collections.abc import Iterator

import pytest
import structlog

from tests.alerts.receiver import Postbox, Receiver, postbox, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as one:
        yield one


@pytest.fixture(autouse=True)
def _little_is_said() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()
