"""Draw a drill: ``python -m tests.chaos.drill_picture STORY docs/pictures/fleet-drill.png``.

``STORY`` is written by the long lane of the drill with a death (``DRILL_STORY=…``).
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

mpl.use("agg")
INK, LOAD, FLEET, WAIT = "#333333", "#c9822b", "#2f6f9f", "#8a3b6b"
LIMIT_SECONDS = 5.0


def draw(story: Mapping[str, Any], to: Path) -> None:
    """Three rows over one time: the load, the workers, and how long a job waited for one."""
    figure = Figure(figsize=(8, 5.6), dpi=100, layout="constrained")
    load, fleet, wait = figure.subplots(3, 1, sharex=True)
    looks = story["looks"]
    at = [look["at"] for look in looks]
    _steps(load, at, [look["load"] for look in looks], LOAD, "jobs a second")
    load.plot(at, [look["waiting"] for look in looks], color=INK, lw=0.8, label="jobs that wait")
    load.legend(loc="upper left", frameon=False)
    _steps(fleet, at, [look["workers"] for look in looks], FLEET, "workers")
    fleet.plot(
        at, [look["running"] / 10 for look in looks], color=INK, lw=0.8, label="jobs at work / 10 slots"
    )
    fleet.legend(loc="upper left", frameon=False)
    wait.plot(*zip(*story["pickup_p99"], strict=True), color=WAIT, marker=".", lw=0.8)
    wait.axhline(LIMIT_SECONDS, color=INK, lw=0.8, ls=":")
    wait.set_yscale("log")
    wait.set_ylabel("pick-up p99 of 5 s, s")
    wait.text(0, LIMIT_SECONDS * 0.6, "5 s", color=INK, va="top")
    wait.set_xlabel(f"seconds; an autoscaler's time goes {story['pace']:g} times as fast")
    for axes in (load, fleet, wait):
        _tidy(axes, story["kills"])
    figure.savefig(to)


def _steps(axes: Axes, at: Sequence[float], values: Sequence[float], color: str, label: str) -> None:
    axes.step(at, values, where="post", color=color)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)


def _tidy(axes: Axes, kills: Sequence[float]) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    for kill in kills:
        axes.axvline(kill, color="red", lw=0.8)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))
