"""Keep what an account tells as far as it differs from what is there; in a dry run, say what that does."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from worker.catalog.differences import Difference, Table, Told, compare, write
from worker.catalog.stock import Seen
from worker.clients.ebay_shapes import BadRecord, Money
from worker.db import Connection
from worker.syncing.resource import Outcome, Reading

CENT = Decimal("0.01")


async def keep(
    connection: Connection, reading: Reading, name: str, table: Table, told: Sequence[Told]
) -> Outcome:
    """Keep the records of a page; its tallies begin with the resource's name."""
    found = await compare(connection, table, reading.account.id, told)
    if not reading.dry_run:
        await write(connection, table, (reading.account.id, reading.account.org_id), found)
    return _outcome(reading, name, found)


async def keep_state(
    connection: Connection,
    reading: Reading,
    name: str,
    seen: Seen,
    told: Sequence[Told],
    bad: Iterable[BadRecord],
) -> Outcome:
    """The same of what is a state: notes also what was seen, be it unchanged or unreadable."""
    account = reading.account
    found = await compare(connection, seen.table, account.id, told)
    if not reading.dry_run:
        await write(connection, seen.table, (account.id, account.org_id, reading.until), found)
        ids = [*(one.key[0] for one in found.unchanged), *(one.id for one in bad)]
        await seen.see(connection, account.id, ids, reading.until)
    return _outcome(reading, name, found)


def in_cents(money: Money | None) -> Decimal | None:
    """An amount to two decimals, half to even."""
    return money.value.quantize(CENT, rounding=ROUND_HALF_EVEN) if money else None


def _outcome(reading: Reading, name: str, found: Difference[Told]) -> Outcome:
    tally = {
        f"{name}.inserted": len(found.new),
        f"{name}.updated": len(found.changed),
        f"{name}.unchanged": len(found.unchanged),
    }
    return Outcome(tally, _would(found) if reading.dry_run else [])


def _would(found: Difference[Told]) -> list[str]:
    return [
        f"{word} {'/'.join(one.key)}: {one}"
        for word, some in (("insert", found.new), ("update", found.changed))
        for one in some
    ]
