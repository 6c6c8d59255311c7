"""Histories that Hypothesis makes up, against real Postgres; one that breaks a promise is made short."""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.conftest import LANE
from tests.model.machine import opened

HISTORIES, STEPS = (500, 80) if LANE == "long" else (60, 40)


@pytest.mark.timeout(3600)
def test_whatever_history_is_made_up_what_must_hold_holds(database_url: str) -> None:
    chosen = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize="CHAOS_SEED" in os.environ,
    )
    with asyncio.Runner() as runner, opened(database_url, runner) as machine:
        run_state_machine_as_test(machine, settings=chosen)
