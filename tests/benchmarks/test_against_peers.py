"""The comparison with other queues, against a harness that only answers as the real one does."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import against_peers
from benchmarks.against_peers import METRICS, PEERS
from worker.errors import UserError

HARNESS = """
import json, os, sys
peer, metric = sys.argv[1], sys.argv[2]
with open(os.environ["BENCH_HOME"] + "/asked", "a") as asked:
    asked.write(f"{peer} {metric}\\n")
round_ = open(os.environ["BENCH_HOME"] + "/asked").read().count(f"{peer} {metric}\\n")
speed = {"mintmark": 20.0, "pgqueuer": 10.0, "graphile-batched": 40.0}[peer] + round_
for name in {"C": ("C-single", "C-bulk")}.get(metric, (metric,)):
    print(json.dumps({"metric": name, "jobs_per_s": speed, "p50_ms": speed, "p99_ms": 2 * speed, **EXTRA}))
"""


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A harness whose cluster runs and whose environment is our own Python."""
    home, folder = tmp_path / "home", tmp_path / "peers"
    for made in (home / "envs" / "driver" / "bin", home / "pg", folder):
        made.mkdir(parents=True)
    (home / "envs" / "driver" / "bin" / "python").symlink_to(sys.executable)
    (home / "pg" / "postmaster.pid").write_text("1\n")
    (folder / "bench.py").write_text(HARNESS.replace("**EXTRA", ""))
    monkeypatch.setenv("BENCH_HOME", str(home))
    return folder


def test_ours_stands_beside_each_peer_for_each_metric(harness: Path) -> None:
    some = [metric for metric in METRICS if metric.asked in {"A", "D"}]

    figures = {figure.name: figure for figure in against_peers.measure(harness, 3, metrics=some)}

    assert len(figures) == len(some) * len(PEERS)
    drain = figures["drain, one process: mintmark beside pgqueuer"]
    assert (drain.value, drain.floor, drain.rounds) == (22, 12, 3)
    assert figures["pick-up, p99: mintmark beside graphile-batched"].floor == 84


def test_the_queues_take_turns(harness: Path) -> None:
    against_peers.measure(harness, 2, metrics=METRICS[:1])

    asked = (harness.parent / "home" / "asked").read_text().splitlines()
    assert asked == [f"{peer} A" for _ in range(2) for peer in ("mintmark", *PEERS)]


def test_a_drain_that_was_not_completed_is_no_figure(harness: Path) -> None:
    (harness / "bench.py").write_text(HARNESS.replace("**EXTRA", '"incomplete": True'))

    with pytest.raises(RuntimeError, match="mintmark did not finish drain, one process"):
        against_peers.measure(harness, 1)


def test_a_harness_that_fails_is_told_with_what_it_said(harness: Path) -> None:
    (harness / "bench.py").write_text("raise SystemExit('the cluster is gone')")

    with pytest.raises(RuntimeError, match="the cluster is gone"):
        against_peers.measure(harness, 1)


@pytest.mark.parametrize("missing", ["bench.py", "python"])
def test_without_the_harness_or_its_environments_it_says_so(harness: Path, missing: str) -> None:
    [gone] = list(harness.parent.rglob(missing))
    gone.unlink()

    with pytest.raises(UserError, match=f"is not here: .*{missing} is missing"):
        against_peers.measure(harness, 1)


def test_one_round_asks_for_every_metric_and_answers_what_json_can_say(harness: Path) -> None:
    for figure in against_peers.measure(harness, 1):
        assert json.loads(json.dumps(figure.as_dict()))["ratio"] == figure.ratio
