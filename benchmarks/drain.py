"""How fast one worker process drains jobs that do nothing, beside pgbench that claims and deletes."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median

import psycopg

from benchmarks.figures import Figure
from benchmarks.floor import floor

JOBS = 50_000
LEFT = "select count(*) from worker.jobs"
FIRST = "select extract(epoch from min(started_at)) from worker.job_history"
LAST = "select extract(epoch from max(finished_at)) from worker.job_history"


def measure(url: str, *, rounds: int = 5) -> Sequence[Figure]:
    """Drain the demo kind with 1,000 slots and with the floor, in turn; medians, ranges noted."""
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(floor(url, jobs=JOBS))
        ours.append(drain(url))
    note = f"{min(ours):,.0f} to {max(ours):,.0f}; floor {min(bare):,.0f} to {max(bare):,.0f}"
    return [Figure("drain, one worker process", median(ours), "jobs/s", floor=median(bare), note=note)]


def drain(url: str) -> float:
    """Fill the queue, start a draining worker, and answer jobs a second from first start to last finish."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("truncate worker.jobs, worker.job_history")
        connection.execute(
            "select count(*) from worker.enqueue_many('demo', array_fill('{}'::jsonb, array[%s]))", (JOBS,)
        )
        connection.execute("vacuum analyze worker.jobs")
        connection.execute("checkpoint")
        environ = os.environ | {
            "DATABASE_URL": url,
            "MIGRATIONS_URL": url,
            "WORKER_OPS__ENABLED": "false",
            "WORKER_LOG__LEVEL": "warning",
        }
        command = [sys.executable, "-m", "worker", "worker", "--drain", "--concurrency", "1000"]
        with subprocess.Popen(command, env=environ) as process:
            while process.poll() is None:
                time.sleep(0.05)
        assert process.returncode == 0
        assert connection.execute(LEFT).fetchone() == (0,)
        first, last = connection.execute(FIRST).fetchone(), connection.execute(LAST).fetchone()
    assert first
    assert last
    return JOBS / float(last[0] - first[0])
