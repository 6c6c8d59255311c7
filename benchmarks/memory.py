"""What memory a worker process takes: beside a full queue, while it drains it, and over time.

The process is ``mintmark worker`` itself with 1,000 slots for the kind ``demo``. Memory is what the kernel
counts as resident (VmRSS), shared libraries included.
"""

import time
from collections.abc import Sequence
from statistics import linear_regression

import psycopg

from benchmarks.figures import Figure, Scale
from benchmarks.processes import Process, asleep, peak_mib, python, resident_mib, until
from benchmarks.producer import producing

JOBS = 100_000
SLOTS = 2_000
SECONDS = 60.0
RATE = 500
LOOKS_A_SECOND = 5
LEAST_LOOKS = 10
HOUR = 3600
FILL = "select count(*) from worker.enqueue_many('demo', array_fill('{}'::jsonb, array[%s]))"
LEFT = "select exists (select from worker.jobs j)"


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Measure before, during and after a drain, and then for ``scale.seconds`` under a steady load."""
    jobs, seconds = scale.jobs or JOBS, scale.seconds or SECONDS
    command = ("-m", "worker", "worker", "--queue", "default", "--concurrency", str(SLOTS))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select worker.pause_queue('default')")
        connection.execute(FILL, (jobs,))
        with python(*command, url=url) as process:
            until(lambda: asleep(connection, "default") == 1, "the worker to start", alive=[process])
            idle = resident_mib(process)
            connection.execute("select worker.resume_queue('default')")
            until(
                lambda: connection.execute(LEFT).fetchone() == (False,),
                "all jobs to finish",
                seconds=600,
                alive=[process],
            )
            most, after = peak_mib(process), resident_mib(process)
            with producing(url, kind="demo", payload="{}", rate=RATE):
                looks = _look(process, seconds)
    return [
        Figure(f"memory of a worker before it works {jobs:,} pending jobs", idle, "MiB"),
        Figure(
            "the same while it works them, most", most, "MiB", floor=idle, note=f"{after:.1f} MiB afterwards"
        ),
        slope(looks),
    ]


def slope(looks: Sequence[tuple[float, float]]) -> Figure:
    """Draw a line through the later half of (seconds, MiB), by least squares."""
    later = looks[len(looks) // 2 :]
    sizes = [size for _, size in later]
    line = linear_regression([at for at, _ in later], sizes)
    return Figure(
        f"growth of a worker at {RATE} jobs a second",
        line.slope * HOUR,
        "MiB/h",
        minimum=min(sizes),
        maximum=max(sizes),
        rounds=len(later),
        note=f"{looks[-1][0]:.0f} s, the later half; minimum and maximum are MiB",
    )


def _look(process: Process, seconds: float) -> list[tuple[float, float]]:
    began, pause = time.monotonic(), min(1 / LOOKS_A_SECOND, seconds / LEAST_LOOKS)
    looks = []
    while (at := time.monotonic() - began) < seconds:
        looks.append((at, resident_mib(process)))
        time.sleep(pause)
    return looks
