"""Price curves: computed from what was judged, written beside the older ones, and read again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from worker.catalog.comps import Evidence, Reader, Window
from worker.catalog.evidence import judge_prints, present_judge
from worker.db import Connection, Database, Record, statements
from worker.pricing.comps import CONDITIONS
from worker.pricing.curve import ConditionPrice, Curve, Habits, fit
from worker.pricing.gathering import GroupName, NamedCurve, by_print

SQL = statements(Path(__file__).with_name("price_curves.sql"))
VERSION = 1
"""Of the shape of ``raw_json``."""
NOTHING_SAID = Curve(group=-1, prices=(), left_out={}, guide=(), violations=(), confidence=0)
QUANTILES = ("0.5", "0.95", "1")


class Pricer:
    """Computes curves by the same habits, one batch of prints after the other."""

    def __init__(self, habits: Habits, window: Window) -> None:
        self._habits = habits
        self._reader = Reader(window)
        self._told = {**asdict(habits), **asdict(window)}

    async def compute(self, connection: Connection, prints: Sequence[int]) -> list[NamedCurve]:
        """Judge what is new of these prints, compute their curves and write them.

        To be called in a transaction. A print without any observation has no curve; that it was looked at is
        noted all the same. A curve that has lost all its evidence is followed by one without prices: what is
        latest is never what was once true.
        """
        evidence = await self._evidence(connection, prints)
        curves = by_print(fit(evidence.comps, self._habits), evidence.groups)
        curves += _without(await connection.fetch(SQL["shown"], list(prints)), curves)
        if curves:
            rows = [self._row(one) for one in curves]
            await connection.execute(SQL["write_curves"], *map(list, zip(*rows, strict=True)))
        await connection.execute(SQL["note_checks"], list(prints))
        return curves

    async def _evidence(self, connection: Connection, prints: Sequence[int]) -> Evidence:
        judge = (await present_judge(connection)).name
        evidence = await self._reader.read(connection, prints, judge)
        if evidence.stale:
            # Without what another is judging just now it would stand in the way of his price, which has it.
            await judge_prints(connection, prints, waiting=True)
            evidence = await self._reader.read(connection, prints, judge)
        return evidence

    def _row(self, one: NamedCurve) -> tuple[Any, ...]:
        by_condition = {price.condition: price for price in one.curve.prices}
        columns: list[Any] = []
        for condition in CONDITIONS:
            price = by_condition.get(condition)
            columns += (price.median, price.floor, price.samples) if price else (None, None, 0)
        raw = json.dumps({**_as_json(one.curve), "made_by": self._told}, separators=(",", ":"))
        return (one.print_id, *one.name, *columns, one.curve.confidence, one.curve.listing_count, raw)


def _without(shown: Sequence[Record], curves: Sequence[NamedCurve]) -> list[NamedCurve]:
    """Curves without prices for those that are shown, and of which there is none now."""
    there = {(one.print_id, one.name) for one in curves}
    names = [(row["card_print_id"], GroupName(*row[1:])) for row in shown]
    return [NamedCurve(*one, NOTHING_SAID) for one in names if one not in there]


async def price_ages(db: Database) -> Mapping[str, float]:
    """How many seconds ago prints were computed last, by quantile: 0.5, 0.95, 1; empty where none was."""
    ages = await db.fetchval(SQL["ages"])
    return dict(zip(QUANTILES, map(float, ages or ()), strict=False))


def _as_json(curve: Curve) -> dict[str, Any]:
    """All of the evidence: which observations were used at which price, and which were left out, and why."""
    return {
        "version": VERSION,
        "conditions": {price.condition: _condition_as_json(price) for price in curve.prices},
        "left_out": curve.left_out,
        "guide": curve.guide,
        "violations": curve.violations,
    }


def _condition_as_json(price: ConditionPrice) -> Mapping[str, Any]:
    return {
        "basis": price.basis,
        "median_cents": price.median,
        "floor_cents": price.floor,
        "p10_cents": price.p10,
        "p90_cents": price.p90,
        "samples": price.samples,
        "sales": price.sales,
        "asks": price.asks,
        "newest_days": round(price.newest_days, 2),
        "confidence": price.confidence._asdict(),
        "used": price.used,
        "prices_cents": price.prices,
        "asked": price.asked,
    }
