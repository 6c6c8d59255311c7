"""What is left of the day, and reports that take a while."""

import gzip

from tests.sandbox.scene import BASE_SCOPE, Scene, bearer, error_of, fits

LIMITS = "/developer/analytics/v1_beta/rate_limit/"
MINE = "/developer/analytics/v1_beta/user_rate_limit/"
TASKS = "/sell/feed/v1/inventory_task"
REPORT = {"feedType": "LMS_ACTIVE_INVENTORY_REPORT", "schemaVersion": "1.0"}
STOCK = f"{BASE_SCOPE}/sell.inventory {BASE_SCOPE}/sell.fulfillment"


async def test_the_limits_say_what_is_left_and_until_when(scene: Scene) -> None:
    headers = await scene.application_token()
    for _ in range(3):
        await scene.web.get("/buy/browse/v1/item_summary/search?q=x", headers=headers)

    asked = {"api_context": "buy", "api_name": "browse"}
    answer = await scene.web.get(LIMITS, params=asked, headers=headers)

    [browse] = answer.json()["rateLimits"]
    assert (browse["apiContext"], browse["apiName"], browse["apiVersion"]) == ("buy", "Browse", "v1")
    [resource] = browse["resources"]
    assert resource == {
        "name": "buy.browse",
        "rates": [
            {"limit": 5000, "remaining": 4997, "reset": "2026-11-22T08:00:00.000Z", "timeWindow": 86400}
        ],
    }


async def test_all_limits_are_of_ebays_form_and_what_has_none_has_no_rates(scene: Scene) -> None:
    headers = await scene.application_token()
    answer = await scene.web.get(LIMITS, headers=headers)
    nothing = await scene.web.get(LIMITS, params={"api_name": "nosuch"}, headers=headers)

    rates = {each["apiName"]: each["resources"][0]["rates"] for each in answer.json()["rateLimits"]}
    assert rates["Message"] == []
    assert rates["Inventory"][0]["limit"] == 2_000_000
    assert (nothing.status_code, nothing.content) == (204, b"")
    fits(answer, "analytics-rate-limit", "RateLimitsResponse")


async def test_a_refused_call_leaves_nothing_below_nothing(scene: Scene) -> None:
    await scene.order("quotas", {"limits": {"ebay_browse": 1}})
    headers = await scene.application_token()
    for _ in range(3):
        await scene.web.get("/buy/browse/v1/item_summary/search?q=x", headers=headers)

    answer = await scene.web.get(LIMITS, params={"api_name": "Browse"}, headers=headers)
    assert answer.json()["rateLimits"][0]["resources"][0]["rates"][0]["remaining"] == 0


async def test_a_seller_has_limits_of_their_own(scene: Scene) -> None:
    anna, bert = [
        (await scene.connect(who, scope=STOCK))["access_token"] for who in ("anna_cards", "bert & sons")
    ]
    await scene.orders(anna)

    remaining = []
    for token in (anna, bert):
        answer = await scene.web.get(MINE, params={"api_name": "fulfillment"}, headers=bearer(token))
        fits(answer, "analytics-rate-limit", "RateLimitsResponse")
        remaining.append(answer.json()["rateLimits"][0]["resources"][0]["rates"][0]["remaining"])
    assert remaining == [99_999, 100_000]


async def test_a_report_is_ordered_waited_for_and_fetched(scene: Scene) -> None:
    headers = bearer((await scene.connect(scope=STOCK))["access_token"])
    ordered = await scene.web.post(TASKS, json=REPORT, headers=headers)
    assert (ordered.status_code, ordered.content) == (202, b"")
    where = ordered.headers["location"]
    file = f"/sell/feed/v1/task/{where.rpartition('/')[2]}/download_result_file"

    looks, early = [], []
    for _ in range(3):
        early.append(await scene.web.get(file, headers=headers))
        looks.append(await scene.web.get(where, headers=headers))

    assert [error_of(answer) for answer in early[:2]] == [(404, 160014, "API_FEED")] * 2
    assert [look.json()["status"] for look in looks] == ["IN_PROCESS", "COMPLETED", "COMPLETED"]
    assert b"u-anna" in gzip.decompress(early[2].content)
    for look in looks:
        fits(look, "feed", "InventoryTask")


async def test_a_report_belongs_to_the_seller_who_ordered_it(scene: Scene) -> None:
    anna, bert = [
        bearer((await scene.connect(who, scope=STOCK))["access_token"])
        for who in ("anna_cards", "bert & sons")
    ]
    where = (await scene.web.post(TASKS, json=REPORT, headers=anna)).headers["location"]

    assert (await scene.web.get(where, headers=bert)).status_code == 404
    assert (await scene.web.get(where, headers=anna)).status_code == 200


async def test_too_many_reports_at_once_and_reports_of_nothing_are_refused(scene: Scene) -> None:
    headers = bearer((await scene.connect(scope=STOCK))["access_token"])
    for body in ("{}", '{"feedType": "X", "schemaVersion": "1.0"}', "[]", ""):
        assert (await scene.web.post(TASKS, content=body, headers=headers)).status_code == 400

    for _ in range(10):
        assert (await scene.web.post(TASKS, json=REPORT, headers=headers)).status_code == 202
    assert error_of(await scene.web.post(TASKS, json=REPORT, headers=headers)) == (409, 160024, "API_FEED")
