"""Every benchmark at a tiny size: that it runs, checks what was worked, and leaves nothing behind.

The figures mean nothing here, but for what must hold of them at any speed.
"""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import anyio
import psycopg
import pytest

from benchmarks import budget, claims, drain, enqueue, growth, inventory, memory, pickup, sell, snapshot
from benchmarks.figures import Scale
from benchmarks.noop import publish
from benchmarks.processes import ProcessEnded, noop_workers, python, until
from benchmarks.scratch import scratch_database
from benchmarks.snapshot import a_worker, held_snapshot
from benchmarks.suite import BENCHMARKS
from tests.benchmarks.conftest import Measured
from tests.rig import Server
from worker.queue.cursor import ABOVE_ALL, BELOW_ALL
from worker.queue.jobs import ANY_PRIORITY, SQL


def test_one_process_drains_and_so_do_two(measured: Measured) -> None:
    figures = measured(drain.measure, Scale(rounds=1, jobs=500))

    assert all(figure.value > 0 and figure.ratio for figure in figures.values())
    one, two = figures["drain, one worker process"], figures["drain, two worker processes"]
    assert figures["drain, two processes beside one"].ratio == two.value / one.value


def test_selling_is_measured_beside_asking_alone(measured: Measured) -> None:
    (figure,) = measured(sell.measure, Scale(rounds=1, rows=200)).values()

    assert figure.value > 0
    assert figure.ratio


def test_a_days_snapshot_is_measured_beside_the_bare_statement(measured: Measured) -> None:
    taken, peak = measured(inventory.measure, Scale(rounds=1, rows=2000)).values()

    assert taken.ratio
    assert peak.value < 300


def test_enqueueing_is_measured_beside_bare_statements(measured: Measured) -> None:
    figures = measured(enqueue.measure, Scale(rounds=1, jobs=50))

    assert all(figure.value > 0 and figure.ratio for figure in figures.values())


def test_a_notified_worker_begins_sooner_than_one_that_polls(measured: Measured) -> None:
    figures = measured(pickup.measure, Scale(rounds=1, jobs=12))

    notified, polling = (
        figures["pick-up on an idle worker, p50"],
        figures["pick-up through polling alone, p99"],
    )
    assert notified.value < polling.value
    assert polling.maximum
    assert polling.maximum > 100, "it must have been notified all the same"
    assert notified.floor
    assert notified.floor > 0


def test_draining_beside_other_rows_works_only_what_it_should(measured: Measured) -> None:
    [figure] = measured(growth.measure, Scale(rounds=1, jobs=300, rows=600)).values()

    assert figure.value > 0
    assert figure.ratio


def test_what_a_grown_database_holds_lies_in_the_partitions_of_its_days(database_url: str) -> None:
    growth.grow(database_url, 600)

    with psycopg.connect(database_url) as connection:
        parts = connection.execute(
            "select tableoid::regclass::text, count(*) from worker.job_history group by 1"
        ).fetchall()
        scheduled = connection.execute(
            "select count(*), min(id) > 600 from worker.jobs where state = 'scheduled' and run_at > now()"
        ).fetchone()
    assert len(parts) >= growth.DAYS - 1
    assert "worker.job_history_default" not in dict(parts)
    assert scheduled == (600, True)


def test_a_snapshot_keeps_the_dead_rows_that_a_load_leaves(measured: Measured) -> None:
    figures = measured(snapshot.measure, Scale(seconds=2))

    worked = figures["throughput under a held snapshot, last tenth of the time"]
    assert "enqueued" in worked.note
    assert worked.maximum
    assert worked.maximum > 0
    assert figures["dead rows of worker.jobs at the end"].value > 100


def test_a_claim_is_measured_behind_no_dead_rows_and_behind_many(measured: Measured) -> None:
    figures = measured(claims.measure, Scale(rounds=1, rows=600))

    assert list(figures) == [f"claim of 100 behind {dead} dead rows" for dead in (0, 100, 300, 600)]


def test_the_claim_with_a_cursor_takes_what_the_plain_one_takes(database_url: str) -> None:
    anyio.run(publish, database_url)
    with psycopg.connect(database_url, autocommit=True) as session:
        worker = a_worker(session)
        session.execute(claims.FILL, (300,))
        session.execute("update worker.jobs set priority = mod(id, 3) - 1")

        def taken(statement: str, *places: object) -> set[object]:
            with session.transaction(force_rollback=True):
                cursor = psycopg.RawCursor(session)
                cursor.execute(statement.encode(), ("noop", ["noop"], 250, worker, *places))
                return {row[0] for row in cursor.fetchall()}

        plain = taken(snapshot.CLAIM, *ANY_PRIORITY)
        with_cursor = taken(SQL["claim_behind"], [0], [0], [0, BELOW_ALL], [ABOVE_ALL, 0])

    assert len(plain) == 250
    assert with_cursor == plain


def test_the_memory_of_a_worker_is_looked_at_before_while_and_after_it_works(measured: Measured) -> None:
    figures = measured(memory.measure, Scale(jobs=200, seconds=1))

    before, working, growing = figures.values()
    assert 10 < before.value <= working.value
    assert working.floor == before.value
    assert growing.rounds > 2


def test_a_process_that_ends_by_itself_is_told_with_what_it_said(database_url: str) -> None:
    program = ("-c", "import sys; sys.exit('no such luck')")

    with pytest.raises(ProcessEnded, match="no such luck"), python(*program, url=database_url) as process:
        process.wait(20)


def test_waiting_for_a_process_that_has_ended_does_not_last(database_url: str) -> None:
    program = ("-c", "print('gone')")

    with (  # noqa: PT012 - what the process said is added where it is ended.
        pytest.raises(TimeoutError, match="for news") as failed,
        python(*program, url=database_url) as process,
    ):
        process.wait(20)
        until(lambda: False, "news", seconds=20, alive=[process])

    assert failed.value.__notes__ == ["gone"]


def test_workers_are_ended_when_the_measuring_fails(database_url: str) -> None:
    anyio.run(publish, database_url)

    with pytest.raises(ZeroDivisionError), noop_workers(database_url, slots=1):
        raise ZeroDivisionError

    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from worker.workers").fetchone() == (0,)


def test_a_held_snapshot_is_let_go_of_at_the_end(database_url: str) -> None:
    holders = """
        select count(*) from pg_stat_activity
         where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        with held_snapshot(database_url):
            assert connection.execute(holders).fetchone() == (1,)
        assert connection.execute(holders).fetchone() == (0,)


def test_reserving_and_settling_are_measured_beside_a_bare_update_and_balance(
    measured: Measured, database_url: str
) -> None:
    figures = measured(budget.measure, Scale(rounds=1, jobs=64, rows=200))

    assert figures["reserve, p50"].ratio
    assert figures["settle with a commit, p99"].value > 0
    assert 0 < figures["commits of a run of free items"].value < 100
    with psycopg.connect(database_url) as connection:
        sums = connection.execute("select count(*)::int, sum(cents) from worker.ledger").fetchone()
        spent = connection.execute("select max(spent_cents) from worker.runs").fetchone()
    assert sums
    assert spent
    assert sums[0] == 2 * 64
    assert sums[1] == 2 * spent[0] == 2 * 64 * Decimal("0.3")


def test_every_benchmark_is_named_on_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    assert [name for name in (*BENCHMARKS, "peers") if f"`{name}`" not in page] == []


def test_the_command_prints_a_line_of_json_for_each_figure(server: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "worker", "bench", "enqueue", "--rounds", "1", "--jobs", "20", "--json"]
    environ = {
        "DATABASE_URL": server.url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PATH": "/usr/bin:/bin",
    }

    said = subprocess.run(
        command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )

    assert said.returncode == 0, said.stderr
    assert said.stdout.count('"name": "enqueue') == 2
    assert '"server_version"' in said.stdout
    assert "measuring enqueue" in said.stderr


def test_a_scratch_database_is_dropped_even_when_the_measuring_fails(server: Server) -> None:
    def fail() -> None:
        with scratch_database(server.url) as url, psycopg.connect(url) as connection:
            names.append(connection.info.dbname)
            raise ZeroDivisionError

    names: list[str] = []
    with pytest.raises(ZeroDivisionError):
        fail()

    with psycopg.connect(server.url) as connection:
        left = connection.execute("select count(*) from pg_database where datname = any(%s)", (names,))
        assert left.fetchone() == (0,)
    assert names
