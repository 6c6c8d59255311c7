"""Histories that Hypothesis makes up, against real Postgres; one that breaks a promise is made short."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.conftest import LANE
from tests.model.machine import QueueMachine
from tests.model.places import PlacesMachine
from tests.queue.scene import errand, kinds
from worker.db import open_database
from worker.queue.jobs import Jobs

LONG = LANE == "long"


@contextmanager
def opened(
    machine: type[QueueMachine] | type[PlacesMachine], url: str
) -> Iterator[type[QueueMachine] | type[PlacesMachine]]:
    """The machine on one database, for as long as the block lasts."""
    database = open_database(url, size=2)
    with asyncio.Runner() as runner:
        db = runner.run(database.__aenter__())
        runner.run(Jobs(db).publish(kinds(errand())))
        try:
            yield type("Machine", (machine,), {"runner": runner, "db": db})
        finally:
            runner.run(database.__aexit__(None, None, None))


def play(machine: type[QueueMachine] | type[PlacesMachine], url: str, *, histories: int, steps: int) -> None:
    chosen = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize="CHAOS_SEED" in os.environ,
    )
    with opened(machine, url) as made:
        run_state_machine_as_test(made, settings=chosen)


@pytest.mark.timeout(3600)
def test_whatever_history_is_made_up_what_must_hold_holds(database_url: str) -> None:
    play(QueueMachine, database_url, histories=500 if LONG else 40, steps=80 if LONG else 40)


@pytest.mark.timeout(3600)
def test_however_runs_are_steered_they_have_places_and_nobody_waits_in_vain(database_url: str) -> None:
    play(PlacesMachine, database_url, histories=300 if LONG else 15, steps=60 if LONG else 30)


def test_a_run_that_was_called_and_whose_worker_died_is_called_again_by_the_sweep(database_url: str) -> None:
    with opened(PlacesMachine, database_url) as made:
        machine = made()
        assert isinstance(machine, PlacesMachine)
        machine.begin_anew()
        machine.finish(0, failed=False, closes=True)
        machine.claim(1)
        machine.kill(0)

        machine.go_on_until_nothing_moves()
