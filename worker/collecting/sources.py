"""Which sources there are to ask, by their rows as they are now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.collecting.source import Source, SourceRow
from worker.db import Connection, Database, Record, statements
from worker.errors import UserError

SQL = statements(Path(__file__).with_name("sources.sql"))


@dataclass(frozen=True, slots=True)
class Desk:
    """A source that can be asked: its row, and the code behind its adapter."""

    row: SourceRow
    source: Source


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of a job, those that ask nobody first; ``skipped`` says why others are not among them."""

    desks: Sequence[Desk]
    skipped: Mapping[str, str] = field(default_factory=dict)

    def after(self, done: Sequence[str]) -> Desk | None:
        """The next that is not done yet."""
        return next((one for one in self.desks if one.row.name not in done), None)

    def without(self, name: str) -> "Sources":
        """The same, less one."""
        return Sources([one for one in self.desks if one.row.name != name], self.skipped)


async def open_sources(db: Database, adapters: Mapping[str, Source], wanted: Sequence[str] | None) -> Sources:
    """Read the sources that are enabled, or those of them that are ``wanted``.

    Raises ``UserError`` where one that is wanted is not there or switched off, and where none is left.
    """
    rows = {row["name"]: row for row in await db.fetch(SQL["sources"])}
    for name in wanted or ():
        _require_enabled(name, rows)
    chosen = [row for name, row in rows.items() if row["enabled"] and (wanted is None or name in wanted)]
    desks = [Desk(_row(row), adapters[row["adapter"]]) for row in chosen if row["adapter"] in adapters]
    skipped = {
        row["name"]: f"this version has no adapter {row['adapter']}"
        for row in chosen
        if row["adapter"] not in adapters
    }
    if not desks:
        raise UserError("there is no source to ask: enable one, update public.sources set enabled = true …")
    desks.sort(key=lambda one: (one.source.api is not None, one.row.name))
    return Sources(desks, skipped)


async def switch_off(connection: Connection, name: str, why: str) -> bool:
    """Ask a source no more; answers whether it was on until now."""
    return await connection.fetchval(SQL["switch_off"], name, why) is not None


async def find_source(db: Database, name: str, adapter: str) -> SourceRow:
    """The row of a source, on or off; raises ``UserError`` where it is not there, or another adapter's."""
    rows = {row["name"]: row for row in await db.fetch(SQL["sources"])}
    if name not in rows or rows[name]["adapter"] != adapter:
        known = ", ".join(sorted(one for one, row in rows.items() if row["adapter"] == adapter)) or "none"
        raise UserError(f"{name} is no source with the adapter {adapter}: there is {known}")
    return _row(rows[name])


def _require_enabled(name: str, rows: Mapping[str, Record]) -> None:
    if name not in rows:
        raise UserError(f"there is no source {name}: there are {', '.join(sorted(rows))}")
    if not rows[name]["enabled"]:
        why = rows[name]["disabled_reason"] or "nobody has said why"
        raise UserError(f"the source {name} is switched off: {why}")


def _row(row: Record) -> SourceRow:
    return SourceRow(
        name=row["name"],
        adapter=row["adapter"],
        basis=row["basis"],
        weight=float(row["reputation_weight"]),
        config=json.loads(row["config"]),
    )
