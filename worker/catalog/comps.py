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
from worker.pricing.comps import SOLD, Comps
from worker.pricing.gathering import GroupName
from worker.pricing.segments import Floats, Ints, Segments

SQL = statements(Path(__file__).with_name("comps.sql"))
HEADER_BYTES, TRAILER_BYTES = 19, 2
FIELDS = (
    ("id", 8),
    ("print", 8),
    ("group", 8),
    ("source", 4),
    ("comp", 2),
    ("cents", 8),
    ("observed", 8),
    ("seller", 8),
    ("offer", 8),
    ("judged", 2),
)
CONDITION, BASIS, REASON = 8, 4, 32
"""How many of each there are in the one number of a comp, the first in its lowest digits."""
NO_CONDITION = 7
STALE, UNJUDGED = 1, 2
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
    """The comps of some prints; groups are numbered, ``groups`` tells of each its print and name.

    ``stale`` rows are to be judged anew.
    """

    comps: Comps
    groups: Sequence[tuple[int, GroupName]]
    stale: int


class Reader:
    """Reads comps; what groups are called it asks once, for there are few of them."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._names: dict[int, GroupName] = {}

    async def read(self, connection: Connection, prints: Sequence[int], judge: str) -> Evidence:
        """Read all of these prints that was judged, and is within the window.

        ``judge`` is the name of the present one: what another judged counts as stale, and is answered.
        """
        buffer, asked = BytesIO(), list(prints)
        await connection.copy_from_query(SQL["read_comps"], asked, judge, output=buffer, format="binary")
        rows = np.frombuffer(buffer.getbuffer()[HEADER_BYTES:-TRAILER_BYTES], ROW)
        sources = await connection.fetch(SQL["weigh_sources"])
        stale = int(np.count_nonzero(rows["judged"]))
        comps, hashes, of_print = self._within(rows, sources)
        order = np.lexsort((hashes, of_print))
        pairs = Segments.of(of_print[order], hashes[order])
        comps.group[order] = pairs.of_row
        firsts = order[pairs.starts]
        known = list(zip(of_print[firsts].tolist(), hashes[firsts].tolist(), strict=True))
        if not self._names.keys() >= {one for _, one in known}:
            await self._learn(connection, asked)
        return Evidence(comps, [(print_id, self._names[one]) for print_id, one in known], stale)

    def _within(self, rows: Rows, sources: Sequence[Record]) -> tuple[Comps, Ints, Ints]:
        """The rows that are judged and young enough, the hash of each one's group, and its print."""
        comp, now = _column(rows, "comp"), (sources[0]["now"] - EPOCH) / timedelta(microseconds=1)
        basis, days = comp // CONDITION % BASIS, np.maximum((now - _column(rows, "observed")) / DAY, 0.0)
        oldest = np.where(basis == SOLD, self._window.sold_days, self._window.ask_days)
        which = np.flatnonzero((rows["judged"] != UNJUDGED) & (days <= oldest))
        rows, comp = rows[which], comp[which]
        condition = comp % CONDITION
        return (
            Comps(
                ids=_column(rows, "id"),
                group=np.zeros(len(rows), np.int64),
                condition=np.where(condition == NO_CONDITION, -1, condition),
                basis=basis[which],
                left_out=comp // REASON,
                cents=_column(rows, "cents"),
                days=days[which],
                weight=_weights(_column(rows, "source"), sources),
                seller=_column(rows, "seller"),
                offer=_column(rows, "offer"),
            ),
            _column(rows, "group"),
            _column(rows, "print"),
        )

    async def _learn(self, connection: Connection, prints: Sequence[int]) -> None:
        for row in await connection.fetch(SQL["name_groups"], prints):
            self._names[row["group_key"]] = GroupName(row["variant"], row["language"], row["currency"])


def _weights(keys: Ints, sources: Sequence[Record]) -> Floats:
    told = {row["key"]: row["weight"] for row in sources}
    distinct, places = np.unique(keys, return_inverse=True)
    return np.array([told.get(key, UNKNOWN_WEIGHT) for key in distinct.tolist()], np.float64)[places]


def _column(rows: Rows, name: str) -> Ints:
    return rows[name].astype(np.int64)
