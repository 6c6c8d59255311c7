from collections.abc import Iterator
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from worker.clients.http import Wiring
from worker.sandbox.app import card_sandbox
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Scenario
from worker.sandbox.serve import served


@pytest.fixture
def sets() -> list[dict[str, Any]]:
    return [
        {
            "id": "base1",
            "name": "Base",
            "series": "Base",
            "printedTotal": 102,
            "total": 102,
            "legalities": {"unlimited": "Legal"},
            "ptcgoCode": "BS",
            "releaseDate": "1999/01/09",
            "updatedAt": "2022/10/10 15:12:00",
        },
        {
            "id": "synth1",
            "name": "Synthetic",
            "series": "Synthetic",
            "printedTotal": 600,
            "total": 600,
            "legalities": {},
            "releaseDate": "2024/01/01",
            "updatedAt": "2024/01/01 00:00:00",
        },
    ]


@pytest.fixture
def cards_by_set() -> dict[str, list[dict[str, Any]]]:
    return {
        "base1": [
            {"id": "base1-1", "name": "Alakazam", "supertype": "Pokémon", "number": "1", "hp": "80"},
            {"id": "base1-2", "name": "Blastoise", "supertype": "Pokémon", "number": "2", "hp": "100"},
            {"id": "base1-4", "name": "Charizard", "supertype": "Pokémon", "number": "4", "hp": "120"},
            {"id": "base1-58", "name": "Pikachu", "supertype": "Pokémon", "number": "58", "hp": "40"},
            {"id": "base1-96", "name": "Double Colorless Energy", "supertype": "Energy", "number": "96"},
        ],
        "synth1": [
            {"id": f"synth1-{n:03}", "name": f"Card {n}", "supertype": "Trainer", "number": f"{n:03}"}
            for n in range(1, 601)
        ],
    }


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def scenario() -> Scenario:
    return Scenario()


@pytest.fixture
def sandbox(
    sets: list[dict[str, Any]],
    cards_by_set: dict[str, list[dict[str, Any]]],
    journal: Journal,
    scenario: Scenario,
    slept: list[float],
) -> Iterator[str]:
    """Serve the sandbox; its clock is the clients' own, so that its minutes pass when they sleep."""
    app = card_sandbox(sets, cards_by_set, journal=journal, scenario=scenario, clock=lambda: sum(slept))
    with served(app) as url:
        yield url


@pytest.fixture
def slept() -> list[float]:
    """Every pause a client took; its clock has moved by as much, and by nothing else."""
    return []


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    """What a client told its metrics: api and status class."""
    return []


@pytest.fixture
def wiring(slept: list[float], heard: list[tuple[str, str]]) -> Wiring:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await checkpoint()

    return Wiring(
        on_request=lambda api, status_class, _seconds: heard.append((api, status_class)),
        sleep=sleep,
        clock=lambda: sum(slept),
        jitter=lambda: 0.0,
    )
