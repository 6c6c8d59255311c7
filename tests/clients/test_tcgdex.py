from collections.abc import AsyncIterator
from typing import Any

import pytest

from worker.clients.answers import AnsweredDown, AnsweredNo
from worker.clients.http import Wiring
from worker.clients.paging import FailedPage, Page
from worker.clients.tcgdex import Tcgdex
from worker.errors import MintmarkError, SourceDown, SourceGarbled
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Fault, Scenario


def _client(url: str, wiring: Wiring) -> Tcgdex:
    return Tcgdex(base_url=f"{url}/v2/en", wiring=wiring)


async def _all(pages: AsyncIterator[Page | FailedPage]) -> tuple[list[Page], list[FailedPage]]:
    each = [page async for page in pages]
    good = [page for page in each if isinstance(page, Page)]
    return good, [page for page in each if isinstance(page, FailedPage)]


async def _until_it_gives_up(
    pages: AsyncIterator[Page | FailedPage],
) -> tuple[list[Page | FailedPage], MintmarkError]:
    seen: list[Page | FailedPage] = []
    try:
        async for page in pages:
            seen.append(page)  # noqa: PERF401 - what came before the error counts
    except MintmarkError as error:
        return seen, error
    pytest.fail("it went on to the end")


def _ids(pages: list[Page]) -> list[str]:
    return [record["id"] for page in pages for record in page.records if isinstance(record, dict)]


@pytest.fixture(autouse=True)
def _fewer_cards(cards_by_set: dict[str, list[dict[str, Any]]]) -> None:
    """Each card is a call here."""
    del cards_by_set["synth1"][60:]


async def test_sets_come_in_full(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.sets())

    assert failed == []
    assert [(page.number, page.total) for page in good] == [(1, 2)]
    first = good[0].records[0]
    assert isinstance(first, dict)
    assert (first["id"], first["releaseDate"], first["serie"]["name"]) == ("base1", "1999-01-09", "Base")


async def test_the_cards_of_a_set_come_in_full_and_in_the_sets_order(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards("base1"))

    assert failed == []
    assert _ids(good) == ["base1-1", "base1-2", "base1-4", "base1-58", "base1-96"]
    charizard = good[0].records[2]
    assert isinstance(charizard, dict)
    assert charizard["category"] == "Pokemon"
    assert charizard["set"]["name"] == "Base"


async def test_all_cards_come_set_by_set_in_pages_of_fifty(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert failed == []
    assert [(page.number, len(page.records), page.total) for page in good] == [
        (1, 5, 5),
        (2, 50, 60),
        (3, 10, 60),
    ]


async def test_a_card_that_fails_is_named_and_the_others_go_on(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation="tcgdex.card", kind="truncated"),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards("base1"))

    assert len(good[0].records) == 4
    assert [page.number for page in failed] == [1]
    missing = {"base1-1", "base1-2", "base1-4", "base1-58", "base1-96"} - set(_ids(good))
    assert {page.name for page in failed} == {f"card {each}" for each in missing}
    assert isinstance(failed[0].error, SourceGarbled)


async def test_cards_that_a_list_names_and_nobody_has_are_each_reported(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation="tcgdex.card", kind="status", status=404, times=5),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert len(failed) == 5
    assert len(_ids(good)) == 60
    error = failed[0].error
    assert isinstance(error, AnsweredNo)
    assert isinstance(error.details, dict)
    assert error.details["type"] == "https://tcgdex.dev/errors/not-found"


async def test_a_set_that_is_gone_is_named_and_the_other_sets_go_on(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation="tcgdex.set", kind="status", status=404),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert [page.name for page in failed] == ["set base1"]
    assert len(_ids(good)) == 60


async def test_a_set_that_nobody_has_is_a_failed_page(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards("../sets"))

    assert good == []
    assert [page.name for page in failed] == ["set ../sets"]


@pytest.mark.parametrize(
    ("status", "kind_of_error"), [(200, SourceGarbled), (502, AnsweredDown)], ids=["garbled", "down"]
)
async def test_an_outage_is_noticed_before_every_card_has_been_asked_for(
    sandbox: str,
    wiring: Wiring,
    scenario: Scenario,
    status: int,
    kind_of_error: type[MintmarkError],
) -> None:
    scenario.replace((Fault(operation="tcgdex.card", kind="html", status=status, times=None, after=20),))

    async with _client(sandbox, wiring) as client:
        seen, error = await _until_it_gives_up(client.cards("synth1"))

    good = [page for page in seen if isinstance(page, Page)]
    assert isinstance(error, kind_of_error)
    assert len(_ids(good)) == 20
    assert 3 <= len(seen) - len(good) <= 6


async def test_being_told_to_slow_down_stops_at_once(
    sandbox: str, wiring: Wiring, scenario: Scenario, journal: Journal
) -> None:
    fault = Fault(operation="tcgdex.card", kind="status", status=429, retry_after="60", times=None)
    scenario.replace((fault,))

    async with _client(sandbox, wiring) as client:
        with pytest.raises(SourceDown):
            await _all(client.cards("synth1"))

    assert journal.count <= 1 + 4


async def test_a_list_that_is_no_list_is_garbled(sandbox: str, wiring: Wiring, scenario: Scenario) -> None:
    scenario.replace((Fault(operation="tcgdex.sets", kind="body", status=200, text='{"sets": []}'),))

    async with _client(sandbox, wiring) as client:
        with pytest.raises(SourceGarbled, match="no list"):
            await _all(client.sets())


async def test_entries_without_an_id_are_reported_and_the_others_go_on(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    text = '[{"id": "base1"}, {"name": "x"}, 7, {"id": "base1"}, {"id": null}]'
    scenario.replace((Fault(operation="tcgdex.sets", kind="body", status=200, text=text, times=2),))

    async with _client(sandbox, wiring) as client:
        good_sets, failed_sets = await _all(client.sets())
        good_cards, failed_cards = await _all(client.cards())

    assert _ids(good_sets) == ["base1"]
    assert len(_ids(good_cards)) == 5
    for failed in (failed_sets, failed_cards):
        assert [(page.number, page.name) for page in failed] == [(1, "list of sets")]
        assert "3 of its entries have no id" in str(failed[0].error)


async def test_a_record_that_is_no_record_is_garbled(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation="tcgdex.card", kind="body", status=200, text="[]"),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards("base1"))

    assert len(good[0].records) == 4
    assert isinstance(failed[0].error, SourceGarbled)


async def test_no_key_and_no_cookie_is_ever_sent(sandbox: str, wiring: Wiring, journal: Journal) -> None:
    async with _client(sandbox, wiring) as client:
        await _all(client.cards("base1"))

    sent = {name for entry in journal.entries for name in entry.headers}
    assert sent == {"accept", "accept-encoding", "connection", "host", "user-agent"}
