"""``mintmark price``: what a card is worth in each condition, how sure that is, and by what evidence."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Annotated, Any, TypeAlias

import typer
from rich.table import Table

from worker.catalog.live_prices import LivePrice, StoredCurve, get_live_price
from worker.catalog.prints import Print, find_print
from worker.commands.price_evidence import COLUMNS, evidence_of, guides_of, money
from worker.commands.session import OUT, TALK, JsonFlag, print_json, print_rows, with_settings
from worker.db import Database
from worker.prices import pricer_of
from worker.settings_model import Settings

WIDTH = 24
BLOCK, PART = "\N{FULL BLOCK}", "\N{LIGHT SHADE}"
Rows: TypeAlias = list[dict[str, Any]]
BASES = {"sold": "sales", "mixed": "sales and asks", "ask": "asks only"}


def price(
    print: Annotated[  # noqa: A002 - the word of the design.
        str, typer.Argument(metavar="PRINT", help='Its id, source:external id, or "name number/total".')
    ],
    force: Annotated[bool, typer.Option("--force", help="Compute it now, also where it is fresh.")] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="List every observation, used or left out.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show a card's price in each condition, how sure it is, and by what evidence."""

    async def ask(db: Database, settings: Settings) -> tuple[Print, LivePrice, list[Rows], Rows]:
        async with db.connection() as connection:
            found = await find_print(connection, print)
        fresh_for = timedelta(hours=settings.curves.fresh_hours)
        live = await get_live_price(db, pricer_of(settings), found.id, fresh_for=fresh_for, force=force)
        first = live.curves[0] if live.curves else None
        listed = [await evidence_of(db, one) for one in live.curves] if evidence else []
        return found, live, listed, await guides_of(db, first) if first else []

    found, live, listed, guides = with_settings(ask)
    if as_json:
        for curve, rows in zip_longest(live.curves, listed):
            print_json(_as_json(found, live, curve, rows))
    else:
        _show(found, live, guides)
        for curve, rows in zip(live.curves, listed, strict=False):
            OUT.print(f"evidence of {_named(curve)}", markup=False, highlight=False)
            priced = [{**one, "price": _amount(one["price"])} for one in rows]
            print_rows(priced, as_json=False, columns=COLUMNS, empty="no evidence")
    if not any(curve.listing_count for curve in live.curves):
        TALK.print(f"nobody has said a price of {found.title} that counts", markup=False)
        raise typer.Exit(1)


def _amount(price: Decimal | None) -> str:
    return "" if price is None else f"{price:,.2f}"


def _as_json(found: Print, live: LivePrice, curve: StoredCurve, listed: Rows | None) -> Mapping[str, Any]:
    conditions = {
        name: {"median": median, "floor": floor, "samples": samples, **_of_condition(curve, name)}
        for name, (median, floor, samples) in curve.prices.items()
    }
    told = {
        "card_print_id": found.id,
        "card": found.source_card_id,
        "title": found.title,
        "variant": curve.variant,
        "language": curve.language,
        "currency": curve.currency,
        "conditions": {name: _texts(one) for name, one in conditions.items()},
        "confidence": curve.confidence,
        "listing_count": curve.listing_count,
        "violations": curve.raw["violations"],
        "left_out": {reason: len(ids) for reason, ids in curve.raw["left_out"].items()},
        "computed_at": live.computed_at,
        "age_seconds": round(live.age.total_seconds(), 3),
        "computed_now": live.computed_now,
    }
    return told if listed is None else {**told, "evidence": [_texts(one) for one in listed]}


def _texts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Money as text, and moments: JSON's numbers are floats to many readers."""
    return {
        name: str(value)
        if isinstance(value, Decimal)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else value
        for name, value in facts.items()
    }


def _of_condition(curve: StoredCurve, name: str) -> dict[str, Any]:
    raw = curve.raw["conditions"].get(name)
    if raw is None:
        return {"basis": None, "confidence": 0, "p10": None, "p90": None}
    return {
        "basis": raw["basis"],
        "confidence": raw["confidence"]["score"],
        "p10": money(raw["p10_cents"]),
        "p90": money(raw["p90_cents"]),
    }


def _show(found: Print, live: LivePrice, guides: Rows) -> None:
    OUT.print(found.title, style="bold", markup=False, highlight=False)
    for curve in live.curves:
        OUT.print(
            f"{_named(curve)}: confidence {curve.confidence} of 10, {curve.listing_count} comps, "
            f"{sum(map(len, curve.raw['left_out'].values()))} left out",
            markup=False,
            highlight=False,
        )
        if curve.listing_count:
            OUT.print(_table(curve))
        for better, worse in curve.raw["violations"]:
            OUT.print(f"note: {worse} costs more than {better}", markup=False, highlight=False)
        for reason, ids in curve.raw["left_out"].items():
            OUT.print(f"left out, {reason}: {len(ids)}", markup=False, highlight=False)
    for one in guides:
        OUT.print(
            f"guide: {one['source']}, {one['variant']}: {one['unit_price']} {one['currency']}",
            markup=False,
            highlight=False,
        )
    if live.curves:
        how = "now" if live.computed_now else f"{_age(live.age)} ago"
        OUT.print(f"computed {how}", markup=False, highlight=False)


def _named(curve: StoredCurve) -> str:
    return f"{curve.variant}, {curve.language}, {curve.currency}"


def _table(curve: StoredCurve) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("", "median", "floor", "p10 to p90", "comps", "by", "newest", "sure", ""):
        table.add_column(
            column, justify="right" if column in {"median", "floor", "comps", "sure"} else "left"
        )
    dearest = max((raw["p90_cents"] for raw in curve.raw["conditions"].values()), default=0)
    for name, (median, floor, samples) in curve.prices.items():
        raw = curve.raw["conditions"].get(name)
        if raw is None:
            table.add_row(name, *[""] * 8)
            continue
        table.add_row(
            name,
            f"{median:,}",
            "" if floor is None else f"{floor:,}",
            f"{money(raw['p10_cents']):,} to {money(raw['p90_cents']):,}",
            str(samples),
            BASES[raw["basis"]],
            _age(timedelta(days=raw["newest_days"])),
            str(raw["confidence"]["score"]),
            _bar(raw["median_cents"], raw["p90_cents"], dearest),
        )
    return table


def _bar(median: int, most: int, dearest: int) -> str:
    """The median as a bar, and behind it how far the dearest tenth begins."""
    full, reach = (round(WIDTH * cents / dearest) if dearest else 0 for cents in (median, most))
    return BLOCK * full + PART * max(0, reach - full)


def _age(age: timedelta) -> str:
    """An age in its largest unit: ``3 d``, ``5 h``, ``12 min``."""
    for unit, seconds in (("d", 86_400), ("h", 3600), ("min", 60)):
        if age.total_seconds() >= seconds:
            return f"{age.total_seconds() // seconds:.0f} {unit}"
    return f"{age.total_seconds():.0f} s"
