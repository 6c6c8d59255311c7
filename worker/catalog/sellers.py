"""Sellers: who offers, sells and stocks cards; each is there once, by org, platform and its id for them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from worker.db import Connection, statements

SQL = statements(Path(__file__).with_name("sellers.sql"))
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
WALLET = re.compile("0x[0-9a-f]{40}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SellerSeen:
    """A seller as a source tells of them; what it does not tell is None, and overwrites nothing.

    ``feedback_percentage`` is of 0 to 100. ``external_identifiers`` and ``metadata`` are added to what there
    is.
    """

    platform_seller_id: str
    display_name: str | None = None
    feedback_score: int | None = None
    feedback_percentage: Decimal | None = None
    external_identifiers: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def normalize_name(name: str) -> str:
    """A name as names are compared: in small letters, without blanks around it; a wallet's address, too."""
    return _storable(name).strip().lower()


def seller_key(platform_seller_id: str) -> str:
    """An id as it is kept: without blanks around it, and a wallet's address in small letters.

    The case of any other id is the platform's own business.
    """
    kept = _storable(platform_seller_id).strip()
    return kept.lower() if WALLET.fullmatch(kept) else kept


async def see(
    connection: Connection, org_id: UUID, platform: str, seen: Sequence[SellerSeen], run_id: UUID | None
) -> dict[str, int]:
    """Keep sellers that a run has seen; answers our id of each, by the platform's as it was told.

    A run counts once for a seller, on however many of its pages they are; what is seen without a run counts
    no time. A row that would say nothing new is not written. Of one seller told twice the later counts, and
    one without an id is passed over. Sellers are locked in one order: call it once in a transaction.
    """
    told = {seller_key(one.platform_seller_id): one for one in seen if seller_key(one.platform_seller_id)}
    if not told:
        return {}
    columns = map(list, zip(*(_row(key, one) for key, one in sorted(told.items())), strict=True))
    await connection.execute(SQL["see"], org_id, platform, run_id, *columns)
    rows = await connection.fetch(SQL["ids"], org_id, platform, list(told))
    ids = {row["platform_seller_id"]: row["id"] for row in rows}
    return {
        one.platform_seller_id: ids[key] for one in seen if (key := seller_key(one.platform_seller_id)) in ids
    }


async def keys_of_names(
    connection: Connection, org_id: UUID, platform: str, names: Iterable[str]
) -> dict[str, str]:
    """What sellers are known by who were told by name alone: a connected one by the id, which never changes.

    Answers every name; one that nobody is known to have is, normalized, the key itself.
    """
    normal = {name: normalize_name(name) for name in names}
    rows = await connection.fetch(SQL["named"], org_id, platform, sorted(set(normal.values())))
    known = {row["normalized_name"]: row["platform_seller_id"] for row in rows}
    return {name: known.get(one, one) for name, one in normal.items()}


def _row(key: str, one: SellerSeen) -> tuple[Any, ...]:
    name = _storable(one.display_name).strip() if one.display_name else ""
    return (
        key,
        name or None,
        normalize_name(name) or None,
        one.feedback_score,
        one.feedback_percentage,
        json.dumps(one.external_identifiers, sort_keys=True),
        json.dumps(one.metadata, sort_keys=True),
    )


def _storable(text: str) -> str:
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
