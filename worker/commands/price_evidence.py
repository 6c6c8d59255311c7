"""The evidence of a curve: every observation behind it, which were used, and why the others were not."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from worker.catalog.live_prices import StoredCurve
from worker.db import Database, statements

SQL = statements(Path(__file__).with_name("price.sql"))
COLUMNS = ("use", "condition", "basis", "price", "currency", "observed_at", "source", "id", "title", "why")
ORDER = ("median", "floor", "both", "left out")


async def evidence_of(db: Database, curve: StoredCurve) -> list[dict[str, Any]]:
    """Every observation that the curve names; those that were used first, cheapest first.

    ``use`` says for what: ``median``, ``floor``, ``both``, or ``left out``, and then ``why`` says the reason.
    """
    uses = dict(_uses(curve.raw))
    rows = await db.fetch(SQL["evidence"], list(uses))
    told = [_told(dict(row), *uses[row["id"]]) for row in rows]
    return sorted(told, key=lambda one: (ORDER.index(one["use"]), one["condition"] or "", one["price"] or 0))


async def guides_of(db: Database, curve: StoredCurve) -> list[dict[str, Any]]:
    """Guide prices of the print: what card APIs suggest, which says no condition."""
    return [dict(row) for row in await db.fetch(SQL["guides"], curve.raw["guide"])]


def _uses(raw: Mapping[str, Any]) -> Iterator[tuple[int, tuple[str, str | None]]]:
    for reason, ids in raw["left_out"].items():
        yield from ((one, ("left out", reason)) for one in ids)
    for price in raw["conditions"].values():
        used, asked = set(price["used"]), set(price["asked"])
        yield from ((one, ("both" if one in asked else "median", None)) for one in sorted(used))
        yield from ((one, ("floor", None)) for one in sorted(asked - used))


def _told(row: Mapping[str, Any], use: str, reason: str | None) -> dict[str, Any]:
    why = reason
    if reason is not None and row["left_out"] == reason and row["left_out_why"]:
        told: str = row["left_out_why"]  # What a title says begins with the reason already.
        why = told if told.startswith(f"{reason}:") else f"{reason}: {told}"
    return {
        "use": use,
        "why": why,
        "id": row["id"],
        "source": row["source"],
        "basis": row["basis"],
        "condition": row["condition"],
        "price": None if row["total_cents"] is None else money(row["total_cents"]),
        "currency": row["currency"],
        "observed_at": row["observed_at"],
        "title": row["title"],
        "seller": row["seller"],
    }


def money(cents: int) -> Decimal:
    """Cents as an amount with two places."""
    return Decimal(cents).scaleb(-2)
