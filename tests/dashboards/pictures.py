"""Draws a board as Grafana lays it out, from what its questions were answered: a picture for the docs.

It stands in for Grafana, which does not run where the tests do: places, titles, lines, limits and figures are
the board's own; colours and letters are not.
"""

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from tests.dashboards.boards import Panel

Series: TypeAlias = tuple[str, list[tuple[float, float]]]
"""What it is called, and its points: seconds since the beginning, and the value."""

WIDE, INCHES, UNIT, DPI = 24, 12.5, 0.36, 80
GAP, HEAD = 0.04, 0.5
MARGINS = {
    "timeseries": (0.62, 0.62),
    "state-timeline": (0.15, 0.3),
    "stat": (0.1, 0.1),
    "bargauge": (0.15, 0.1),
    "table": (0.15, 0.1),
}
"""Inches that are left free on a panel's left side, and below."""
OVER_TIME = {"timeseries", "state-timeline"}
INK, FAINT, FRAME, BAD = "#24292f", "#6e7781", "#d0d7de", "#cf222e"
COLOURS = ("#0969da", "#bf8700", "#1a7f37", "#8250df", "#d4567a", "#3192aa", "#6e7781", "#bc4c00")
NAMED = {"green": "#57ab5a", "red": BAD, "orange": "#bf8700"}
FEW_COLOURS = 256
LINES = 8
"""As many as a panel has room for; lines that are always zero are left out where others are not."""
GAP_SECONDS = 2.5
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": FRAME,
    "axes.labelcolor": FAINT,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#eaeef2",
    "axes.axisbelow": True,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel, and the series that it shows."""

    panel: Panel
    series: Sequence[Series]

    @property
    def defaults(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.panel.facts["fieldConfig"]["defaults"]
        return found

    def said(self, value: float) -> str:
        """A value as people read it, in the panel's unit."""
        return in_unit(value, str(self.defaults.get("unit", "short")))


def named(target: Mapping[str, Any], labels: Mapping[str, str], panel: Panel) -> str:
    """What a series is called: its legend filled in, else the panel's title; of a table, its columns."""
    if panel.kind == "table":
        columns = panel.facts["transformations"][0]["options"]["include"]["names"]
        return "   ".join(labels[name] for name in columns if name in labels)
    legend = str(target.get("legendFormat") or panel.title)
    return re.sub(r"{{ *(\w+) *}}", lambda found: labels.get(found[1], ""), legend)


def in_unit(value: float, unit: str) -> str:
    """A value with its unit, short."""
    match unit:
        case "s":
            return _duration(value)
        case "percentunit":
            return f"{value * 100:.3g} %"
        case "currencyUSD" if 0 < value < 0.1:
            return f"${value:.3f}"
        case "currencyUSD":
            return f"${value:,.0f}" if value >= 100 else f"${value:,.2f}"
        case "ops" | "reqps":
            return f"{value:.3g}/s"
        case _:
            return f"{value / 1e6:.3g} M" if value >= 1e6 else f"{value:,.0f}"


def _duration(seconds: float) -> str:
    if 0 < seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    for length, name in ((86400, "d"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {name}"
    return f"{seconds:.3g} s"


def draw(board: Mapping[str, Any], shown: Sequence[Drawn], file: Path) -> None:
    """Draw one board into a file."""
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    height = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in board["panels"]) * UNIT + HEAD
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(INCHES, height), dpi=DPI, facecolor="white")
        figure.text(0.008, 1 - 0.28 / height, board["title"], size=13, weight="bold", va="center")
        for row in rows:
            y = 1 - (HEAD + (row["gridPos"]["y"] + 0.55) * UNIT) / height
            figure.text(0.008, y, row["title"], size=10, color=FAINT, weight="bold", va="center")
        times = [
            time for one in shown if one.panel.kind in OVER_TIME for _, line in one.series for time, _ in line
        ]
        for one in shown:
            _draw_panel(figure, one, height, (min(times), max(times)))
        _save(figure, file)


def _save(figure: Figure, file: Path) -> None:
    whole = io.BytesIO()
    figure.savefig(whole, format="png")
    Image.open(whole).convert("RGB").quantize(FEW_COLOURS).save(file, optimize=True)


def _draw_panel(figure: Figure, one: Drawn, height: float, span: tuple[float, float]) -> None:
    place, wide = one.panel.facts["gridPos"], INCHES / WIDE
    left, top = place["x"] * wide + GAP, HEAD + place["y"] * UNIT + GAP
    right, bottom = left + place["w"] * wide - 2 * GAP, top + place["h"] * UNIT - 2 * GAP
    corner, size = (left / INCHES, 1 - bottom / height), ((right - left) / INCHES, (bottom - top) / height)
    figure.patches.append(Rectangle(corner, *size, fill=False, edgecolor=FRAME, transform=figure.transFigure))
    title = (left + 0.1) / INCHES, 1 - (top + 0.17) / height
    figure.text(*title, one.panel.title, size=8.5, weight="bold", va="center")
    margins = MARGINS[one.panel.kind]
    left, right, top, bottom = left + margins[0], right - 0.15, top + 0.4, bottom - margins[1]
    axes = figure.add_axes(
        (left / INCHES, 1 - bottom / height, (right - left) / INCHES, (bottom - top) / height)
    )
    if one.series:
        DRAW[one.panel.kind](axes, one)
        axes.set_xlim(*(span if one.panel.kind in OVER_TIME else axes.get_xlim()))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f} s"))
    else:
        axes.axis("off")
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color=FAINT, transform=axes.transAxes)


def _draw_lines(axes: Axes, one: Drawn) -> None:
    moving = [line for line in one.series if any(value for _, value in line[1])]
    series = sorted(moving or one.series, key=lambda line: -max(value for _, value in line[1]))[:LINES]
    if "stacking" in one.defaults.get("custom", {}):
        times = sorted({time for _, points in series for time, _ in points})
        heights = [[dict(points).get(time, 0.0) for time in times] for _, points in series]
        axes.stackplot(times, heights, labels=[name for name, _ in series], colors=COLOURS, alpha=0.75)
    else:
        for colour, (name, points) in zip(COLOURS, series, strict=False):
            axes.plot(*zip(*_with_gaps(points), strict=True), label=name, color=colour, linewidth=1.4)
    axes.set_ylim(bottom=0)
    _draw_limits(axes, one)
    whole = one.defaults.get("decimals") == 0
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=whole))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: one.said(value)))
    columns = max(3, one.panel.facts["gridPos"]["w"] // 3)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.03, -0.13),
        ncols=columns,
        frameon=False,
        fontsize=7,
        columnspacing=1,
    )


def _with_gaps(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points between which no line is drawn where Prometheus had no answer."""
    found = list[tuple[float, float]]()
    for time, value in points:
        if found and time - found[-1][0] > GAP_SECONDS:
            found.append((time, math.nan))
        found.append((time, value))
    return found


def _draw_limits(axes: Axes, one: Drawn) -> None:
    most = axes.get_ylim()[1]
    for limit in one.panel.limits:
        if limit <= most * 2:
            axes.axhline(limit, color=BAD, linestyle="--", linewidth=1)
        else:
            told = f"bad from {one.said(limit)} on"
            axes.text(1, 1.03, told, ha="right", va="bottom", color=BAD, size=7, transform=axes.transAxes)


def _draw_figures(axes: Axes, one: Drawn) -> None:
    axes.axis("off")
    shown = one.series[:LINES]
    for number, (name, points) in enumerate(shown):
        x, value = (number + 0.5) / len(shown), points[-1][1]
        several = len(shown) > 1
        size = 17 if several else 24
        axes.text(x, 0.55, one.said(value), size=size, color=_colour(one, value), ha="center", va="center")
        if several:
            axes.text(x, 0.12, name, size=8, color=FAINT, ha="center", va="center")
    axes.set(xlim=(0, 1), ylim=(0, 1))


def _draw_bars(axes: Axes, one: Drawn) -> None:
    shown = sorted(one.series, key=lambda bar: bar[1][-1][1])[-LINES:]
    values = [points[-1][1] for _, points in shown]
    colours = [_colour(one, value, otherwise=COLOURS[0]) for value in values]
    bars = axes.barh(range(len(shown)), values, color=colours, height=0.4)
    axes.bar_label(bars, [one.said(value) for value in values], padding=4, fontsize=8)
    for row, (name, _) in enumerate(shown):
        axes.text(0, row + 0.24, name, size=7, color=FAINT, va="bottom")
    axes.set_xlim(0, float(one.defaults.get("max") or max(*values, 0.0)) * 1.2)
    axes.set_ylim(min(len(shown), 5) - 5.4, max(len(shown), 5) - 0.4)
    axes.axis("off")


def _draw_states(axes: Axes, one: Drawn) -> None:
    meanings = one.defaults["mappings"][0]["options"]
    shown = sorted(one.series)[:LINES]
    for row, (name, points) in enumerate(shown):
        ends = [*(time for time, _ in points[1:]), points[-1][0] + 1]
        for (time, value), end in zip(points, ends, strict=True):
            colour = NAMED[meanings[f"{value:.0f}"]["color"]]
            axes.barh(row, end - time, left=time, height=0.4, color=colour)
        axes.text(points[0][0], row - 0.24, name, size=7, color=FAINT, va="bottom")
    axes.set_ylim(max(len(shown), 4) - 0.6, -0.7)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    for number, meaning in enumerate(reversed(meanings.values())):
        place, colour = 1 - 0.2 * number, NAMED[meaning["color"]]
        axes.text(place, 1.06, meaning["text"], color=colour, ha="right", size=7, transform=axes.transAxes)


def _draw_rows(axes: Axes, one: Drawn) -> None:
    axes.axis("off")
    for number, (name, _) in enumerate(sorted(one.series)[:LINES]):
        axes.text(0, 0.9 - 0.22 * number, name, size=9, va="center", transform=axes.transAxes)


def _colour(one: Drawn, value: float, otherwise: str = INK) -> str:
    steps = one.defaults["thresholds"]["steps"]
    reached = [step for step in steps if step["value"] is None or value >= step["value"]]
    return NAMED.get(reached[-1]["color"], otherwise)


DRAW: Mapping[str, Callable[[Axes, Drawn], None]] = {
    "timeseries": _draw_lines,
    "stat": _draw_figures,
    "bargauge": _draw_bars,
    "state-timeline": _draw_states,
    "table": _draw_rows,
}
