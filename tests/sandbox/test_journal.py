"""The journal: what came, when, in whose name; in memory and on the disk, and never a secret."""

import json
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import CARDS, SETS
from tests.sandbox.scene import Scene
from worker.sandbox.app import card_sandbox
from worker.sandbox.journal import KEPT, Journal, without_secrets
from worker.sandbox.scenario import Scenario


async def _journal(scene: Scene, **asked: str | int) -> list[int]:
    answer = await scene.web.get("/_sandbox/journal", params=asked)
    return [call["number"] for call in answer.json()["calls"]]


async def test_the_journal_can_be_read_from_where_one_stopped_and_for_one_seller(scene: Scene) -> None:
    anna, bert = await scene.connect(), await scene.connect("bert & sons")
    await scene.orders(anna["access_token"])
    await scene.orders(bert["access_token"])
    await scene.orders(anna["access_token"])

    assert await _journal(scene, since=4) == [5, 6, 7]
    assert await _journal(scene, since=99) == []
    assert await _journal(scene, since=5, operation="ebay_fulfillment.get_orders") == [6, 7]
    assert await _journal(scene, account="u-bert") == [4, 6]
    assert (await scene.web.get("/_sandbox/journal?since=x")).status_code == 400


async def test_a_journal_that_was_emptied_goes_on_counting(scene: Scene) -> None:
    await scene.connect()
    await scene.web.delete("/_sandbox/journal")
    await scene.connect()

    assert await _journal(scene) == [3, 4]
    assert await _journal(scene, since=3) == [4]
    assert (await scene.web.get("/_sandbox/journal")).json()["count"] == 4


def test_two_hundred_thousand_calls_are_kept() -> None:
    assert Journal().entries.maxlen == KEPT == 200_000


async def test_every_call_is_a_line_on_the_disk_and_how_it_was_answered_another(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    fault = Scenario()
    with path.open("ab") as file:
        app = card_sandbox(SETS, CARDS, journal=Journal(file=file), scenario=fault)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as web:
            await web.get("/v2/en/sets")
            await web.get("/v2/en/sets/nosuch")
            lines = [json.loads(line) for line in path.read_text().splitlines()]

    assert [(one["number"], one.get("operation"), one["status"]) for one in lines] == [
        (1, "tcgdex.sets", None),
        (1, None, 200),
        (2, "tcgdex.set", None),
        (2, None, 404),
    ]
    assert lines[0]["api"] == "tcgdex"


async def test_a_call_that_was_never_answered_is_on_the_disk_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "journal"

    class Broken(dict[str, object]):
        def __getitem__(self, key: str) -> object:
            raise RuntimeError(key)

    with path.open("ab") as file:
        app = card_sandbox([Broken(id="x")], {}, journal=Journal(file=file), scenario=Scenario())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as web:
            with pytest.raises(RuntimeError):
                await web.get("/v2/en/sets")

    [line] = path.read_text().splitlines()
    assert (json.loads(line)["operation"], json.loads(line)["status"]) == ("tcgdex.sets", None)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("limit=2&offset=0", "limit=2&offset=0"),
        ("code=v%5E1.1%23i%5E1&limit=2", "code=redacted&limit=2"),
        ("q=v%5e1.1%23i&limit=2", "q=redacted&limit=2"),
        ("state=abc&scope=x", "state=redacted&scope=x"),
        ("Token=abc", "Token=redacted"),
        ("promo_code=AB", "promo_code=AB"),
        ("category_ids=1&q=", "category_ids=1&q="),
    ],
)
def test_a_query_keeps_all_but_its_secrets(query: str, kept: str) -> None:
    assert without_secrets(query) == kept
