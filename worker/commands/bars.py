"""A run at a glance: its state in words, its items and its budget as a bar and two figures."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table

from worker.commands.amounts import cents
from worker.commands.session import shown

WIDTH = 8
FULL = 1000
COLUMNS = ("id", "name", "state", "items", "failed_items", "budget", "created_at")
WHOLE = {"id", "items", "budget"}
"""Columns that are not folded on a narrow terminal: half a figure says something else."""
SHORT_ID = 8


def state_of(run: Mapping[str, Any]) -> str:
    """Its state, and in brackets why: ``paused (budget)``."""
    return run["state"] if run["reason"] is None else f"{run['state']} ({run['reason']})"


def items_of(run: Mapping[str, Any]) -> str:
    """How many items are done, of how many: ``412/2000``."""
    return f"{run['processed_items']}/{run['total_items']}"


def budget_of(run: Mapping[str, Any]) -> str:
    """Cents that are spent, of how many: ``500.00/500.00``."""
    return f"{cents(run['spent_cents'])}/{cents(run['budget_cap_cents'])}"


def share(part: Decimal | int, whole: Decimal | int) -> int:
    """How much of the whole that is, in thousandths; never more than all of it."""
    return min(FULL, int(part * FULL / whole)) if whole else 0


def items_bar(run: Mapping[str, Any], *, drawn: bool) -> RenderableType:
    """Its items; without the bar where nobody sees colours, so that lines can be searched."""
    return _bar(share(run["processed_items"], run["total_items"]), items_of(run), drawn=drawn)


def budget_bar(run: Mapping[str, Any], *, drawn: bool) -> RenderableType:
    """Its budget, likewise."""
    return _bar(share(run["spent_cents"], run["budget_cap_cents"]), budget_of(run), drawn=drawn)


def _bar(filled: int, told: str, *, drawn: bool) -> RenderableType:
    if not drawn:
        return told
    cell = Table.grid(padding=(0, 1))
    cell.add_row(ProgressBar(total=FULL, completed=filled, width=WIDTH), told)
    return cell


def table_of_runs(
    runs: Sequence[Mapping[str, Any]], *, drawn: bool, columns: Sequence[str] = COLUMNS
) -> Table:
    """A row for each run; ``drawn`` for a terminal, with bars, and ids as short as they can be typed."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        header, whole = column.removesuffix("_items").replace("_", " "), column in WHOLE
        table.add_column(header, overflow="fold", no_wrap=whole)
    for run in runs:
        table.add_row(*(_cell(run, column, drawn=drawn) for column in columns))
    return table


def _cell(run: Mapping[str, Any], column: str, *, drawn: bool) -> RenderableType:
    match column:
        case "id":
            return str(run["id"])[:SHORT_ID] if drawn else str(run["id"])
        case "state":
            return shown(state_of(run))
        case "items":
            return items_bar(run, drawn=drawn)
        case "budget":
            return budget_bar(run, drawn=drawn)
        case _:
            return shown(run[column])
