from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from worker.clients.answers import AnsweredDown, AnsweredNo
from worker.clients.http import Wiring
from worker.clients.paging import FailedPage, Page
from worker.clients.pokemon_tcg import PokemonTcg
from worker.errors import BadSettings, MintmarkError, SourceDown, SourceGarbled, UserError
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Fault, Scenario

CARDS = "pokemon_tcg.cards"
KEY = SecretStr("a-key-from-the-portal")


def _client(url: str, wiring: Wiring, key: SecretStr | None = None, deadline: float = 10) -> PokemonTcg:
    return PokemonTcg(base_url=f"{url}/v2", api_key=key, wiring=wiring, deadline_seconds=deadline)


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


async def test_sets_come_raw_and_untouched(sandbox: str, wiring: Wiring, sets: list[dict[str, Any]]) -> None:
    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.sets())

    assert good == [Page(1, tuple(sets), 2)]
    assert failed == []


async def test_cards_come_in_pages_of_250_with_the_total_on_the_first(
    sandbox: str, wiring: Wiring, journal: Journal
) -> None:
    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert [(page.number, len(page.records), page.total) for page in good] == [
        (1, 250, 605),
        (2, 250, 605),
        (3, 105, 605),
    ]
    assert len(set(_ids(good))) == 605
    assert failed == []
    assert journal.count == 3


async def test_the_cards_of_one_set_are_asked_for_by_the_sets_id(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        good, _ = await _all(client.cards("base1"))

    assert _ids(good) == ["base1-1", "base1-2", "base1-4", "base1-58", "base1-96"]


async def test_a_pull_goes_on_at_the_page_it_is_told(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        good, _ = await _all(client.cards("synth1", first_page=3))

    assert [page.number for page in good] == [3]
    assert len(good[0].records) == 100


async def test_past_the_end_there_is_nothing_and_no_error(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring) as client:
        assert await _all(client.cards("base1", first_page=9)) == ([], [])
        assert await _all(client.cards("nosuchset")) == ([], [])


@pytest.mark.parametrize("set_id", ["", "base1 OR set.id:x", 'x"', "a/b", "*", "-base1"])
async def test_what_cannot_be_a_set_id_is_not_sent(sandbox: str, wiring: Wiring, set_id: str) -> None:
    async with _client(sandbox, wiring) as client:
        with pytest.raises(UserError):
            client.cards(set_id)


async def test_cards_that_appear_while_we_page_are_read_too(
    sandbox: str, wiring: Wiring, cards_by_set: dict[str, list[dict[str, Any]]]
) -> None:
    del cards_by_set["synth1"][500:]
    seen: list[Page] = []

    async with _client(sandbox, wiring) as client:
        async for page in client.cards("synth1"):
            assert isinstance(page, Page)
            seen.append(page)
            if page.number == 2:  # Full, and the last one by the total it tells.
                late = {"id": "synth1-999", "name": "Late", "supertype": "Trainer", "number": "999"}
                cards_by_set["synth1"].append(late)

    assert [page.total for page in seen] == [500, 500, 501]
    assert _ids(seen)[-1] == "synth1-999"


async def test_cards_that_vanish_while_we_page_do_not_keep_us_asking(
    sandbox: str, wiring: Wiring, cards_by_set: dict[str, list[dict[str, Any]]], journal: Journal
) -> None:
    async with _client(sandbox, wiring) as client:
        async for page in client.cards("synth1"):
            if page.number == 1:
                del cards_by_set["synth1"][250:]

    assert journal.count == 2


async def test_a_page_of_html_is_reported_and_does_not_stop_the_others(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="html", status=200, after=1),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert [page.number for page in good] == [1, 3]
    assert [(page.number, page.name) for page in failed] == [(2, "page 2 of cards")]
    assert isinstance(failed[0].error, SourceGarbled)


async def test_a_gateways_error_page_is_retried_before_it_is_reported(
    sandbox: str, wiring: Wiring, scenario: Scenario, journal: Journal
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="html", status=504, times=3, after=1),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert [page.number for page in good] == [1, 3]
    assert [page.number for page in failed] == [2]
    assert isinstance(failed[0].error, AnsweredDown)
    assert journal.count == 5


@pytest.mark.parametrize("text", ['{"data": {}}', '{"data": null}', "{}", "[]", "7"])
async def test_a_page_whose_data_is_not_a_list_is_garbled_and_named_by_number(
    sandbox: str, wiring: Wiring, scenario: Scenario, text: str
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="body", status=200, text=text),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert [page.number for page in good] == [2, 3]
    assert isinstance(failed[0].error, SourceGarbled)
    assert str(failed[0].error) == "pokemon_tcg cards: page 1 has no list of records"


async def test_a_failed_last_page_ends_the_paging(
    sandbox: str, wiring: Wiring, scenario: Scenario, journal: Journal
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="truncated", after=2),))

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert ([page.number for page in good], [page.number for page in failed]) == ([1, 2], [3])
    assert journal.count == 3


async def test_three_failed_pages_in_a_row_are_enough(
    sandbox: str, wiring: Wiring, scenario: Scenario, journal: Journal
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="truncated", times=None),))

    async with _client(sandbox, wiring) as client:
        seen, error = await _until_it_gives_up(client.cards())

    assert [type(page) for page in seen] == [FailedPage] * 3
    assert isinstance(error, SourceGarbled)
    assert journal.count == 3


async def test_failed_pages_that_are_not_in_a_row_do_not_add_up(
    sandbox: str, wiring: Wiring, scenario: Scenario, cards_by_set: dict[str, list[dict[str, Any]]]
) -> None:
    cards_by_set["base1"] = [
        {"id": f"base1-{n:04}", "name": "x", "supertype": "Trainer", "number": f"{n:04}"} for n in range(1650)
    ]
    scenario.replace(
        tuple(Fault(operation=CARDS, kind="truncated", after=after) for after in (0, 2, 3, 4, 4))
    )

    async with _client(sandbox, wiring) as client:
        good, failed = await _all(client.cards())

    assert len(good) + len(failed) == 9
    assert len(failed) > 2


async def test_being_told_to_slow_down_stops_the_paging_with_the_advice(
    sandbox: str, wiring: Wiring, scenario: Scenario, journal: Journal
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="status", status=429, retry_after="300", after=1),))

    async with _client(sandbox, wiring) as client:
        seen, error = await _until_it_gives_up(client.cards())

    assert [type(page) for page in seen] == [Page, FailedPage]
    assert isinstance(error, SourceDown)
    assert error.retry_after is not None
    assert error.retry_after.total_seconds() == 300
    assert journal.count == 2


async def test_a_page_that_hangs_is_reported_and_does_not_stop_the_others(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="hang", times=3),))

    async with _client(sandbox, wiring, deadline=0.5) as client:
        good, failed = await _all(client.cards())

    assert ([page.number for page in good], [page.number for page in failed]) == ([2, 3], [1])


async def test_an_error_object_is_kept_for_who_asks(sandbox: str, wiring: Wiring, scenario: Scenario) -> None:
    scenario.replace((Fault(operation=CARDS, kind="status", status=404),))

    async with _client(sandbox, wiring) as client:
        _, failed = await _all(client.cards())

    error = failed[0].error
    assert isinstance(error, AnsweredNo)
    assert error.details == {"error": {"message": "The requested resource could not be found.", "code": 404}}


async def test_a_key_that_makes_the_api_fail_is_dropped_once_and_for_all(
    sandbox: str, wiring: Wiring, scenario: Scenario, journal: Journal
) -> None:
    told: list[str] = []
    scenario.replace((Fault(operation=CARDS, kind="refuse_key", times=None),))
    client = PokemonTcg(
        base_url=f"{sandbox}/v2", api_key=KEY, wiring=wiring, on_key_dropped=lambda: told.append("dropped")
    )

    async with client:
        assert client.keyed
        good, failed = await _all(client.cards())

    assert len(good) == 3
    assert failed == []
    assert ["x-api-key" in entry.headers for entry in journal.entries] == [True, False, False, False]
    assert told == ["dropped"]
    assert not client.keyed


async def test_a_key_that_works_is_kept(sandbox: str, wiring: Wiring, journal: Journal) -> None:
    async with _client(sandbox, wiring, KEY) as client:
        await _all(client.cards())

        assert client.keyed
    assert ["x-api-key" in entry.headers for entry in journal.entries] == [True, True, True]


async def test_an_outage_is_not_taken_for_a_bad_key(sandbox: str, wiring: Wiring, scenario: Scenario) -> None:
    scenario.replace((Fault(operation=CARDS, kind="status", status=500, times=4),))

    async with _client(sandbox, wiring, KEY) as client:
        good, failed = await _all(client.cards())

        assert client.keyed
    assert ([page.number for page in good], [page.number for page in failed]) == ([2, 3], [1])


async def test_other_server_errors_do_not_cost_the_key(
    sandbox: str, wiring: Wiring, scenario: Scenario
) -> None:
    scenario.replace((Fault(operation=CARDS, kind="html", status=502),))

    async with _client(sandbox, wiring, KEY) as client:
        good, _ = await _all(client.cards())

        assert len(good) == 3
        assert client.keyed


async def test_without_a_key_no_minute_sees_more_than_thirty_requests(
    sandbox: str, wiring: Wiring, slept: list[float]
) -> None:
    async with _client(sandbox, wiring) as client:
        for _ in range(30):
            await _all(client.sets())
        assert slept == []

        good, failed = await _all(client.sets())
        assert (len(good), failed) == (1, [])
        assert slept == [61]


async def test_the_pace_drops_with_the_key(
    sandbox: str, wiring: Wiring, scenario: Scenario, slept: list[float]
) -> None:
    async with _client(sandbox, wiring, KEY) as client:
        for _ in range(40):
            await _all(client.sets())
        assert slept == []

        scenario.replace((Fault(operation="pokemon_tcg.sets", kind="refuse_key", times=None),))
        await _all(client.sets())
        await _all(client.sets())
        assert slept == [61]


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", "tab\there"])
def test_a_key_that_no_header_can_carry_is_a_bad_setting_and_is_not_repeated(
    wiring: Wiring, key: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        PokemonTcg(api_key=SecretStr(key), wiring=wiring)

    assert key not in str(caught.value)


async def test_a_blank_key_is_no_key(sandbox: str, wiring: Wiring) -> None:
    assert not _client(sandbox, wiring, SecretStr("  \n")).keyed
