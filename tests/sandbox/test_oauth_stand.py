"""Consent and tokens: the stand-in is as strict as eBay where our code could be careless."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.scene import BASE_SCOPE, SELL, Scene, error_of, sent_back

SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)",
    "</form><form action=//evil>",
    "javascript:alert(1)",
    "\u2028<svg/onload=alert(1)>",
]


async def test_a_seller_agrees_and_the_code_buys_tokens_that_work(scene: Scene) -> None:
    page = await scene.web.get("/oauth2/authorize", params=scene.asked)
    back = await scene.consent()
    tokens = (await scene.exchange(sent_back(back)["code"])).json()
    orders = await scene.orders(tokens["access_token"])

    assert page.status_code == 200
    assert "NOT eBay" in page.text
    assert back.headers["location"].startswith("http://127.0.0.1:8081/back?code=v%5E1.1%23i%5E1%23")
    assert sent_back(back) | {"code": ""} == {"code": "", "state": "s-1", "expires_in": "299"}
    assert orders.json()["seller"] == "u-anna"
    assert tokens | {"access_token": "", "refresh_token": ""} == {
        "access_token": "",
        "expires_in": 7200,
        "refresh_token": "",
        "refresh_token_expires_in": 47_304_000,
        "token_type": "User Access Token",
    }


async def test_a_code_decoded_twice_is_another_code(scene: Scene) -> None:
    code = await scene.code()

    assert set("^#%") <= set(code)
    [twice] = parse_qs(f"code={code.replace('+', '%2B')}")["code"]
    assert (await scene.exchange(twice)).json()["error"] == "invalid_grant"
    assert (await scene.exchange(code)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://127.0.0.1:8081/back"},
        {"response_type": "token"},
        {"scope": "sell.fulfillment"},
        {"scope": f"{BASE_SCOPE}/sell.everything"},
        {"scope": f"{BASE_SCOPE}/buy.marketplace.insights"},
        {"scope": ""},
    ],
)
async def test_a_request_that_is_wrong_is_shown_to_nobody_and_sent_nowhere(
    scene: Scene, wrong: dict[str, str]
) -> None:
    page = await scene.web.get("/oauth2/authorize", params=scene.asked | wrong)
    sent = await scene.consent(**wrong)

    for answer in (page, sent):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "<form" not in answer.text


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("name", ["state", "scope", "client_id", "locale", "username"])
async def test_nothing_that_is_asked_becomes_part_of_the_page(scene: Scene, name: str, script: str) -> None:
    if name == "username":
        page = await scene.consent(script)
    else:
        page = await scene.web.get("/oauth2/authorize", params=scene.asked | {name: script})

    if name in {"state", "locale"}:
        assert page.status_code == 200
        assert f'name="{name}" value="{script}"' in unescape(page.text)
    assert not re.search(r"<(script|img|svg)|<form action|' onfocus", page.text)
    assert page.text.count("<form") <= 1


async def test_the_page_runs_no_scripts_and_stands_in_no_frame(scene: Scene) -> None:
    page = await scene.web.get("/oauth2/authorize", params=scene.asked)

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8081" in policy
    assert "script" not in policy + page.text.lower()
    assert page.headers["cache-control"] == "no-store"


async def test_any_seller_can_sign_in_by_name_and_the_page_names_some(scene: Scene) -> None:
    page = await scene.web.get("/oauth2/authorize", params=scene.asked)
    tokens = await scene.connect("bert & sons")

    assert "bert &amp; sons" in page.text
    assert (await scene.orders(tokens["access_token"])).json()["seller"] == "u-bert"
    assert (await scene.consent("nobody")).status_code == 400


async def test_a_seller_who_declines_sends_an_error_back_and_no_code(scene: Scene) -> None:
    back = await scene.consent(decision="decline")

    assert sent_back(back) == {"error": "access_denied", "state": "s-1"}


async def test_a_state_comes_back_as_it_was_sent(scene: Scene) -> None:
    state = "a b&c=d#e%20/\u00e9"

    assert sent_back(await scene.consent(state=state))["state"] == state


async def test_a_code_works_once_and_what_it_bought_stays(scene: Scene) -> None:
    code = await scene.code()
    first = (await scene.exchange(code)).json()
    again = await scene.exchange(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await scene.orders(first["access_token"])).status_code == 200
    assert (await scene.refresh(first["refresh_token"])).status_code == 200


async def test_a_code_lives_299_seconds(scene: Scene) -> None:
    in_time, late = await scene.code(), await scene.code()

    scene.clock.pass_by(seconds=298)
    assert (await scene.exchange(in_time)).status_code == 200
    scene.clock.pass_by(seconds=1)
    assert (await scene.exchange(late)).json()["error"] == "invalid_grant"


async def test_a_code_needs_the_ru_name_and_its_own_application(scene: Scene) -> None:
    other = {"client_id": "other", "client_secret": "o", "ru_name": "Other-Ru", "accepted_url": "http://x"}
    await scene.order("applications", other)
    code = await scene.code()

    url = await scene.exchange(code, redirect_uri="http://127.0.0.1:8081/back")
    stolen = await scene.token(
        ("other", "o"), grant_type="authorization_code", code=code, redirect_uri="Other-Ru"
    )

    assert [answer.json()["error"] for answer in (url, stolen)] == ["invalid_grant"] * 2
    assert (await scene.exchange(code)).status_code == 200


async def test_a_refresh_brings_an_access_token_and_no_new_refresh_token(scene: Scene) -> None:
    tokens = await scene.connect()
    answers = [(await scene.refresh(tokens["refresh_token"])).json() for _ in range(2)]

    assert [set(answer) for answer in answers] == [{"access_token", "expires_in", "token_type"}] * 2
    assert answers[0]["token_type"] == "User Access Token"
    assert answers[0]["access_token"] != answers[1]["access_token"]
    for each in (tokens, *answers):
        assert (await scene.orders(each["access_token"])).status_code == 200


async def test_a_refresh_may_ask_for_less_but_never_for_more(scene: Scene) -> None:
    tokens = await scene.connect()
    less = (await scene.refresh(tokens["refresh_token"], scope=BASE_SCOPE)).json()
    more = await scene.refresh(tokens["refresh_token"], scope=f"{BASE_SCOPE}/sell.finances")

    assert error_of(await scene.orders(less["access_token"])) == (403, 1100, "ACCESS")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


async def test_a_refresh_token_is_good_for_its_own_application_only(scene: Scene) -> None:
    other = {"client_id": "other", "client_secret": "o", "ru_name": "Other-Ru", "accepted_url": "http://x"}
    await scene.order("applications", other)
    tokens = await scene.connect()

    stolen = await scene.token(
        ("other", "o"), grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    unknown = await scene.refresh("v^1.1#i^1#never")

    assert [(a.status_code, a.json()["error"]) for a in (stolen, unknown)] == [(400, "invalid_grant")] * 2


async def test_an_application_token_is_for_what_belongs_to_no_seller(scene: Scene) -> None:
    answer = await scene.token(grant_type="client_credentials", scope=BASE_SCOPE)
    refused = [
        (await scene.token(grant_type="client_credentials", **scope)).json()["error"]
        for scope in ({"scope": SELL}, {"scope": f"{BASE_SCOPE}/nonsense"}, {})
    ]

    assert answer.json()["token_type"] == "Application Access Token"
    assert "refresh_token" not in answer.json()
    assert refused == ["invalid_scope"] * 3


@pytest.mark.parametrize("auth", [("nobody", "x"), ("", ""), ("mintmark", "")])
async def test_an_application_that_is_not_who_it_says_is_a_401(scene: Scene, auth: tuple[str, str]) -> None:
    wrong_secret = (scene.stand.application.client_id, "wrong")

    for keys in (auth, wrong_secret):
        answer = await scene.token(keys, grant_type="client_credentials", scope=BASE_SCOPE)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_grant_type_that_is_unknown_and_a_body_that_is_no_form_are_refused(scene: Scene) -> None:
    keys = (scene.stand.application.client_id, scene.stand.application.client_secret)
    unknown = await scene.token(grant_type="password", username="a", password="b")
    as_json = await scene.web.post(
        "/identity/v1/oauth2/token", json={"grant_type": "client_credentials"}, auth=keys
    )

    assert unknown.json()["error"] == "unsupported_grant_type"
    assert (as_json.status_code, as_json.json()["error"]) == (400, "unsupported_grant_type")


async def test_tokens_expire_when_they_say(scene: Scene) -> None:
    await scene.order("tokens", {"access_seconds": 60})
    tokens = await scene.connect()
    assert tokens["expires_in"] == 60

    scene.clock.pass_by(seconds=59)
    assert (await scene.orders(tokens["access_token"])).status_code == 200
    scene.clock.pass_by(seconds=1)
    assert error_of(await scene.orders(tokens["access_token"])) == (401, 1001, "OAuth")
    assert (await scene.refresh(tokens["refresh_token"])).status_code == 200
    scene.clock.pass_by(days=548)
    assert (await scene.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_one_sellers_access_tokens_can_be_made_to_expire(scene: Scene) -> None:
    anna, bert = await scene.connect(), await scene.connect("bert & sons")
    await scene.order("tokens", {"expire": {"seller": "u-anna"}})

    assert (await scene.orders(anna["access_token"])).status_code == 401
    assert (await scene.orders(bert["access_token"])).status_code == 200
    fresh = (await scene.refresh(anna["refresh_token"])).json()
    assert (await scene.orders(fresh["access_token"])).status_code == 200

    await scene.order("tokens", {"expire": {"seller": None}})
    assert (await scene.orders(fresh["access_token"])).status_code == 401
    assert (await scene.orders(bert["access_token"])).status_code == 401


async def test_what_is_revoked_is_dead_until_the_seller_agrees_again(scene: Scene) -> None:
    anna, bert = await scene.connect(), await scene.connect("bert & sons")
    await scene.order("tokens", {"revoke": {"seller": "u-anna"}})

    assert (await scene.orders(anna["access_token"])).status_code == 401
    assert (await scene.refresh(anna["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await scene.refresh(bert["refresh_token"])).status_code == 200
    again = await scene.connect()
    assert (await scene.orders(again["access_token"])).status_code == 200
    assert (await scene.refresh(again["refresh_token"])).status_code == 200


@pytest.mark.parametrize("order", ["expire", "revoke"])
async def test_an_order_about_nobody_is_refused(scene: Scene, order: str) -> None:
    answer = await scene.web.post("/_sandbox/tokens", json={order: {"seller": "u-nobody"}})

    assert answer.status_code == 404


async def test_a_load_test_can_have_a_code_without_the_page(scene: Scene) -> None:
    code = (await scene.order("connect", {"seller": "u-bert", "scopes": ["sell.fulfillment"]})).json()["code"]
    tokens = (await scene.exchange(code)).json()

    assert (await scene.orders(tokens["access_token"])).json()["seller"] == "u-bert"
    refused = await scene.web.post("/_sandbox/connect", json={"seller": "u-bert", "scopes": ["nonsense"]})
    assert refused.status_code == 400


async def test_each_grant_type_has_its_own_name_and_limit_and_tells_whose_it_is(scene: Scene) -> None:
    await scene.order("quotas", {"limits": {"ebay_oauth.refresh_token": 2}})
    tokens = await scene.connect()
    answers = [await scene.refresh(tokens["refresh_token"]) for _ in range(3)]
    await scene.application_token()

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert scene.calls("ebay_oauth.authorization_code") == [("u-anna", 200)]
    assert scene.calls("ebay_oauth.refresh_token") == [("u-anna", s) for s in (200, 200, 429)]
    assert scene.calls("ebay_oauth.client_credentials") == [(None, 200)]


async def test_the_journal_holds_no_code_no_token_and_no_secret(scene: Scene) -> None:
    code = await scene.code()
    tokens = (await scene.exchange(code)).json()
    await scene.orders(tokens["access_token"], access_token=tokens["access_token"], limit=2)
    await scene.web.get("/oauth2/authorize", params={"code": code, "q": code, "limit": 3})

    text = (await scene.web.get("/_sandbox/journal")).text
    for secret in (code, *tokens.values(), scene.stand.application.client_secret):
        if isinstance(secret, str) and "^" in secret:
            assert secret not in text
            assert secret[-20:] not in text
    assert "limit=2" in text
    assert "limit=3" in text


async def test_the_token_endpoint_says_faults_in_its_own_words(scene: Scene) -> None:
    tokens = await scene.connect()
    fault = {"operation": "ebay_oauth.*", "kind": "status", "times": 2}
    await scene.faults(fault | {"status": 400, "times": 1}, fault | {"status": 503, "times": 1})

    answers = [await scene.refresh(tokens["refresh_token"]) for _ in range(3)]
    assert [(a.status_code, a.json().get("error")) for a in answers] == [
        (400, "invalid_grant"),
        (503, "server_error"),
        (200, None),
    ]


async def test_the_same_seed_issues_the_same_tokens(scene: Scene) -> None:
    twin = scene.stand.tokens.__class__(scene.clock, seed=7)
    twin.register(scene.stand.application)

    own = scene.stand.tokens.issue_code(scene.stand.application, "u-anna", frozenset({"api_scope"}))

    assert own == twin.issue_code(scene.stand.application, "u-anna", frozenset({"api_scope"}))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("applications", {"client_id": "x"}),
        (
            "applications",
            {"client_id": "x", "client_secret": "y", "ru_name": "r", "accepted_url": "javascript:1"},
        ),
        ("tokens", {"access_seconds": 0}),
        ("tokens", {"expires": True}),
        ("connect", {}),
        ("notify", {"to": "http://127.0.0.1:1/", "topic": "PARTY"}),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(scene: Scene, path: str, body: dict[str, Any]) -> None:
    answer = await scene.web.post(f"/_sandbox/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["msg"]


async def test_an_address_that_has_a_query_already_keeps_it(scene: Scene) -> None:
    keys = {"client_id": "q", "client_secret": "o", "ru_name": "Q-Ru"}
    await scene.order("applications", keys | {"accepted_url": "http://x/back?tenant=1"})

    back = await scene.consent(client_id="q", redirect_uri="Q-Ru")

    assert urlsplit(back.headers["location"]).path == "/back"
    assert sent_back(back)["tenant"] == "1"


def test_an_application_does_not_show_its_secret(scene: Scene) -> None:
    assert scene.stand.application.client_secret not in repr(scene.stand.application)
