from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.sandbox.scene import PEOPLE, Clock, Scene, identity, inventory, orders_of
from worker.sandbox.app import card_sandbox
from worker.sandbox.cards import CardRecords
from worker.sandbox.ebay.stand import stand_over
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Scenario

SETS: list[dict[str, Any]] = [
    {
        "id": "base1",
        "name": "Base",
        "series": "Base",
        "printedTotal": 102,
        "total": 102,
        "legalities": {"unlimited": "Legal"},
        "ptcgoCode": "BS",
        "releaseDate": "1999/01/09",
    },
    {
        "id": "sv3pt5",
        "name": "151",
        "series": "Scarlet & Violet",
        "printedTotal": 165,
        "total": 207,
        "legalities": {"unlimited": "Legal", "standard": "Legal", "expanded": "Legal"},
        "releaseDate": "2023/09/22",
    },
]
CARDS: dict[str, list[dict[str, Any]]] = {
    "base1": [
        {
            "id": "base1-4",
            "name": "Charizard",
            "supertype": "Pokémon",
            "hp": "120",
            "types": ["Fire"],
            "number": "4",
            "artist": "Mitsuhiro Arita",
            "rarity": "Rare Holo",
            "legalities": {"unlimited": "Legal"},
            "tcgplayer": {
                "updatedAt": "2023/02/06",
                "prices": {
                    "1stEditionHolofoil": {"low": 115.99},
                    "holofoil": {"low": 32.99, "market": 69.69},
                },
            },
            "cardmarket": {
                "updatedAt": "2023/02/06",
                "prices": {"averageSellPrice": 49.9, "reverseHoloTrend": 40.43, "germanProLow": None},
            },
        },
        {"id": "base1-96", "name": "Double Colorless Energy", "supertype": "Energy", "number": "96"},
    ],
    "sv3pt5": [
        {"id": "sv3pt5-6", "name": "Charizard ex", "supertype": "Pokémon", "number": "6", "hp": "330"},
    ],
}


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
async def web(journal: Journal, clock: list[float]) -> AsyncIterator[httpx.AsyncClient]:
    app = card_sandbox(SETS, CARDS, journal=journal, scenario=Scenario(), clock=lambda: clock[0])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


@pytest.fixture
async def scene(journal: Journal) -> AsyncIterator[Scene]:
    """The stand-in for eBay with two sellers; its journal keeps the time of its clock."""
    clock = Clock()
    journal.clock = clock
    stand = stand_over(
        PEOPLE,
        CardRecords(SETS, CARDS),
        [orders_of(), inventory(), identity()],
        seed=7,
        accepted_url="http://127.0.0.1:8081/back",
        journal=journal,
        scenario=Scenario(seed=7),
        clock=clock,
    )
    transport = httpx.ASGITransport(stand.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as web:
        yield Scene(stand, web, clock, journal)
