"""Workers whose clocks are an hour off, or jump: leases and schedules go by the database's clock."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from tests.queue.processes import WorkerProcess
from tests.queue.scene import until
from worker.db import Database

pytestmark = pytest.mark.scorecard(19)

PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1")
DEMO = "select worker.enqueue('demo', $1::jsonb, run_at => now() + $2::interval)"
LATE = """
select max(extract(epoch from started_at - run_at))::float8 from worker.job_history where run_at > created_at
"""


@pytest.fixture(scope="module")
def faketime() -> str:
    """The library that Debian's package libfaketime brings, or where ``LIBFAKETIME`` says it is."""
    if given := os.environ.get("LIBFAKETIME"):
        return given
    for place in PLACES:
        for found in Path("/").glob(place.removeprefix("/")):
            return str(found)
    return pytest.skip("libfaketime is not here: apt-get install faketime")


class Clock:
    """A worker's clock, which the test may set while it runs."""

    def __init__(self, library: str, file: Path, offset: str) -> None:
        self._file = file
        self.set(offset)
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # When a machine's clock jumps, that one does not.
            "WORKER_OPS__ENABLED": "false",  # It sleeps in a thread, which the library cannot then.
        }

    def set(self, offset: str) -> None:
        self._file.write_text(offset)


@pytest.fixture
def clocks(faketime: str, tmp_path: Path) -> list[Clock]:
    return [Clock(faketime, tmp_path / f"clock{n}", offset) for n, offset in enumerate(("+1h", "-1h"))]


@pytest.fixture
def workers(clocks: list[Clock], database_url: str, tmp_path: Path) -> Iterator[list[WorkerProcess]]:
    with ExitStack() as stack:
        hired = []
        for clock in clocks:
            hired.append(WorkerProcess(database_url, tmp_path, environment=clock.environment))
            stack.callback(hired[-1].end)
        yield hired


async def test_nothing_is_taken_over_early_and_what_is_due_begins_on_time(
    db: Database,
    clocks: list[Clock],
    workers: list[WorkerProcess],
    record_property: Callable[[str, object], None],
) -> None:
    for worker in workers:
        await worker.ready()
    told = [worker.said("worker_started")[0]["timestamp"] for worker in workers]
    assert told[0][:13] != told[1][:13], "the clocks are two hours apart"
    for delay in (0, 0, 0, 0, 0.5, 1, 2, 3):
        seconds = 2.5 if delay == 0 else 0
        await db.execute(DEMO, f'{{"seconds": {seconds}}}', timedelta(seconds=delay))

    await until(lambda: db.fetchval("select count(*) = 4 from worker.jobs where state = 'running'"))
    clocks[0].set("-1d")
    clocks[1].set("+1d")
    await until(lambda: db.fetchval("select not exists (select from worker.jobs)"), seconds=30)

    days = {line["timestamp"][:10] for worker in workers for line in worker.said("job_finished")}
    assert len(days) > 1, "the clocks have jumped"
    late = await db.fetchval(LATE)
    taken_over = "select count(*) from worker.job_history where crashes > 0 or attempt > 1"
    early = "select count(*) from worker.job_history where started_at < run_at"
    assert (await db.fetchval(taken_over), await db.fetchval(early)) == (0, 0)
    assert late <= 2
    assert [worker.said("lease_lapsed") for worker in workers] == [[], []]
    record_property(
        "figures", f"clocks +1 h and -1 h, then a day the other way: started at most {late:.2f} s late"
    )
