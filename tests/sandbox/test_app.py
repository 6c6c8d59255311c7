import json
from collections import deque
from pathlib import Path
from typing import Any

import httpx
import pytest

from worker.sandbox.app import card_sandbox
from worker.sandbox.journal import KEPT, Journal
from worker.sandbox.scenario import Scenario

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "pokemon"


@pytest.mark.parametrize(
    "path", ["/v2/sets", "/v2/cards/nosuch-1", "/v2/en/sets", "/_sandbox/journal", "/elsewhere"]
)
async def test_every_response_says_that_it_is_not_the_real_thing(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)

    assert answer.headers["X-Not-The-Real-Thing"] == "mintmark sandbox"


async def test_the_journal_holds_what_was_asked_and_how_it_was_answered(web: httpx.AsyncClient) -> None:
    await web.get("/v2/cards", params={"q": "set.id:base1"}, headers={"X-Api-Key": "canary"})
    await web.get("/v2/en/sets/nosuch")

    journal = await web.get("/_sandbox/journal")
    calls = journal.json()["calls"]
    assert journal.json()["count"] == 2
    assert [(call["operation"], call["status"]) for call in calls] == [
        ("pokemon_tcg.cards", 200),
        ("tcgdex.set", 404),
    ]
    assert calls[0]["path"] == "/v2/cards"
    assert calls[0]["query"] == "q=set.id%3Abase1"
    assert "x-api-key" in calls[0]["headers"]
    assert "canary" not in journal.text


async def test_the_journal_forgets_the_oldest_calls_but_not_how_many_there_were(
    web: httpx.AsyncClient, journal: Journal
) -> None:
    journal.entries = deque(maxlen=2)
    for path in ("/v2/en/sets", "/v2/en/cards", "/v2/en/elsewhere"):
        await web.get(path)

    assert [entry.number for entry in journal.entries] == [2, 3]
    assert journal.count == 3
    assert Journal().entries.maxlen == KEPT


async def test_a_scenario_can_be_set_over_http_and_replaces_the_one_before(web: httpx.AsyncClient) -> None:
    faults = [{"operation": "pokemon_tcg.sets", "kind": "status", "status": 503, "retry_after": "9"}]
    assert (await web.post("/_sandbox/scenario", json={"faults": faults})).json() == {"faults": 1}

    spoilt = await web.get("/v2/sets")
    assert (spoilt.status_code, spoilt.headers["retry-after"]) == (503, "9")
    assert spoilt.json()["error"]["code"] == 503
    assert (await web.get("/v2/sets")).status_code == 200

    await web.post("/_sandbox/scenario", json={"faults": faults})
    await web.post("/_sandbox/scenario", json={"faults": []})
    assert (await web.get("/v2/sets")).status_code == 200


@pytest.mark.parametrize(
    "body", ["", "[]", '{"faults": [{"operation": "x", "kind": "explode"}]}', '{"fault": []}']
)
async def test_a_scenario_that_makes_no_sense_is_refused_and_says_why(
    web: httpx.AsyncClient, body: str
) -> None:
    answer = await web.post("/_sandbox/scenario", content=body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["msg"]


async def test_a_delayed_answer_is_the_same_answer(web: httpx.AsyncClient) -> None:
    fault = {"operation": "tcgdex.sets", "kind": "delay", "seconds": 0.01}
    await web.post("/_sandbox/scenario", json={"faults": [fault]})

    assert (await web.get("/v2/en/sets")).json() == (await web.get("/v2/en/sets")).json()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real cards are not beside this checkout")
async def test_real_cards_come_out_as_they_went_in_and_in_tcgdexs_words() -> None:
    sets: list[dict[str, Any]] = json.loads((REAL / "sets.json").read_text())
    cards = {path.stem: json.loads(path.read_text()) for path in (REAL / "cards").glob("*.json")}
    app = card_sandbox(sets, cards, journal=Journal(), scenario=Scenario())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as web:
        for set_id, records in cards.items():
            answer = (await web.get("/v2/cards", params={"q": f"set.id:{set_id}"})).json()
            without_set = [{k: v for k, v in card.items() if k != "set"} for card in answer["data"]]
            assert without_set == records[:250]
            stubs = (await web.get(f"/v2/en/sets/{set_id}")).json()["cards"]
            assert len({stub["id"] for stub in stubs}) == len(records)
            assert (await web.get(f"/v2/en/cards/{stubs[0]['id']}")).json()["name"] == records[0]["name"]
