"""How fast producers enqueue, one job a transaction and in bulk, beside bare statements for the same row."""

import time
from collections.abc import Callable, Sequence

import psycopg

from benchmarks.figures import Figure, Scale, figure

SINGLE, BULK, CHUNK = 2_000, 50_000, 5_000
INSERT = """
insert into worker.jobs (kind, payload, queue, max_attempts, state)
values ('demo', %s::jsonb, 'default', 5, 'pending')
"""
ENQUEUE = "select worker.enqueue('demo', %s::jsonb)"
ENQUEUE_MANY = """select worker.enqueue_many('demo', array_fill('{"items": 1}'::jsonb, array[%s]))"""
COPY = "copy worker.jobs (kind, payload, queue, max_attempts, state) from stdin"
ROW = ("demo", '{"items": 1}', "default", 5, "pending")


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Measure each beside its bare form, in turn."""
    single, bulk = scale.jobs or SINGLE, scale.jobs or BULK
    chunk = min(CHUNK, bulk)
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:

        def many(statement: str) -> Callable[[], None]:
            def execute() -> None:
                for number in range(single):
                    connection.execute(statement, (f'{{"items": {number}}}',))

            return execute

        def chunks() -> None:
            for _ in range(bulk // chunk):
                connection.execute(ENQUEUE_MANY, (chunk,)).fetchall()

        def copy() -> None:
            with connection.cursor() as cursor, cursor.copy(COPY) as rows:
                for _ in range(bulk):
                    rows.write_row(ROW)

        figures = []
        for name, ours, bare, jobs in (
            ("enqueue, one a transaction", many(ENQUEUE), many(INSERT), single),
            (f"enqueue_many, {chunk:,} a call", chunks, copy, bulk // chunk * chunk),
        ):
            pairs = [
                (rate(connection, bare, jobs), rate(connection, ours, jobs)) for _ in range(scale.rounds or 5)
            ]
            figures.append(
                figure(name, [pair[1] for pair in pairs], "jobs/s", beside=[pair[0] for pair in pairs])
            )
    return figures


def rate(connection: "psycopg.Connection[tuple[object, ...]]", do: Callable[[], None], jobs: int) -> float:
    """Empty the table, do it, and answer jobs a second."""
    connection.execute("truncate worker.jobs")
    started = time.perf_counter()
    do()
    return jobs / (time.perf_counter() - started)
