"""Each role can do what is its own: every statement is planned and let in, with no rights but the role's."""

import re
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import Connect
from tests.roles.conftest import Connection, Login
from worker.db import statements

PACKAGE = Path(__file__).parents[2] / "worker"
OF_WORKERS = [
    file for part in ("queue", "runs", "catalog") for file in sorted((PACKAGE / part).glob("*.sql"))
]
OFTEN = ("jobs", "workers", "items", "work", "spending")
"""What is run so often that its plans are compared on tables that hold something."""
A_BACKLOG = """
insert into worker.jobs (kind, queue, max_attempts, state, payload, run_id)
select 'demo', 'default', 1, case when n % 100 = 0 then 'running' else 'pending' end::worker.job_state, '{}',
       case when n % 2 = 0 then r.id end
  from generate_series(1, 5000) n, (select worker.start_run('demo') as id) r;
insert into worker.items (run_id, job_id, type, external_id, state)
select r.id, n, 'card', n, 'completed' from generate_series(1, 5000) n, worker.runs r;
insert into worker.job_history (id, fence, run_at, created_at, priority, max_attempts, attempt, crashes,
                                state, queue, kind, payload)
select n, 1, now(), now(), 0, 1, 1, 0, 'completed', 'default', 'demo', '{}' from generate_series(1, 5000) n;
analyze worker.jobs, worker.items, worker.job_history, worker.runs
"""
OF_OPERATORS = sorted((PACKAGE / "commands").glob("*.sql"))


READING = ("alert", "org", "queries", "quota", "run", "schedule")
CALL = re.compile(r"\bworker\.(?!confined_to)\w+\(")


def named(files: list[Path]) -> list[tuple[Path, str]]:
    return [(file, name) for file in files for name in statements(file)]


async def plan(connection: Connection, statement: str, numbers: "count[int]") -> str:
    """The plan of a statement for whatever it is given; refused where the role may not do it.

    In which order conditions of one filter are tried is left out: with row security, cheap ones that cannot
    leak come first.
    """
    name = f"of_number_{next(numbers)}"
    await connection.execute("set plan_cache_mode = force_generic_plan")
    await connection.execute(f"prepare {name} as {statement}")
    given = await connection.fetchval(
        "select cardinality(parameter_types) from pg_prepared_statements where name = $1", name
    )
    call = f"({', '.join(['null'] * given)})" if given else ""
    lines = await connection.fetch(f"explain (costs off) execute {name}{call}")
    return "\n".join(" ".join(sorted(re.split(r"[ ()]+", line["QUERY PLAN"]))) for line in lines)


@pytest.mark.parametrize("file", OF_WORKERS, ids=lambda path: f"{path.parent.stem}-{path.stem}")
async def test_a_worker_may_do_all_that_its_code_does_and_its_plans_are_the_owners(
    file: Path, owner: Connection, login: Login
) -> None:
    worker, numbers = await login("mintmark_worker"), count()
    if file.stem in OFTEN:
        await owner.execute(A_BACKLOG)

    for name, statement in statements(file).items():
        assert await plan(worker, statement, numbers) == await plan(owner, statement, numbers), name


async def test_an_operator_may_do_all_that_the_command_line_does(login: Login) -> None:
    operator, numbers = await login("mintmark_operator"), count()

    for _, statement in [(name, statements(file)[name]) for file, name in named(OF_OPERATORS)]:
        assert await plan(operator, statement, numbers)


async def test_a_reader_may_read_what_the_command_line_shows(login: Login) -> None:
    reader, numbers = await login("mintmark_reader"), count()
    queries = [statements(PACKAGE / "commands" / f"{file}.sql") for file in READING]

    for statement in [text for file in queries for text in file.values() if not CALL.search(text)]:
        assert await plan(reader, statement, numbers)


async def test_a_producer_may_enqueue_and_start_runs_and_read_nothing(login: Login, connect: Connect) -> None:
    producer = await login("mintmark_producer")

    job = await producer.fetchval("select worker.enqueue('demo', run_id => worker.start_run('demo'))")
    more = await producer.fetch("select worker.enqueue_many('demo', array['{}', '{}']::jsonb[])")

    assert len({job, *(row[0] for row in more)}) == 3
    owned = await (await connect()).fetchval("select count(*) from worker.jobs")
    assert owned == 4
