"""How fast producers enqueue, one job a transaction and in bulk, beside bare statements for the same row."""

import time
from collections.abc import Callable, Sequence
from statistics import median

import psycopg

from benchmarks.figures import Figure

SINGLE, BULK, CHUNK = 2_000, 50_000, 5_000
INSERT = """
insert into worker.jobs (kind, payload, queue, max_attempts, state)
values ('demo', '{"items": 1}', 'default', 5, 'pending')
"""
ENQUEUE = """select worker.enqueue('demo', '{"items": 1}')"""
ENQUEUE_MANY = """select worker.enqueue_many('demo', array_fill('{"items": 1}'::jsonb, array[%s]))"""
COPY = "copy worker.jobs (kind, payload, queue, max_attempts, state) from stdin"
ROW = ("demo", '{"items": 1}', "default", 5, "pending")


def measure(url: str, *, rounds: int = 5) -> Sequence[Figure]:
    """Measure each beside its bare form, in turn; medians."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:

        def many(statement: str) -> Callable[[], None]:
            def execute() -> None:
                for _ in range(SINGLE):
                    connection.execute(statement)

            return execute

        def bulk() -> None:
            for _ in range(BULK // CHUNK):
                connection.execute(ENQUEUE_MANY, (CHUNK,)).fetchall()

        def copy() -> None:
            with connection.cursor() as cursor, cursor.copy(COPY) as rows:
                for _ in range(BULK):
                    rows.write_row(ROW)

        figures = []
        for what, ours, bare, jobs in (
            ("enqueue, one a transaction", many(ENQUEUE), many(INSERT), SINGLE),
            ("enqueue_many, 5,000 a call", bulk, copy, BULK),
        ):
            pairs = [(rate(connection, bare, jobs), rate(connection, ours, jobs)) for _ in range(rounds)]
            beside, value = (median(each) for each in zip(*pairs, strict=True))
            figures.append(Figure(what, value, "jobs/s", floor=beside))
    return figures


def rate(connection: "psycopg.Connection[tuple[object, ...]]", do: Callable[[], None], jobs: int) -> float:
    """Empty the table, do it, and answer jobs a second."""
    connection.execute("truncate worker.jobs")
    started = time.perf_counter()
    do()
    return jobs / (time.perf_counter() - started)
