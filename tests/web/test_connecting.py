"""Connecting an account: by whoever may, as they began; anybody else gets a page that says what to do."""

import re
from collections.abc import Awaitable, Callable

import anyio
import httpx
import pytest

from tests.selling.market import HOUSE
from tests.web.scene import OTHER_ORG, Browser, Pages, query, state_of
from worker.accounts.accounts import ACCESS, REFRESH, place
from worker.web.connecting import CALLBACK_PATH, COOKIE, START_PATH

EXPIRE_STATES = "update worker.oauth_states set expires_at = now() - interval '1 s'"
EXPIRE_TICKETS = "update worker.oauth_tickets set expires_at = now() - interval '1 s'"


def refused(pages: Pages, answer: httpx.Response, why: str) -> None:
    """It is a page with status 400, its request's id, and what to do; the log says why."""
    assert answer.status_code == 400
    assert "<h1>Not connected</h1>" in answer.text
    assert "mintmark account connect" in answer.text
    request = answer.headers["x-request-id"]
    assert f"<code>{request}</code>" in answer.text
    [line] = [one for one in pages.said("web_request") if one["request_id"] == request]
    assert (line["status"], line["why"]) == (400, why)


async def nothing_came_of_it(pages: Pages) -> None:
    assert await pages.accounts() == []
    assert await pages.tokens_asked() == 0


async def test_a_seller_connects_an_account_and_its_tokens_are_there_encrypted(pages: Pages) -> None:
    user_id, username = await pages.seller()

    answer = await pages.connect(username, user="u-7")

    assert answer.status_code == 200
    assert f"Connected as {username}" in answer.text
    [account] = await pages.accounts()
    assert (account["org_id"], account["user_id"]) == (HOUSE, "u-7")
    assert (account["ebay_user_id"], account["ebay_username"]) == (user_id, username)
    assert account["is_active"]
    for column in (ACCESS, REFRESH):
        assert b"v^1.1" not in account[column]
        assert pages.vault.decrypt(account[column], place(account["id"], column)).startswith("v^1.1#")
    [said] = pages.said("account_connected")
    assert (said["account"], said["org"]) == (str(account["id"]), str(HOUSE))
    assert said["request_id"] == answer.headers["x-request-id"]
    assert await pages.tokens_asked() == 1


async def test_the_cookie_is_bound_to_the_host_and_kept_from_scripts_and_gone_in_the_end(
    pages: Pages,
) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()

    begun = await pages.start(browser, ticket)
    ended = await pages.callback(browser, await pages.consent(begun.headers["location"], username))

    rules = "Path=/; Secure; HttpOnly; SameSite=Lax"
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; Max-Age=600; {rules}", begun.headers["set-cookie"])
    assert ended.headers["set-cookie"] == f"{COOKIE}=; Max-Age=0; {rules}"


async def test_of_tickets_states_and_browsers_the_database_has_hashes_only(pages: Pages) -> None:
    browser, ticket = Browser(), await pages.ticket()

    state = state_of(await pages.begin(browser, ticket))

    assert len({state, browser.cookie, ticket}) == 3
    rows = await pages.db.fetch("select t::text from worker.oauth_tickets t")
    rows += await pages.db.fetch("select s::text from worker.oauth_states s")
    for secret in (state, browser.cookie, ticket):
        assert secret
        assert len(secret) * 6 >= 256
        assert all(secret not in row[0] and secret.encode().hex() not in row[0] for row in rows)


async def test_an_account_that_is_connected_again_is_the_same_one_in_use_again(pages: Pages) -> None:
    _, username = await pages.seller()
    await pages.connect(username)
    await pages.db.execute("update public.ebay_accounts set is_active = false, inactive_reason = 'disabled'")
    [before] = await pages.accounts()

    answer = await pages.connect(username)

    [after] = await pages.accounts()
    assert answer.status_code == 200
    assert after["id"] == before["id"]
    assert after["is_active"]
    assert after[ACCESS] != before[ACCESS]


async def test_who_is_known_by_another_name_now_is_found_by_the_id_that_never_changes(pages: Pages) -> None:
    user_id, username = await pages.seller(3)
    await pages.connect(username)
    await pages.market.post("/_sandbox/world", {"rename": {"seller": user_id, "username": f"{username}-2"}})

    await pages.connect(f"{username}-2")

    [account] = await pages.accounts()
    assert (account["ebay_user_id"], account["ebay_username"]) == (user_id, f"{username}-2")


async def test_an_account_of_another_org_stays_there(pages: Pages) -> None:
    _, username = await pages.seller()
    await pages.connect(username, org=OTHER_ORG)
    [before] = await pages.accounts()

    answer = await pages.connect(username)

    refused(pages, answer, "account_elsewhere")
    assert "connected to another organisation" in answer.text
    assert await pages.accounts() == [before]


async def test_a_link_connects_one_account_and_then_none(pages: Pages) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()
    await pages.callback(browser, await pages.consent(await pages.begin(browser, ticket), username))

    refused(pages, await pages.start(Browser(), ticket), "no_ticket")


async def test_a_link_may_be_opened_again_until_an_account_is_connected(pages: Pages) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()
    declined = await pages.consent(await pages.begin(browser, ticket), username, "decline")
    refused(pages, await pages.callback(browser, declined), "declined")

    answer = await pages.callback(browser, await pages.consent(await pages.begin(browser, ticket), username))

    assert answer.status_code == 200


async def test_of_two_tabs_the_newest_wins(pages: Pages) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()
    older = await pages.consent(await pages.begin(browser, ticket), username)
    newer = await pages.consent(await pages.begin(browser, ticket), username)

    refused(pages, await pages.callback(browser, older), "no_state")
    assert await pages.tokens_asked() == 0
    assert (await pages.callback(browser, newer)).status_code == 200


async def test_of_two_links_in_one_browser_the_newest_wins_too(pages: Pages) -> None:
    browser = Browser()
    _, username = await pages.seller()
    older = await pages.consent(await pages.begin(browser), username)
    newer = await pages.consent(await pages.begin(browser), username)

    refused(pages, await pages.callback(browser, older), "other_browser")
    assert (await pages.callback(browser, newer)).status_code == 200


Replay = Callable[[Pages, Browser, str], Awaitable[httpx.Response]]


async def from_another_browser(pages: Pages, _: Browser, back: str) -> httpx.Response:
    return await pages.callback(Browser("a" * 43), back)


async def from_a_browser_without_a_cookie(pages: Pages, _: Browser, back: str) -> httpx.Response:
    return await pages.callback(Browser(), back)


async def with_two_cookies(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    cookie = {"Cookie": f"{COOKIE}={browser.cookie}; {COOKIE}={'a' * 43}"}
    return await pages.web.get(f"{CALLBACK_PATH}?{back}", headers=cookie)


async def with_the_cookie_of_another_org(pages: Pages, _: Browser, back: str) -> httpx.Response:
    other = Browser()
    await pages.begin(other, await pages.ticket(org=OTHER_ORG))
    return await pages.callback(other, back)


async def too_late(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    await pages.db.execute(EXPIRE_STATES)
    return await pages.callback(browser, back)


async def for_another_provider(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    await pages.db.execute("update worker.oauth_states set provider = 'blokpax'")
    return await pages.callback(browser, back)


async def tampered(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, back.replace("state=", "state=A"))


async def with_two_states(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, f"{back}&state=other")


async def with_two_codes(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, f"{back}&code=other")


async def with_a_huge_code(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, back.replace("code=", f"code={'c' * 2048}"))


async def with_a_huge_state(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, back.replace("state=", f"state={'s' * 129}"))


async def with_an_error_beside_the_code(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, f"{back}&error=server_error")


async def without_a_code(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, "&".join(p for p in back.split("&") if not p.startswith("code")))


async def without_a_state(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, "&".join(p for p in back.split("&") if not p.startswith("state")))


async def with_too_many_parameters(pages: Pages, browser: Browser, back: str) -> httpx.Response:
    return await pages.callback(browser, back + "&a=b" * 30)


REPLAYS: list[tuple[Replay, str]] = [
    (from_another_browser, "other_browser"),
    (from_a_browser_without_a_cookie, "other_browser"),
    (with_two_cookies, "other_browser"),
    (with_the_cookie_of_another_org, "other_browser"),
    (too_late, "state_expired"),
    (for_another_provider, "other_provider"),
    (tampered, "no_state"),
    (with_two_states, "bad_request"),
    (with_two_codes, "bad_request"),
    (with_a_huge_code, "bad_request"),
    (with_a_huge_state, "bad_request"),
    (with_an_error_beside_the_code, "refused_by_ebay"),
    (without_a_code, "no_code"),
    (without_a_state, "no_state"),
    (with_too_many_parameters, "bad_request"),
]
SPARED = {tampered, with_two_states, with_a_huge_state, without_a_state, with_too_many_parameters}
"""These do not name the state that they came from, so it cannot be used up."""


@pytest.mark.parametrize(("replay", "why"), REPLAYS, ids=[one.__name__ for one, _ in REPLAYS])
async def test_whoever_comes_back_otherwise_gets_a_page_and_nothing_came_of_it(
    replay: Replay, why: str, pages: Pages
) -> None:
    browser = Browser()
    _, username = await pages.seller()
    back = await pages.consent(await pages.begin(browser), username)
    cookie = browser.cookie

    refused(pages, await replay(pages, browser, back), why)

    await nothing_came_of_it(pages)
    again = await pages.callback(Browser(cookie), back)
    assert again.status_code == (200 if replay in SPARED else 400)


async def test_a_state_that_was_used_is_not_good_again_though_it_connected_an_account(pages: Pages) -> None:
    browser = Browser()
    _, username = await pages.seller()
    back = await pages.consent(await pages.begin(browser), username)
    cookie = browser.cookie
    await pages.callback(browser, back)

    refused(pages, await pages.callback(Browser(cookie), back), "no_state")
    assert await pages.tokens_asked() == 1


async def test_of_many_that_come_back_at_once_with_the_same_state_one_connects(pages: Pages) -> None:
    browser = Browser()
    _, username = await pages.seller()
    back = await pages.consent(await pages.begin(browser), username)
    answers: list[int] = []

    async def come_back() -> None:
        answers.append((await pages.callback(Browser(browser.cookie), back)).status_code)

    async with anyio.create_task_group() as group:
        for _n in range(8):
            group.start_soon(come_back)

    assert sorted(answers) == [200] + [400] * 7
    assert await pages.tokens_asked() == 1
    assert len(await pages.accounts()) == 1


async def test_two_who_consent_at_once_with_one_link_connect_one_account(pages: Pages) -> None:
    ticket = await pages.ticket()
    browsers, backs = [Browser(), Browser()], []
    for number, browser in enumerate(browsers):
        location = await pages.begin(browser, ticket)
        backs.append(await pages.consent(location, (await pages.seller(number))[1]))
        if number == 0:
            await pages.db.execute("create table public.kept as select s.* from worker.oauth_states s")
    # As if both had begun at the very same moment: neither saw the other's state.
    await pages.db.execute("insert into worker.oauth_states select k.* from public.kept k")
    answers: list[int] = []

    async def come_back(number: int) -> None:
        answers.append((await pages.callback(browsers[number], backs[number])).status_code)

    async with anyio.create_task_group() as group:
        for number in range(2):
            group.start_soon(come_back, number)

    assert sorted(answers) == [200, 400]
    assert len(await pages.accounts()) == 1


@pytest.mark.parametrize("ticket", ["", "nonsense", "x" * 129, "\x00", "%ff"])
async def test_nobody_begins_without_a_ticket_that_is_good(ticket: str, pages: Pages) -> None:
    answer = await pages.start(Browser(), ticket)

    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers
    assert await pages.db.fetchval("select count(*) from worker.oauth_states") == 0


async def test_nobody_begins_with_a_ticket_that_is_older_than_half_an_hour(pages: Pages) -> None:
    ticket = await pages.ticket()
    lasts = await pages.db.fetchval("select expires_at - created_at from worker.oauth_tickets")
    assert lasts.total_seconds() == 1800
    await pages.db.execute(EXPIRE_TICKETS)

    refused(pages, await pages.start(Browser(), ticket), "no_ticket")


@pytest.mark.parametrize(
    ("operation", "fault", "why"),
    [
        ("ebay_oauth.authorization_code", {"kind": "status", "status": 500}, "source_down"),
        ("ebay_oauth.authorization_code", {"kind": "cut"}, "source_down"),
        ("ebay_identity.get_user", {"kind": "status", "status": 503}, "source_down"),
    ],
)
async def test_an_ebay_that_is_down_is_a_page_and_the_link_stays_good(
    operation: str, fault: dict[str, object], why: str, pages: Pages
) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()
    back = await pages.consent(await pages.begin(browser, ticket), username)
    await pages.market.post("/_sandbox/scenario", {"faults": [{"operation": operation, **fault}]})

    answer = await pages.callback(browser, back)

    assert answer.status_code == 400
    assert "EBay does not answer" in answer.text
    assert pages.said("web_request")[-1]["why"] in {why, "source_garbled"}
    assert await pages.accounts() == []
    await pages.market.post("/_sandbox/scenario", {"faults": []})
    again = await pages.callback(browser, await pages.consent(await pages.begin(browser, ticket), username))
    assert again.status_code == 200


async def test_a_code_that_ebay_does_not_take_is_a_page(pages: Pages) -> None:
    browser = Browser()
    state = state_of(await pages.begin(browser))

    refused(pages, await pages.callback(browser, query(state=state, code="v^1.1#made-up")), "invalid_grant")


async def test_neither_codes_nor_tokens_nor_states_are_on_a_page_or_in_the_log(pages: Pages) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()
    location = await pages.begin(browser, ticket)
    cookie, back = browser.cookie, await pages.consent(location, username)
    shown = [await pages.callback(browser, back), await pages.callback(browser, back)]
    shown.append(await pages.start(Browser(), ticket))
    [account] = await pages.accounts()
    vault = pages.vault

    seen = pages.lines.getvalue() + "".join(one.text for one in shown)

    secrets = [ticket, state_of(location), cookie or "", back, "v^1.1", "v%5E1.1"]
    secrets += [vault.decrypt(account[one], place(account["id"], one)) for one in (ACCESS, REFRESH)]
    assert [secret for secret in secrets if secret in seen] == []
    assert len(pages.said("web_request")) == 4


async def test_a_head_uses_up_neither_a_ticket_nor_a_state(pages: Pages) -> None:
    browser, ticket = Browser(), await pages.ticket()
    _, username = await pages.seller()

    looked = await pages.web.head(START_PATH, params={"ticket": ticket})
    back = await pages.consent(await pages.begin(browser, ticket), username)
    looked_again = await pages.web.head(f"{CALLBACK_PATH}?{back}", headers=browser.headers())

    assert [one.status_code for one in (looked, looked_again)] == [405, 405]
    assert looked.headers["allow"] == "GET"
    assert (await pages.callback(browser, back)).status_code == 200
