"""Each call that the web process makes of eBay has its row in the log of calls, as eBay has it."""

from collections import Counter
from typing import Any

import pytest

from tests.selling.market import HOUSE
from tests.web.scene import OTHER_ORG, Browser, Pages
from worker.web.notifications import CLOSED_PATH

CODE = "ebay_oauth.authorization_code"
KEY = "ebay_notification.get_public_key"


async def told(pages: Pages) -> Counter[tuple[str, int]]:
    """Operations and statuses of what eBay was asked by us; pages that a browser asks for are not ours."""
    calls = (await pages.market.get("/_sandbox/journal", since=pages.since))["calls"]
    return Counter((call["operation"], call["status"]) for call in calls if "authorize" not in call["path"])


async def logged(pages: Pages) -> Counter[tuple[str, int]]:
    return Counter((f"{row['api']}.{row['operation']}", row["status"]) for row in await rows(pages))


async def rows(pages: Pages) -> list[Any]:
    return await pages.db.fetch("select l.* from worker.api_log l order by l.id")


async def test_connecting_by_the_pages_leaves_a_row_for_each_call_in_the_name_of_its_org(
    pages: Pages,
) -> None:
    assert (await pages.connect((await pages.seller())[1], org=OTHER_ORG)).status_code == 200

    assert await logged(pages) == await told(pages) == {(CODE, 200): 1, ("ebay_identity.get_user", 200): 1}
    for row in await rows(pages):
        assert (row["org_id"], row["account_id"], row["job_id"], row["run_id"]) == (
            OTHER_ORG,
            None,
            None,
            None,
        )
        assert (row["error_id"], 0 <= row["milliseconds"] < 20_000) == (None, True)
        assert not [value for value in map(str, row.values()) if "v^1" in value]


async def test_a_code_that_ebay_does_not_take_is_logged_with_its_error(pages: Pages) -> None:
    browser = Browser()
    query = await pages.consent(await pages.begin(browser), (await pages.seller())[1])
    state = query.partition("state=")[2].partition("&")[0]

    answer = await pages.callback(browser, f"state={state}&code=made-up-canary")

    assert answer.status_code == 400
    assert await logged(pages) == await told(pages) == {(CODE, 400): 1}
    [row] = await rows(pages)
    assert row["error_id"] == "invalid_grant"
    assert "canary" not in str(dict(row))


@pytest.mark.parametrize(("fault", "status"), [([], 200), ([500], 500), ([401], 200)])
async def test_what_is_asked_to_check_an_event_leaves_a_row_for_each_try(
    fault: list[int], status: int, pages: Pages
) -> None:
    faults = [{"operation": KEY, "kind": "status", "status": one, "times": 1} for one in fault]
    await pages.market.post("/_sandbox/scenario", {"faults": faults})

    await pages.notify((await pages.seller())[0], CLOSED_PATH)

    assert await logged(pages) == await told(pages)
    last = (await rows(pages))[-1]
    assert (last["operation"], last["status"], last["org_id"]) == ("get_public_key", status, HOUSE)
