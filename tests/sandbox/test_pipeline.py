"""What every call to the stand-in for eBay goes through: journal, quota, scenario, doors."""

import gzip
import json
from datetime import UTC, datetime

import httpx
import pytest

from tests.sandbox.scene import SELL, Scene, bearer, error_of
from worker.sandbox.ebay.quotas import next_midnight
from worker.sandbox.serve import served

ORDERS = "/sell/fulfillment/v1/order"
OFFERS = "/sell/inventory/v1/offer"


async def test_a_call_without_a_token_and_one_with_another_sort_are_the_callers_mistake(scene: Scene) -> None:
    application = await scene.application_token()
    answers = [
        await scene.web.get(ORDERS),
        await scene.web.get(ORDERS, headers={"Authorization": "IAF v^1.1#x"}),
        await scene.web.get(ORDERS, headers=application),
        await scene.web.get("/buy/browse/v1/item_summary/search?q=x", headers=bearer(await _user(scene))),
    ]

    assert [error_of(answer)[:2] for answer in answers] == [
        (400, 1002),
        (400, 1003),
        (400, 1003),
        (400, 1003),
    ]


async def _user(scene: Scene, **also: str) -> str:
    return str((await scene.connect(**also))["access_token"])


async def test_a_token_that_was_never_issued_is_a_401_and_at_the_inventory_a_403(scene: Scene) -> None:
    site = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}

    assert error_of(await scene.orders("v^1.1#made-up")) == (401, 1001, "OAuth")
    offers = await scene.web.get(OFFERS, headers=bearer("v^1.1#made-up") | site)
    assert error_of(offers) == (403, 1001, "OAuth")


async def test_a_scope_that_was_not_consented_to_is_a_403_and_any_of_several_will_do(scene: Scene) -> None:
    read_only = await _user(scene, scope=f"{SELL}.readonly")
    without = await _user(scene, scope="https://api.ebay.com/oauth/api_scope/sell.inventory")

    assert (await scene.orders(read_only)).status_code == 200
    assert error_of(await scene.orders(without)) == (403, 1100, "ACCESS")


@pytest.mark.parametrize(
    ("site", "status"), [("EBAY_US", 200), ("EBAY_MOON", 400), ("ebay_us", 400), (None, 400)]
)
async def test_a_marketplace_that_is_needed_has_to_be_one(
    scene: Scene, site: str | None, status: int
) -> None:
    token = await _user(scene, scope="https://api.ebay.com/oauth/api_scope/sell.inventory")
    header = {} if site is None else {"X-EBAY-C-MARKETPLACE-ID": site}

    assert (await scene.web.get(OFFERS, headers=bearer(token) | header)).status_code == status


@pytest.mark.parametrize(
    ("host", "statuses"),
    [
        ("api.sandbox.localhost", (200, 404, 404)),
        ("apiz.ebay.com", (404, 200, 404)),
        ("auth.ebay.com", (404, 404, 200)),
        ("localhost:8090", (200, 200, 200)),
    ],
)
async def test_by_name_each_host_answers_only_for_its_own(
    scene: Scene, host: str, statuses: tuple[int, ...]
) -> None:
    headers = bearer(await _user(scene)) | {"Host": host}

    answers = [
        await scene.web.get(ORDERS, headers=headers),
        await scene.web.get("/commerce/identity/v1/user/", headers=headers),
        await scene.web.get("/oauth2/authorize", params=scene.asked, headers=headers),
    ]
    assert tuple(answer.status_code for answer in answers) == statuses


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_an_unknown_address_is_a_404_of_ebays_form_and_stands_in_the_journal(
    scene: Scene, method: str
) -> None:
    answer = await scene.web.request(method, "/sell/nothing/v9")

    assert error_of(answer) == (404, 2002, "ACCESS")
    assert scene.calls("ebay.unknown") == [(None, 404)]


async def test_the_journal_says_when_and_in_whose_name_before_anything_is_checked(scene: Scene) -> None:
    token = await _user(scene)
    scene.clock.pass_by(days=2)
    await scene.orders(token, limit=1)

    entry = scene.journal.entries[-1]
    assert (entry.operation, entry.api, entry.account) == (
        "ebay_fulfillment.get_orders",
        "ebay_fulfillment",
        "u-anna",
    )
    assert (entry.status, entry.query, entry.at) == (401, "limit=1", "2026-11-23T20:00:00+00:00")
    assert entry.seconds >= scene.journal.entries[0].seconds


async def test_a_day_has_as_many_calls_as_its_api_allows_whoever_makes_them(scene: Scene) -> None:
    await scene.order("quotas", {"limits": {"ebay_fulfillment": 3}})
    anna, bert = await _user(scene), str((await scene.connect("bert & sons"))["access_token"])

    statuses = [(await scene.orders(token)).status_code for token in (anna, bert, anna, bert, anna)]
    assert statuses == [200, 200, 200, 429, 429]
    assert error_of(refused := await scene.orders(anna)) == (429, 2001, "ACCESS")
    assert "retry-after" not in refused.headers


async def test_a_day_begins_at_midnight_in_california(scene: Scene) -> None:
    await scene.order("quotas", {"limits": {"ebay_fulfillment": 1}, "retry_after": "60"})
    await scene.order("tokens", {"access_seconds": 900_000})
    token = await _user(scene)
    scene.clock.now = datetime(2026, 11, 22, 7, 59, 59, tzinfo=UTC)

    before = [await scene.orders(token) for _ in range(2)]
    scene.clock.pass_by(seconds=1)
    after = [await scene.orders(token) for _ in range(2)]

    assert [answer.status_code for answer in (*before, *after)] == [200, 429, 200, 429]
    assert before[1].headers["retry-after"] == "60"


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), datetime(2026, 7, 1, 7, tzinfo=UTC)),
        (datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 7, 2, 7, tzinfo=UTC)),
        # The day on which clocks go back has 25 hours.
        (datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),
    ],
)
def test_midnight_there_moves_with_summer_time(now: datetime, midnight: datetime) -> None:
    assert next_midnight(now) == midnight


async def test_one_application_does_not_use_up_the_day_of_another(scene: Scene) -> None:
    other = {"client_id": "other", "client_secret": "o", "ru_name": "Other-Ru", "accepted_url": "http://x"}
    await scene.order("applications", other)
    await scene.order("quotas", {"limits": {"ebay_fulfillment": 1}})
    mine = await _user(scene)
    code = (await scene.order("connect", {"seller": "u-anna", "client_id": "other"})).json()["code"]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": "Other-Ru"}
    theirs = (await scene.token(("other", "o"), **given)).json()["access_token"]

    statuses = [(await scene.orders(token)).status_code for token in (mine, mine, theirs, theirs)]
    assert statuses == [200, 429, 200, 429]


async def test_long_answers_come_packed_to_who_accepts_it(scene: Scene) -> None:
    headers = bearer(await _user(scene))
    long, short = "/commerce/identity/v1/user/", ORDERS

    plain = await scene.web.get(long, headers=headers | {"Accept-Encoding": "identity"})
    packed = await scene.web.get(long, headers=headers | {"Accept-Encoding": "br, gzip"})
    brief = await scene.web.get(short, headers=headers | {"Accept-Encoding": "gzip"})

    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.json() == packed.json()
    assert "content-encoding" not in brief.headers
    assert int(packed.headers["content-length"]) < 200


async def test_faults_can_be_aimed_at_an_api_and_at_one_seller(scene: Scene) -> None:
    anna, bert = await _user(scene), str((await scene.connect("bert & sons"))["access_token"])
    await scene.faults(
        {
            "operation": "ebay_fulfillment.*",
            "kind": "status",
            "account": "u-bert",
            "times": None,
            "status": 500,
        }
    )

    assert (await scene.orders(anna)).status_code == 200
    assert error_of(await scene.orders(bert)) == (500, 30500, "API_FULFILLMENT")
    assert (await scene.web.get("/commerce/identity/v1/user/", headers=bearer(bert))).status_code == 200


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ({"status": 401}, (401, 1001, "OAuth")),
        ({"status": 403}, (403, 1100, "ACCESS")),
        ({"status": 404}, (404, 2002, "ACCESS")),
        ({"status": 429}, (429, 2001, "ACCESS")),
        ({"status": 400}, (400, 2004, "ACCESS")),
        ({"status": 500, "error_id": 10001}, (500, 10001, "Security")),
        ({"status": 409, "error_id": 30999}, (409, 30999, "API_FULFILLMENT")),
    ],
)
async def test_a_status_comes_with_ebays_body_for_it_once(
    scene: Scene, fault: dict[str, object], wanted: tuple[int, int, str]
) -> None:
    token = await _user(scene)
    await scene.faults({"operation": "*", "kind": "status", "retry_after": "7", **fault})

    spoilt = await scene.orders(token)
    assert error_of(spoilt) == wanted
    assert spoilt.headers["retry-after"] == "7"
    assert (await scene.orders(token)).status_code == 200


async def test_a_token_can_expire_or_be_revoked_under_the_call_that_uses_it(scene: Scene) -> None:
    tokens = await scene.connect()
    await scene.faults(
        {"operation": "ebay_fulfillment.get_orders", "kind": "expire_tokens"},
        {"operation": "ebay_fulfillment.get_orders", "kind": "revoke"},
    )

    assert (await scene.orders(tokens["access_token"])).status_code == 401
    fresh = (await scene.refresh(tokens["refresh_token"])).json()
    assert (await scene.orders(fresh["access_token"])).status_code == 401
    assert (await scene.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_can_be_the_moment_of_a_revocation(scene: Scene) -> None:
    tokens = await scene.connect()
    await scene.faults({"operation": "ebay_oauth.refresh_token", "kind": "revoke"})

    assert (await scene.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_redirect_leads_where_the_scenario_says(scene: Scene) -> None:
    token = await _user(scene)
    await scene.faults({"operation": "*", "kind": "redirect", "location": "http://169.254.169.254/latest"})

    answer = await scene.orders(token)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://169.254.169.254/latest")


async def test_half_a_body_is_half_a_body_though_it_is_packed(scene: Scene) -> None:
    token = await _user(scene)
    await scene.faults({"operation": "*", "kind": "truncated"})

    answer = await scene.web.get("/commerce/identity/v1/user/", headers=bearer(token))
    assert answer.headers["content-encoding"] == "gzip"
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_a_total_can_change_between_pages(scene: Scene) -> None:
    token = await _user(scene)
    await scene.faults({"operation": "*", "kind": "total", "by": -2, "after": 1})

    totals = [(await scene.orders(token, offset=at)).json()["total"] for at in (0, 2, 4)]
    assert totals == [5, 3, 5]


async def test_items_can_come_again_on_the_next_page_and_none_is_lost(scene: Scene) -> None:
    token = await _user(scene)
    await scene.faults({"operation": "ebay_fulfillment.get_orders", "kind": "repeat", "by": 1, "times": None})

    pages = [(await scene.orders(token, offset=at)).json()["orders"] for at in (0, 2, 4)]
    assert pages == [[0, 1], [1, 2], [3, 4]]
    assert len(scene.calls("ebay_fulfillment.get_orders")) == 3


async def test_a_limit_of_the_day_can_be_part_of_a_scenario(scene: Scene) -> None:
    script = {"quotas": {"limits": {"ebay_fulfillment": 0}, "retry_after": "3"}}
    await scene.order("scenario", script)

    refused = await scene.orders(await _user(scene))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")


async def test_a_connection_breaks_in_the_middle_of_a_body_on_a_real_socket(scene: Scene) -> None:
    token = await _user(scene)
    await scene.faults(
        {"operation": "ebay_identity.get_user", "kind": "reset"},
        {"operation": "ebay_identity.get_user", "kind": "hang"},
    )

    with served(scene.stand.app) as url:
        async with httpx.AsyncClient(base_url=url, timeout=0.5) as web:
            with pytest.raises(httpx.RemoteProtocolError):
                await web.get("/commerce/identity/v1/user/", headers=bearer(token))
            with pytest.raises(httpx.ReadTimeout):
                await web.get("/commerce/identity/v1/user/", headers=bearer(token))
            whole = await web.get("/commerce/identity/v1/user/", headers=bearer(token))
    assert whole.status_code == 200


async def test_a_bomb_is_sent_as_a_bomb(scene: Scene) -> None:
    token = await _user(scene)
    await scene.faults({"operation": "*", "kind": "gzip_bomb", "megabytes": 1})

    request = scene.web.build_request("GET", ORDERS, headers=bearer(token))
    answer = await scene.web.send(request, stream=True)
    body = b"".join([part async for part in answer.aiter_raw()])
    assert len(body) < 10_000
    assert len(gzip.decompress(body)) == 1 << 20
