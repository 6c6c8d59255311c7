"""Read observations into columns: as Postgres' binary copy, a table of numbers that needs no decoding.

A million rows as Python objects would take seconds and hundreds of megabytes; as one buffer of rows of a
fixed width they take neither. Binary COPY (Postgres' documentation of COPY, "Binary Format"): a header of 19
bytes, then for each row its number of fields (int16) and for each field its length (int32) and its bytes,
big-endian, and at the end an int16 of -1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from worker.db import Connection, Record, statements
from worker.pricing.comps import Comps
from worker.pricing.gathering import GroupName
from worker.pricing.segments import Ints, Segments

SQL = statements(Path(__file__).with_name("comps.sql"))
HEADER_BYTES, TRAILER_BYTES = 19, 2
FIELDS = (
    ("id", 8),
    ("print", 8),
    ("group", 8),
    ("source", 4),
    ("condition", 2),
    ("basis", 2),
    ("left_out", 2),
    ("cents", 8),
    ("observed", 8),
    ("seller", 8),
    ("offer", 8),
)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Where Postgres counts the microseconds of its moments from."""
DAY = timedelta(days=1) / timedelta(microseconds=1)
UNKNOWN_WEIGHT = 0.5
"""Of a source that has no row in ``sources``."""
ROW = np.dtype(
    [("fields", ">i2")]
    + [one for name, width in FIELDS for one in ((f"{name} length", ">i4"), (name, f">i{width}"))]
)

Rows: TypeAlias = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Window:
    """How old evidence may be, in days: sales, and what is asked or suggested."""

    sold_days: int = 365
    ask_days: int = 90


@dataclass(frozen=True, slots=True)
class Evidence:
    """The comps of some prints; groups are numbered, ``groups`` tells of each its print and name."""

    comps: Comps
    groups: Sequence[tuple[int, GroupName]]


class Reader:
    """Reads comps; what groups are called it asks once, for there are few of them."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._names: dict[int, GroupName] = {}

    async def read(self, connection: Connection, prints: Sequence[int]) -> Evidence:
        """Read all that was judged of these prints within the window; 112 bytes a row while it is read."""
        buffer, asked = BytesIO(), list(prints)
        days = (self._window.sold_days, self._window.ask_days)
        await connection.copy_from_query(SQL["read_comps"], asked, *days, output=buffer, format="binary")
        rows = np.frombuffer(buffer.getbuffer()[HEADER_BYTES:-TRAILER_BYTES], ROW)
        hashes, of_print = _column(rows, "group"), _column(rows, "print")
        order = np.lexsort((hashes, of_print))
        pairs = Segments.of(of_print[order], hashes[order])
        group = np.empty(len(rows), np.int64)
        group[order] = pairs.of_row
        firsts = order[pairs.starts]
        known = list(zip(of_print[firsts].tolist(), hashes[firsts].tolist(), strict=True))
        if not self._names.keys() >= {one for _, one in known}:
            await self._learn(connection, asked)
        comps = _comps(rows, group, await connection.fetch(SQL["weigh_sources"]))
        return Evidence(comps, [(print_id, self._names[one]) for print_id, one in known])

    async def _learn(self, connection: Connection, prints: Sequence[int]) -> None:
        for row in await connection.fetch(SQL["name_groups"], prints):
            self._names[row["group_key"]] = GroupName(row["variant"], row["language"], row["currency"])


def _comps(rows: Rows, group: Ints, sources: Sequence[Record]) -> Comps:
    now = (sources[0]["now"] - EPOCH) / timedelta(microseconds=1)
    keys, places = np.unique(_column(rows, "source"), return_inverse=True)
    told = {row["key"]: row["weight"] for row in sources}
    weights = np.array([told.get(key, UNKNOWN_WEIGHT) for key in keys.tolist()])
    return Comps(
        ids=_column(rows, "id"),
        group=group,
        condition=_column(rows, "condition"),
        basis=_column(rows, "basis"),
        left_out=_column(rows, "left_out"),
        cents=_column(rows, "cents"),
        days=np.maximum((now - _column(rows, "observed")) / DAY, 0.0),
        weight=weights[places] if len(weights) else np.zeros(0),
        seller=_column(rows, "seller"),
        offer=_column(rows, "offer"),
    )


def _column(rows: Rows, name: str) -> Ints:
    return rows[name].astype(np.int64)
