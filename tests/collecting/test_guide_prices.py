"""What the card APIs say that a card is worth, out of the records that were imported."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.collecting.gathering import listed
from tests.handlers.catalogue import BASE, bring, card, normalize
from tests.runs.scene import drain, run_row, start
from worker.collecting.guide_prices import guides_in
from worker.db import Database

POKEMON: Mapping[str, Any] = {
    "tcgplayer": {
        "updatedAt": "2026/10/01",
        "prices": {
            "1stEditionHolofoil": {"low": 115.99, "mid": 164.98, "market": 238.09, "directLow": None},
            "unlimitedHolofoil": {"low": 32.99, "mid": 60, "high": 99.99, "market": None},
            "normal": {"low": None, "market": 0},
        },
    },
    "cardmarket": {
        "updatedAt": "2026/10/02",
        "prices": {"trendPrice": 46.02, "averageSellPrice": 49.9, "reverseHoloTrend": 0, "avg1": 34},
    },
}
TCGDEX: Mapping[str, Any] = {
    "pricing": {
        "tcgplayer": {
            "updated": "2026-10-03T00:00:00.000Z",
            "unit": "USD",
            "holo": {"lowPrice": 1, "marketPrice": 2.5},
            "reverse": None,
        },
        "cardmarket": {
            "updated": "2026-10-03T00:00:00.000Z",
            "unit": "EUR",
            "avg": 3,
            "trend": 2.75,
            "avg-holo": 9,
        },
    }
}


def guides(payload: object, api: str, provider: str) -> list[tuple[str | None, str, str]]:
    found = guides_in(json.loads(json.dumps(payload), parse_float=Decimal), api, provider)
    return [(one.printing, str(one.price), one.currency) for one in found]


def test_a_price_is_that_of_a_printing_and_what_is_0_or_null_is_none() -> None:
    assert guides(POKEMON, "pokemonapi", "tcgplayer") == [
        ("first_edition_holofoil", "238.09", "USD"),
        ("unlimited_holofoil", "60", "USD"),
    ]
    assert guides(POKEMON, "pokemonapi", "cardmarket") == [(None, "46.02", "EUR")]
    assert guides(TCGDEX, "tcgdex", "tcgplayer") == [("holofoil", "2.5", "USD")]
    assert guides(TCGDEX, "tcgdex", "cardmarket") == [(None, "2.75", "EUR")]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        None,
        {"tcgplayer": None},
        {"tcgplayer": {"prices": []}},
        {"tcgplayer": {"url": "https://example.com"}},
        {"tcgplayer": {"prices": {"normal": 3, "": {"market": 1}}}},
    ],
)
def test_where_nothing_is_said_there_is_no_price(payload: object) -> None:
    assert guides(payload, "pokemonapi", "tcgplayer") == []
    assert guides(payload, "tcgdex", "cardmarket") == []


def test_a_percentage_is_no_price_and_says_so() -> None:
    payload = {"tcgplayer": {"prices": {"normal": {"market": "20%"}}}}

    [guide] = guides_in(payload, "pokemonapi", "tcgplayer")

    assert (guide.price, guide.said) == (None, "20%")


def test_real_price_objects_are_read(shared_data: Path) -> None:
    observed = json.loads(
        (shared_data / "pokemon" / "price_objects_observed.json").read_text("utf-8"), parse_float=Decimal
    )

    read = {one["id"]: [g.printing for g in guides_in(one, "pokemonapi", "tcgplayer")] for one in observed}

    assert read == {
        "swsh4-25": ["normal", "reverse_holofoil"],
        "xy4-117": ["holofoil"],
        "base3-4": ["first_edition_holofoil", "unlimited_holofoil"],
    }


async def test_guide_prices_are_kept_as_such_and_a_second_look_changes_no_row(
    db: Database, database_url: str
) -> None:
    await bring(db, [BASE], [card("base1-4", **POKEMON)])
    await normalize(db, database_url)
    payload = {"prints": ["base1-4"], "curves": False, "sources": ["tcgplayer", "cardmarket"]}
    await start(db, "collect", payload)
    await drain(database_url)
    before = await listed(db)

    run = await start(db, "collect", payload)
    await drain(database_url)

    assert (await run_row(db, run))["state"] == "completed"
    assert await listed(db) == before
    assert [
        (
            row["source"],
            row["basis"],
            row["status"],
            str(row["unit_price"]),
            row["currency"],
            row["mapped_by"],
        )
        for row in before
    ] == [
        ("cardmarket", "guide", "guide", "46.02", "EUR", "external"),
        ("tcgplayer", "guide", "guide", "238.09", "USD", "external"),
        ("tcgplayer", "guide", "guide", "60.00", "USD", "external"),
    ]
    assert {row["variant"] for row in before if row["source"] == "tcgplayer"} == {
        "first_edition_holofoil",
        "unlimited_holofoil",
    }
    assert {row["observed_at"].isoformat()[:10] for row in before} == {"2026-10-01", "2026-10-02"}
