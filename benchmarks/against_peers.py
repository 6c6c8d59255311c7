"""mintmark beside other queues: the peers' own harness, run for each of them in turn.

The harness and its installed environments are no part of the project. It has a Postgres cluster of its own,
which is started here unless it runs, and stopped again by who started it. Each queue is given what it is
fastest with; see the harness's README for what is timed.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figure
from worker.errors import UserError

OURS = "mintmark"
PEERS = ("pgqueuer", "graphile-batched")
ROUNDS = 5
RUN_SECONDS = 900
EXTRA = Path(__file__).with_name("peers.py")


@dataclass(frozen=True, slots=True)
class Metric:
    """``asked`` of the harness, it answers lines that are called ``answered`` and hold ``key``."""

    asked: str
    answered: str
    key: str
    name: str
    unit: str


METRICS = (
    Metric("A", "A", "jobs_per_s", "drain, one process", "jobs/s"),
    Metric("B", "B", "jobs_per_s", "drain, two processes", "jobs/s"),
    Metric("C", "C-single", "jobs_per_s", "enqueue, one a transaction", "jobs/s"),
    Metric("C", "C-bulk", "jobs_per_s", "enqueue in bulk", "jobs/s"),
    Metric("D", "D", "p50_ms", "pick-up, p50", "ms"),
    Metric("D", "D", "p99_ms", "pick-up, p99", "ms"),
)
Values = dict[tuple[str, Metric], list[float]]


def measure(
    harness: Path, rounds: int | None = None, *, metrics: Sequence[Metric] = METRICS
) -> Sequence[Figure]:
    """Measure every metric of every queue, in turn, in each round; ours beside each peer, by medians.

    Raises ``UserError`` when the harness or its environments are not there.
    """
    home = _home()
    driver = home / "envs" / "driver" / "bin" / "python"
    for needed, what in (
        (harness / "bench.py", "the peers' harness"),
        (driver, "its environment (install.sh)"),
    ):
        if not needed.exists():
            raise UserError(f"{what} is not here: {needed} is missing; BENCH_HOME says where the latter is")
    values: Values = {(peer, metric): [] for metric in metrics for peer in (OURS, *PEERS)}
    with _cluster(harness, home):
        for _ in range(rounds or ROUNDS):
            for asked in dict.fromkeys(metric.asked for metric in metrics):
                for peer in (OURS, *PEERS):
                    _note(
                        values,
                        peer,
                        asked,
                        _ask([driver, harness / "bench.py", peer, asked, 1], harness, home),
                    )
    return _side_by_side(values, metrics)


def _home() -> Path:
    return Path(os.environ.get("BENCH_HOME") or Path(tempfile.gettempdir()) / "mintmark-peers")


def _side_by_side(values: Values, metrics: Sequence[Metric]) -> list[Figure]:
    return [
        figure(
            f"{metric.name}: mintmark beside {peer}",
            values[OURS, metric],
            metric.unit,
            beside=values[peer, metric],
        )
        for metric in metrics
        for peer in PEERS
    ]


def _note(values: Values, peer: str, asked: str, answers: Sequence[Mapping[str, Any]]) -> None:
    by_name = {answer["metric"]: answer for answer in answers}
    for (whose, metric), found in values.items():
        if whose == peer and metric.asked == asked:
            answer = by_name.get(metric.answered)
            if answer is None or answer.get("incomplete"):
                raise RuntimeError(f"{peer} did not finish {metric.name}: {answer}")
            found.append(float(answer[metric.key]))


def _ask(command: Sequence[object], harness: Path, home: Path) -> list[dict[str, Any]]:
    said = subprocess.run(
        [str(part) for part in command],
        cwd=harness,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if said.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {said.stderr.strip()[-2000:]}")
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]


@contextmanager
def _cluster(harness: Path, home: Path) -> Iterator[None]:
    if (home / "pg" / "postmaster.pid").exists():
        yield
        return
    _control(harness, home, "start")
    try:
        yield
    finally:
        _control(harness, home, "stop")


def _control(harness: Path, home: Path, verb: str) -> None:
    # To /dev/null: the server would hold a pipe of ours open for as long as it lives.
    done = subprocess.run(
        [str(harness / "cluster.sh"), verb],
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise UserError(f"the peers' Postgres did not {verb}: see {home / 'pg' / 'server.log'}")


def _environment(home: Path) -> dict[str, str]:
    return os.environ | {"BENCH_HOME": str(home), "PEERS_EXTRA": str(EXTRA), "PYTHONDONTWRITEBYTECODE": "1"}
