"""The simulated fleet obeys what can be worked out by hand; the real one beside it is drained to the end."""

from dataclasses import asdict, replace

import anyio
import pytest

from benchmarks.autoscaling import production
from benchmarks.fleet import beside_reality, most_waiting
from benchmarks.fleet_costs import fit, measure_server
from benchmarks.fleet_model import Costs, Fleet, background, simulate
from benchmarks.growing import waits, with_target
from benchmarks.noop import publish

FREE = Costs(
    claim=0,
    claim_job=0,
    finish=0,
    finish_job=0,
    skip=0,
    empty=0,
    beat=0,
    wake=0,
    idle=0,
    worker_idle=0,
    worker_call=0,
    worker_job=0,
    flush=1e-6,
    trip=0,
)
COSTS = replace(FREE, claim=2e-4, claim_job=5e-6, finish=2e-4, finish_job=4e-6, worker_job=1e-5, flush=1e-3)


def test_where_calls_cost_nothing_the_slots_are_all_that_counts() -> None:
    said = simulate(FREE, Fleet(workers=10, slots=10, job_seconds=0.1, cores=2))

    assert said.jobs == pytest.approx(1000, rel=0.02)


def test_a_server_with_one_core_gives_no_more_than_its_core_has() -> None:
    said = simulate(COSTS, Fleet(workers=50, slots=10, job_seconds=0.1, cores=1))

    assert said.busy == pytest.approx(1, abs=0.02)
    assert said.jobs * (COSTS.claim + COSTS.finish) / said.batch == pytest.approx(1, rel=0.15)


def test_the_same_seed_gives_the_same_answer_and_another_one_nearly() -> None:
    fleet = Fleet(workers=20, slots=10, job_seconds=0.05, cores=2)

    first, again, other = (simulate(COSTS, fleet, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert other != first
    assert other.jobs == pytest.approx(first.jobs, rel=0.05)


def test_jobs_of_one_run_wait_for_its_row_which_each_flush_lets_go_once_at_most() -> None:
    said = simulate(COSTS, Fleet(workers=50, slots=10, job_seconds=0.01, cores=16, runs=1))

    # One that comes while another's flush is under way waits for that, too.
    assert 0.5 / COSTS.flush <= said.jobs <= 1 / COSTS.flush


def test_rows_that_others_have_locked_make_a_claim_dearer() -> None:
    fleet = Fleet(workers=16, slots=2000, job_seconds=0, cores=2)

    assert simulate(replace(COSTS, skip=1e-6), fleet).jobs < simulate(COSTS, fleet).jobs * 0.9


def test_workers_that_wake_each_other_fill_a_core_and_then_nothing_is_left() -> None:
    costs = replace(COSTS, wake=1e-5, idle=1e-3)
    most = most_waiting(costs, 0)

    assert background(costs, Fleet(most, 10, 1, 1)) < 1 <= background(costs, Fleet(most + 1, 10, 1, 1))
    assert simulate(costs, Fleet(most + 1, 10, 1.0, 1)).jobs == 0
    assert most_waiting(costs, 100) == most_waiting(costs, 0) or most_waiting(costs, 100) < most


def test_a_fleet_that_asks_at_half_of_its_slots_never_lets_a_doubling_wait() -> None:
    late, few = waits(with_target(production(), 20))
    early, many = waits(with_target(production(), 5))

    assert early < 0.1
    assert late > 5
    assert few < many


def test_a_cost_is_read_off_the_smallest_and_the_largest_batch() -> None:
    line = fit({1: 0.3, 10: 0.5, 101: 2.3})

    assert (line.call, line.job) == pytest.approx((0.28, 0.02))


def test_each_call_is_found_to_cost_something_and_fleets_of_one_and_two_are_drained(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anyio.run(publish, database_url)
    for name, value in (("ROUNDS", 3), ("IDLE_SECONDS", 0.5), ("SETTLE_SECONDS", 0), ("NOTIFICATIONS", 20)):
        monkeypatch.setattr(f"benchmarks.fleet_costs.{name}", value)

    costs = asdict(measure_server(database_url))
    figures = list(beside_reality(database_url, COSTS, [1, 2], rounds=1, jobs=60))

    assert costs["claim"]["call"] > 0
    assert costs["idle"] > 0
    assert len(figures) == 8
    assert all(one.value > 0 and one.floor for one in figures)
