from typing import Any

import httpx
import pytest


async def _ids(web: httpx.AsyncClient, path: str, **params: str) -> list[str]:
    answer = (await web.get(path, params=params)).json()
    return [each["id"] for each in answer["data"]]


async def test_a_list_says_where_it_is_and_how_much_there_is(web: httpx.AsyncClient) -> None:
    answer = (await web.get("/v2/cards", params={"page": "2", "pageSize": "2"})).json()

    assert [each["id"] for each in answer.pop("data")] == ["sv3pt5-6"]
    assert answer == {"page": 2, "pageSize": 2, "count": 1, "totalCount": 3}


async def test_past_the_end_the_data_is_empty(web: httpx.AsyncClient) -> None:
    answer = (await web.get("/v2/cards", params={"page": "9"})).json()

    assert answer == {"data": [], "page": 9, "pageSize": 250, "count": 0, "totalCount": 3}


async def test_cards_carry_their_set_which_the_records_leave_out(web: httpx.AsyncClient) -> None:
    card: dict[str, Any] = (await web.get("/v2/cards/base1-4")).json()["data"]

    assert card["set"]["name"] == "Base"
    assert (await web.get("/v2/sets/base1")).json()["data"] == card["set"]


async def test_cards_are_found_ordered_and_cut_down_to_fields(web: httpx.AsyncClient) -> None:
    assert await _ids(web, "/v2/cards", q="set.id:base1") == ["base1-4", "base1-96"]
    assert await _ids(web, "/v2/cards", orderBy="-set.releaseDate,-number") == [
        "sv3pt5-6",
        "base1-96",
        "base1-4",
    ]
    answer = (await web.get("/v2/cards", params={"select": "id,name", "pageSize": "1"})).json()
    assert answer["data"] == [{"id": "base1-4", "name": "Charizard"}]


@pytest.mark.parametrize(
    "params",
    [
        {"pageSize": "251"},
        {"pageSize": "0"},
        {"pageSize": "x"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "1.5"},
        {"q": "set.id"},
    ],
)
async def test_what_the_real_one_refuses_is_refused_in_its_words(
    web: httpx.AsyncClient, params: dict[str, str]
) -> None:
    answer = await web.get("/v2/cards", params=params)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400
    assert answer.json()["error"]["message"].startswith("Bad Request.")


@pytest.mark.parametrize("path", ["/v2/cards/nosuch-1", "/v2/sets/nosuch", "/v2/decks"])
async def test_what_it_was_not_given_is_not_found(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 404)


async def test_without_a_key_the_thirty_first_call_of_a_minute_is_refused(
    web: httpx.AsyncClient, clock: list[float]
) -> None:
    statuses = [(await web.get("/v2/sets")).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]
    assert (await web.get("/v2/sets", headers={"X-Api-Key": "k"})).status_code == 200
    assert (await web.get("/v2/en/sets")).status_code == 200

    clock[0] = 60
    assert (await web.get("/v2/sets")).status_code == 200
