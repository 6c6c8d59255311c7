"""EBay's events: only what it signed is obeyed, once, and what cannot be done now comes again."""

import base64
import hashlib
import json
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.catalog.vendors import prints, put, sellers
from tests.queue.proxy import proxy
from tests.queue.scene import until
from tests.rig import as_worker
from tests.selling.market import Market
from tests.web.scene import PUBLIC_URL, VERIFICATION_TOKEN, Browser, Pages, serving_pages, web_settings
from worker.clients.ebay_notifications import ORDER_OF_P256
from worker.clients.strangers import AGAIN_SECONDS, MOST_AT_FIRST
from worker.db import Database, open_database
from worker.sandbox.ebay.notification import Signer
from worker.web.notifications import CLOSED_PATH, REVOKED_PATH

REVOKED = "AUTHORIZATION_REVOCATION"
KEY = "ebay_notification.get_public_key"
SEED = 1
"""That of the market's stand-in, from which its key is made."""
OBSERVATION = """
insert into public.price_observations (source, basis, account_id, marketplace_id, order_id,
                                       order_line_item_id, title, sku, unit_price, currency, observed_at,
                                       status, raw)
values ('ebay_seller', 'sold', $1, 'EBAY_US', $2, '1', 'Charizard of anna', 'anna-1', 12.50, 'USD', now(),
        'sold', '{"a": 1}')
"""
WAITING = """
select exists (select from pg_stat_activity a
                where a.wait_event_type = 'Lock' and a.datname = current_database())
"""


def event(user: str = "u-1", **changed: Any) -> dict[str, Any]:
    """An event as eBay words it."""
    told = {"username": "anna", "userId": user, "eiasToken": "nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6A="}
    return {
        "metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION", "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            "notificationId": "n-1",
            "eventDate": "2026-11-20T10:00:00.000Z",
            "publishDate": "2026-11-20T10:00:01.000Z",
            "publishAttemptCount": 1,
            "data": told,
        },
        **changed,
    }


async def send(pages: Pages, body: bytes, path: str = CLOSED_PATH, **headers: str) -> int:
    return (await pages.web.post(path, content=body, headers=signed(body) | headers)).status_code


def signed(body: bytes) -> dict[str, str]:
    return {"X-EBAY-SIGNATURE": Signer(SEED).header(body), "Content-Type": "application/json"}


async def connected(pages: Pages, number: int = 0) -> tuple[str, UUID]:
    """Connect a seller; answers their user id and the account."""
    user_id, username = await pages.seller(number)
    assert (await pages.connect(username)).status_code == 200
    [account] = [one for one in await pages.accounts() if one["ebay_user_id"] == user_id]
    return user_id, account["id"]


@pytest.mark.parametrize("path", [CLOSED_PATH, REVOKED_PATH])
async def test_the_address_proves_that_it_is_ours(path: str, pages: Pages) -> None:
    answer = await pages.market.post("/_sandbox/notify", {"to": pages.url + path, "challenge": True})

    digest = hashlib.sha256((answer["challenge_code"] + VERIFICATION_TOKEN + PUBLIC_URL + path).encode())
    assert answer["status"] == 200
    assert answer["content_type"] == "application/json"
    assert json.loads(answer["body"]) == {"challengeResponse": digest.hexdigest()}


@pytest.mark.parametrize("query", ["", "?challenge_code=", "?challenge_code=a&challenge_code=b", "?x" * 50])
async def test_a_challenge_that_is_none_is_refused(query: str, pages: Pages) -> None:
    assert (await pages.web.get(CLOSED_PATH + query)).status_code == 400


async def test_without_a_verification_token_nothing_is_proved_and_the_log_says_what_to_set(
    db: Database, shop: Market
) -> None:
    async with serving_pages(db, shop, web_settings(shop, token=None)) as pages:
        answer = await pages.web.get(CLOSED_PATH, params={"challenge_code": "abc"})

        assert answer.status_code == 404
        assert "WORKER_EBAY__VERIFICATION_TOKEN is not set" in pages.said("web_request")[-1]["why"]


@pytest.mark.parametrize("path", [CLOSED_PATH, REVOKED_PATH])
async def test_of_a_closed_account_nothing_is_left_that_leads_to_a_person(path: str, pages: Pages) -> None:
    user_id, account = await connected(pages)
    _, other = await connected(pages, 1)
    for number, one in enumerate((account, other)):
        await pages.db.execute(OBSERVATION, one, f"12-0000{number}")

    answer = await pages.notify(user_id, path, notificationId="n-1")

    assert answer["status"] == 200
    assert [one["id"] for one in await pages.accounts()] == [other]
    rows = await pages.db.fetch(
        "select account_id, title, sku, raw::text, order_id, unit_price::text"
        " from public.price_observations order by id"
    )
    assert [row["unit_price"] for row in rows] == ["12.50", "12.50"]
    assert [rows[0][name] for name in ("account_id", "title", "sku", "raw")] == [None, None, None, "{}"]
    assert rows[0]["order_id"].startswith("erased-")
    assert (rows[1]["account_id"], rows[1]["order_id"]) == (other, "12-00001")
    [said] = pages.said("ebay_notification")
    assert (said["topic"], said["accounts"]) == ("MARKETPLACE_ACCOUNT_DELETION", 1)
    assert user_id not in json.dumps(said)


ASK = """
insert into public.price_observations (source, basis, marketplace_id, external_item_id, title, unit_price,
                                       currency, observed_at, status, seller)
values ('ebay_browse', 'ask', 'EBAY_US', $1, 'a card', 5, 'USD', now(), 'active', $1),
       ('blokpax', 'ask', 'x', $1, 'a card', 5, 'USD', now(), 'active', $1)
"""
HISTORY = """
insert into public.inventory_snapshots (seller_id, card_print_id, treatment, currency, snapshot_date,
                                        quantity, listings)
select s.id, 1, 'normal', 'USD', current_date - n, 1, 1 from public.sellers s, generate_series(0, 9, 3) n
"""
WEEKS = """
insert into public.inventory_snapshot_weeks (seller_id, card_print_id, treatment, currency, week, days,
                                             avg_quantity)
select s.id, 1, 'normal', 'USD', date_trunc('week', current_date - n)::date, 1, 1
  from public.sellers s, generate_series(100, 140, 14) n
"""
WHOSE = (
    "select distinct s.platform_seller_id from public.{} t left join public.sellers s on s.id = t.seller_id"
)


async def test_a_seller_who_closed_their_account_is_forgotten_with_all_they_had_and_no_other_is(
    pages: Pages,
) -> None:
    user_id, account = await connected(pages)
    other_id, _ = await connected(pages, 1)
    name = await pages.db.fetchval("select ebay_username from public.ebay_accounts where id = $1", account)
    [card, *_] = await prints(pages.db)
    for seller in await sellers(pages.db, user_id, name.upper(), other_id):
        await put(pages.db, seller, card, (1, "2.00"))
    await pages.db.execute(HISTORY)
    await pages.db.execute(WEEKS)
    for one in (name, "somebody else"):
        await pages.db.execute(ASK, one)

    answer = await pages.notify(user_id, CLOSED_PATH, notificationId="n-1")

    assert answer["status"] == 200
    left = await pages.db.fetch("select platform_seller_id from public.sellers")
    assert [row["platform_seller_id"] for row in left] == [other_id]
    for table, rows in (("seller_inventory", 1), ("inventory_snapshots", 4), ("inventory_snapshot_weeks", 3)):
        assert [row[0] for row in await pages.db.fetch(WHOSE.format(table))] == [other_id]
        assert await pages.db.fetchval(f"select count(*) from public.{table}") == rows
    named = await pages.db.fetch(
        "select source, seller from public.price_observations where seller is not null"
    )
    assert sorted(tuple(row) for row in named) == sorted(
        [("blokpax", name), ("blokpax", "somebody else"), ("ebay_browse", "somebody else")]
    )


async def test_withdrawn_consent_ends_the_use_of_the_account_and_raises_one_alert(pages: Pages) -> None:
    user_id, account = await connected(pages)

    answers = [
        await pages.notify(user_id, path, topic=REVOKED, notificationId=id_)
        for path, id_ in ((CLOSED_PATH, "n-1"), (CLOSED_PATH, "n-1"), (REVOKED_PATH, "n-2"))
    ]

    assert [one["status"] for one in answers] == [200, 200, 200]
    [found] = await pages.accounts()
    assert (found["id"], found["is_active"]) == (account, False)
    assert found["inactive_reason"] == "revoked_by_user"
    assert await pages.db.fetchval("select count(*) from worker.alerts") == 1
    assert [said["accounts"] for said in pages.said("ebay_notification")] == [1, 0, 0]


async def test_an_event_that_comes_again_after_a_new_consent_changes_nothing(pages: Pages) -> None:
    user_id, _ = await connected(pages)
    for topic, id_ in ((REVOKED, "n-1"), ("MARKETPLACE_ACCOUNT_DELETION", "n-2")):
        await pages.notify(user_id, CLOSED_PATH, topic=topic, notificationId=id_)
        await connected(pages)
        before = await pages.accounts()

        again = await pages.notify(user_id, CLOSED_PATH, topic=topic, notificationId=id_)

        assert again["status"] == 200
        assert await pages.accounts() == before
        assert before[0]["is_active"]


async def test_consent_given_after_it_was_withdrawn_is_not_ended_by_the_late_event(pages: Pages) -> None:
    user_id, _ = await connected(pages)
    late = event(user_id)
    late["metadata"]["topic"] = REVOKED
    late["notification"]["data"]["revocationDate"] = "2020-01-01T00:00:00.000Z"

    assert await send(pages, json.dumps(late).encode()) == 200

    assert (await pages.accounts())[0]["is_active"]


async def test_many_copies_of_one_event_at_once_are_obeyed_once(pages: Pages) -> None:
    user_id, _ = await connected(pages)
    body, answers = json.dumps(event(user_id)).encode(), list[int]()

    async def deliver() -> None:
        answers.append(await send(pages, body))

    async with anyio.create_task_group() as group:
        for _n in range(10):
            group.start_soon(deliver)

    assert answers == [200] * 10
    assert sorted(said["accounts"] for said in pages.said("ebay_notification")) == [0] * 9 + [1]
    assert await pages.accounts() == []


async def test_what_was_changed_after_it_was_signed_is_refused(pages: Pages) -> None:
    user_id, _ = await connected(pages)

    answer = await pages.notify(user_id, CLOSED_PATH, tamper=True)

    assert answer["status"] == 412
    assert len(await pages.accounts()) == 1


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "e30=",
        "W10=",
        "bnVsbA==",
        "A" * 5000,
        '{"kid": "plain"}',
        Signer(2).header(b"{}"),
    ],
)
async def test_a_signature_that_is_none_of_ebays_is_refused(header: str, pages: Pages) -> None:
    status = await send(pages, json.dumps(event()).encode(), **{"X-EBAY-SIGNATURE": header})

    assert status == 412
    assert await pages.db.fetchval("select count(*) from worker.ebay_notifications") == 0


async def test_the_id_of_a_key_leads_nowhere_else_and_an_unknown_one_is_asked_for_once(pages: Pages) -> None:
    body = json.dumps(event()).encode()
    good = json.loads(base64.b64decode(Signer(SEED).header(body)))
    elsewhere = [
        "../../../identity/v1/oauth2/token",
        "a/b",
        "x?y=1",
        "kid with spaces",
        "",
        "k" * 65,
        "é" * 10,
    ]
    for kid in elsewhere:
        assert await send(pages, body, **{"X-EBAY-SIGNATURE": header_of({**good, "kid": kid})}) == 412
    assert await pages.asked(KEY) == 0

    for number in range(30):
        made_up = header_of({**good, "kid": f"unknown-{number}"})
        assert await send(pages, body, **{"X-EBAY-SIGNATURE": made_up}) == 412
        assert await send(pages, body, **{"X-EBAY-SIGNATURE": made_up}) == 412

    assert await pages.asked(KEY) == 30


@pytest.mark.parametrize("count", [10, 100])
async def test_whoever_makes_up_keys_keeps_ebays_own_not_from_being_learned(count: int, pages: Pages) -> None:
    await make_up(pages, count)

    assert await send(pages, json.dumps(event()).encode()) == 200


async def test_while_too_many_unknown_keys_were_named_ebays_event_is_to_come_again(pages: Pages) -> None:
    await make_up(pages, MOST_AT_FIRST + 50)
    body = json.dumps(event()).encode()

    answer = await pages.web.post(CLOSED_PATH, content=body, headers=signed(body))

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == f"{AGAIN_SECONDS:g}"
    assert await pages.asked(KEY) < MOST_AT_FIRST + 50
    assert "too many unknown keys" in pages.said("web_request")[-1]["why"]


async def make_up(pages: Pages, count: int) -> None:
    """Send so many events whose keys nobody has."""
    body = json.dumps(event()).encode()
    good = json.loads(base64.b64decode(Signer(SEED).header(body)))
    turns = anyio.CapacityLimiter(8)

    async def send_one(number: int) -> None:
        async with turns:
            header = header_of({**good, "kid": f"{number:032x}"})
            assert await send(pages, body, **{"X-EBAY-SIGNATURE": header}) in {412, 503}

    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(send_one, number)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"alg": "rsa"}, 412),
        ({"digest": "MD5"}, 412),
        ({"digest": None}, 412),
        ({"signature": ""}, 412),
        ({"signature": base64.b64encode(b"no numbers").decode()}, 412),
        ({"signature": base64.b64encode(encode_dss_signature(0, 1)).decode()}, 412),
        ({"signature": base64.b64encode(encode_dss_signature(1, ORDER_OF_P256)).decode()}, 412),
    ],
)
async def test_no_key_is_asked_for_in_the_name_of_what_has_not_the_form_of_a_signature(
    changed: dict[str, Any], status: int, pages: Pages
) -> None:
    body = json.dumps(event()).encode()
    good = json.loads(base64.b64decode(Signer(SEED).header(body)))

    assert await send(pages, body, **{"X-EBAY-SIGNATURE": header_of({**good, **changed})}) == status
    assert await pages.asked(KEY) == 0


async def test_no_key_is_asked_for_in_the_name_of_what_is_no_event(pages: Pages) -> None:
    assert await send(pages, b'{"hello": "there"}') == 400
    assert await pages.asked(KEY) == 0


def header_of(said: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(said).encode()).decode()


async def test_a_key_is_asked_for_once(pages: Pages) -> None:
    for number in range(5):
        told = event()
        told["notification"]["notificationId"] = f"n-{number}"
        assert await send(pages, json.dumps(told).encode()) == 200

    assert await pages.asked(KEY) == 1
    assert await pages.asked("ebay_oauth.client_credentials") == 1


async def test_a_token_of_ours_that_was_rejected_early_is_renewed_for_the_key(pages: Pages) -> None:
    fault = {"operation": KEY, "kind": "status", "status": 401, "times": 1}
    await pages.market.post("/_sandbox/scenario", {"faults": [fault]})

    assert await send(pages, json.dumps(event()).encode()) == 200
    assert await pages.asked("ebay_oauth.client_credentials") == 2


@pytest.mark.parametrize("operation", [KEY, "ebay_oauth.client_credentials"])
async def test_while_ebay_gives_no_key_its_events_are_to_come_again(operation: str, pages: Pages) -> None:
    fault = {"operation": operation, "kind": "status", "status": 500}
    await pages.market.post("/_sandbox/scenario", {"faults": [fault]})

    answer = await pages.notify((await pages.seller())[0], CLOSED_PATH)
    await pages.market.post("/_sandbox/scenario", {"faults": []})
    later = await pages.notify((await pages.seller())[0], CLOSED_PATH)

    assert (answer["status"], later["status"]) == (503, 200)


@pytest.mark.parametrize(
    "changed",
    [
        {"notification": None},
        {"notification": {}},
        {"notification": {**event()["notification"], "notificationId": ""}},
        {"notification": {**event()["notification"], "notificationId": "a\x00b"}},
        {"notification": {**event()["notification"], "data": {"userId": 7}}},
        {"notification": {**event()["notification"], "eventDate": "yesterday"}},
        {"metadata": {"topic": "<script>"}},
        {"metadata": []},
    ],
)
async def test_a_signed_event_that_cannot_be_read_is_refused(changed: dict[str, Any], pages: Pages) -> None:
    assert await send(pages, json.dumps(event(**changed)).encode()) == 400
    assert await pages.db.fetchval("select count(*) from worker.ebay_notifications") == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"metadata": {"topic": "\\ud800"}}', b"\xff" * 20])
async def test_a_signed_body_that_is_no_event_is_refused(body: bytes, pages: Pages) -> None:
    assert await send(pages, body) == 400


async def test_an_event_of_another_topic_is_taken_and_said(pages: Pages) -> None:
    assert await send(pages, json.dumps({"metadata": {"topic": "ITEM_SOLD"}}).encode()) == 204

    [said] = pages.said("ebay_notification")
    assert (said["topic"], said["known"], said["accounts"]) == ("ITEM_SOLD", False, 0)


async def test_an_account_that_is_erased_while_it_is_read_ends_that_work_and_nothing_of_it_stays(
    pages: Pages, connect: Any
) -> None:
    user_id, account = await connected(pages)
    reader = await connect()
    work = reader.transaction()
    await work.start()
    await reader.execute(OBSERVATION, account, "12-00001")

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: send(pages, json.dumps(event(user_id)).encode()))
        await until(lambda: waits_for_a_lock(pages.db))
        await work.commit()

    assert await pages.accounts() == []
    row = await pages.db.fetchrow("select account_id, title from public.price_observations")
    assert row is not None
    assert (row["account_id"], row["title"]) == (None, None)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await reader.execute(OBSERVATION, account, "12-00002")


async def waits_for_a_lock(db: Database) -> bool:
    return bool(await db.fetchval(WAITING))


async def test_while_the_database_is_locked_up_the_event_is_to_come_again(pages: Pages, connect: Any) -> None:
    user_id, _ = await connected(pages)
    holder = await connect()
    work = holder.transaction()
    await work.start()
    await holder.execute("select id from public.ebay_accounts for update")

    status = await send(pages, json.dumps(event(user_id)).encode())
    await work.rollback()

    assert status == 503
    assert len(await pages.accounts()) == 1
    assert await send(pages, json.dumps(event(user_id)).encode()) == 200
    assert await pages.accounts() == []


async def test_of_a_closed_account_no_alert_names_the_seller_any_more(pages: Pages) -> None:
    user_id, _ = await connected(pages)
    await pages.notify(user_id, CLOSED_PATH, topic=REVOKED, notificationId="n-1")
    assert await pages.db.fetchval("select count(*) from worker.alerts") == 1

    await pages.notify(user_id, CLOSED_PATH, notificationId="n-2")

    assert await pages.db.fetchval("select count(*) from worker.alerts") == 0


async def test_while_the_database_is_away_events_are_to_come_again_and_people_get_a_page(
    database_url: str, shop: Market
) -> None:
    async with (
        proxy(as_worker(database_url)) as line,
        open_database(line.url, size=4, acquire_seconds=2) as own,
        serving_pages(own, shop) as pages,
    ):
        user_id, _ = await pages.seller()
        line.refuses = lambda _: True
        line.cut()

        event_, page, health = (
            await pages.notify(user_id, CLOSED_PATH),
            await pages.start(Browser(), "a" * 43),
            await pages.web.get("/healthz"),
        )
        back = await pages.callback(Browser("a" * 43), "state=abc&code=abc")
        line.refuses = lambda _: False
        again = await pages.notify(user_id, CLOSED_PATH)

    assert (event_["status"], again["status"]) == (503, 200)
    assert (page.status_code, back.status_code, health.status_code) == (400, 400, 200)
    assert "Our database does not answer just now" in page.text
    assert [one["why"][:6] for one in pages.said("web_request")[:3]] == ["outage"] * 3
