import httpx


async def test_sets_are_stubs_in_a_plain_list(web: httpx.AsyncClient) -> None:
    assert (await web.get("/v2/en/sets")).json() == [
        {"id": "base1", "name": "Base", "cardCount": {"total": 102, "official": 102}},
        {"id": "sv03.5", "name": "151", "cardCount": {"total": 207, "official": 165}},
    ]


async def test_a_set_names_its_cards(web: httpx.AsyncClient) -> None:
    detail = (await web.get("/v2/en/sets/sv03.5")).json()

    assert detail["cards"] == [{"id": "sv03.5-006", "localId": "006", "name": "Charizard ex"}]
    assert detail["releaseDate"] == "2023-09-22"
    assert detail["legal"] == {"standard": True, "expanded": True}
    assert detail["serie"] == {"id": "scarlet-violet", "name": "Scarlet & Violet"}
    assert "tcgOnline" not in detail


async def test_a_card_is_told_in_tcgdexs_words(web: httpx.AsyncClient) -> None:
    card = (await web.get("/v2/en/cards/base1-4")).json()

    assert card["category"] == "Pokemon"
    assert card["hp"] == 120
    assert card["illustrator"] == "Mitsuhiro Arita"
    assert card["variants"] == {"normal": False, "reverse": False, "holo": True, "firstEdition": True}
    assert card["pricing"]["tcgplayer"]["holo"]["marketPrice"] == 69.69
    assert card["pricing"]["cardmarket"] == {
        "updated": "2023-02-06T00:00:00.000Z",
        "unit": "EUR",
        "avg": 49.9,
        "trend-holo": 40.43,
    }


async def test_a_provider_that_says_nothing_is_null(web: httpx.AsyncClient) -> None:
    card = (await web.get("/v2/en/cards/base1-96")).json()

    assert card["pricing"] == {"cardmarket": None, "tcgplayer": None}
    assert "hp" not in card


async def test_every_listed_card_can_be_had(web: httpx.AsyncClient) -> None:
    stubs = (await web.get("/v2/en/cards")).json()

    assert len(stubs) == 3
    for stub in stubs:
        assert (await web.get(f"/v2/en/cards/{stub['id']}")).json()["name"] == stub["name"]


async def test_what_it_was_not_given_is_a_problem_document(web: httpx.AsyncClient) -> None:
    for path in ("/v2/en/sets/sv3pt5", "/v2/en/cards/nosuch-1", "/v2/en/i-do-not-exist"):
        answer = await web.get(path)

        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "https://tcgdex.dev/errors/not-found",
            "title": "The resource you are trying to reach does not exists",
            "status": 404,
            "endpoint": path,
            "method": "GET",
        }
