"""The price of one print, now: what is there while it is fresh, else computed, once for all who ask."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from worker.catalog.price_curves import SQL, Pricer
from worker.catalog.prints import NoSuchPrint
from worker.db import Connection, Database, Record
from worker.errors import Unavailable, UserError
from worker.pricing.comps import CONDITIONS

WAIT_SECONDS = 10.0
"""How long one waits for another who computes the same price; it takes milliseconds."""


@dataclass(frozen=True, slots=True)
class StoredCurve:
    """One curve as it stands in the database; ``raw`` is its evidence, money there in cents."""

    id: int
    created_at: datetime
    variant: str
    language: str
    currency: str
    prices: Mapping[str, tuple[Any, Any, int]]
    """For each condition median and floor (``Decimal`` or None), and samples."""
    confidence: int
    listing_count: int
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LivePrice:
    """A print's curves, the one with most evidence first; none where nobody has said a price of it.

    ``computed_at`` is when they were computed, ``age`` how long that is ago; ``computed_now`` tells whether
    that was for whoever asks, or for somebody who asked at the same time.
    """

    curves: Sequence[StoredCurve]
    computed_at: datetime
    age: timedelta
    computed_now: bool


async def get_live_price(
    db: Database, pricer: Pricer, print_id: int, *, fresh_for: timedelta, force: bool = False
) -> LivePrice:
    """Answer a print's price: the stored one if it is younger than ``fresh_for``, else computed now.

    ``force`` always computes. Whoever asks while another process computes the same print waits for that and
    takes its answer. Whoever may only read gets the stored one, however old, and where there is none, or with
    ``force``, ``MayNotCompute``. Raises ``NoSuchPrint``; ``Unavailable`` where the other does not come to an
    end.
    """
    async with db.connection() as connection:
        asked = await _checked(connection, print_id)
        if (
            not force
            and asked["age_seconds"] is not None
            and asked["age_seconds"] < fresh_for.total_seconds()
        ):
            return await _answer(connection, asked, print_id, computed_now=False)
    try:
        return await _computed(db, pricer, print_id, asked)
    except asyncpg.InsufficientPrivilegeError:
        if force or asked["computed_at"] is None:
            raise MayNotCompute from None
    async with db.connection() as connection:
        return await _answer(connection, asked, print_id, computed_now=False)


class MayNotCompute(UserError):
    """Raised when somebody who may only read prices asks for one to be computed."""

    code = "may_not_compute"

    def __init__(self) -> None:
        super().__init__(
            "your login may read prices, and not compute them: let a worker, mintmark run start price_curve"
        )


async def _computed(db: Database, pricer: Pricer, print_id: int, asked: Record) -> LivePrice:
    async with db.transaction() as connection:
        with _waiting_for(print_id):
            await connection.execute(SQL["limit_wait"], f"{WAIT_SECONDS * 1000:.0f}ms")
            await connection.execute(SQL["take_turn"], print_id)
            now = await _checked(connection, print_id)
            if now["computed_at"] is None or now["computed_at"] <= asked["now"]:
                await pricer.compute(connection, [print_id])
                now = await _checked(connection, print_id)
        return await _answer(connection, now, print_id, computed_now=True)


async def _checked(connection: Connection, print_id: int) -> Record:
    row = await connection.fetchrow(SQL["checked"], print_id)
    if row is None:
        raise NoSuchPrint(f"there is no print {print_id}")
    return row


@contextmanager
def _waiting_for(print_id: int) -> Iterator[None]:
    try:
        yield
    except asyncpg.LockNotAvailableError:
        raise Unavailable(
            f"the price of print {print_id} is being computed for more than {WAIT_SECONDS:g} s: try again"
        ) from None


async def _answer(connection: Connection, checked: Record, print_id: int, *, computed_now: bool) -> LivePrice:
    rows = await connection.fetch(SQL["latest"], print_id)
    return LivePrice(
        curves=[_stored(row) for row in rows],
        computed_at=checked["computed_at"],
        age=timedelta(seconds=checked["age_seconds"]),
        computed_now=computed_now,
    )


def _stored(row: Record) -> StoredCurve:
    prices = {
        one: (row[f"{one.lower()}_median"], row[f"{one.lower()}_floor"], row[f"{one.lower()}_samples"])
        for one in CONDITIONS
    }
    return StoredCurve(
        id=row["id"],
        created_at=row["created_at"],
        variant=row["variant"],
        language=row["language"],
        currency=row["currency"],
        prices=prices,
        confidence=row["confidence"],
        listing_count=row["listing_count"],
        raw=json.loads(row["raw_json"]),
    )
