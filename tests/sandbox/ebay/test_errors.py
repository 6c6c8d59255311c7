from datetime import timedelta

import pytest

from tests.sandbox.ebay.stands import (
    CONVERSATIONS,
    DISPUTE,
    DISPUTES,
    ITEMS,
    NOW,
    OFFERS,
    ORDERS,
    TRANSACTIONS,
    Asker,
    busiest,
)
from worker.sandbox.ebay.times import written_time
from worker.sandbox.ebay.world import World

YESTERDAY = written_time(NOW - timedelta(days=1))
TOMORROW = written_time(NOW + timedelta(days=1))
SOON = written_time(NOW + timedelta(milliseconds=1))
LONG_AGO = written_time(NOW - timedelta(days=735))
TYPE = {"conversation_type": "FROM_MEMBERS"}


@pytest.mark.parametrize(
    ("path", "params", "status", "error_id"),
    [
        (ORDERS, {"filter": f"creationDate:[{YESTERDAY}..]"}, 400, 30700),
        (ORDERS, {"filter": "nonsense"}, 400, 30700),
        (ORDERS, {"filter": f"creationdate:{YESTERDAY}"}, 400, 30800),
        (ORDERS, {"filter": "orderfulfillmentstatus:{FULFILLED}"}, 400, 30800),
        (ORDERS, {"filter": "orderfulfillmentstatus:FULFILLED"}, 400, 30800),
        (ORDERS, {"filter": "lastmodifieddate:[2026-11-01..]"}, 400, 30810),
        (ORDERS, {"filter": "lastmodifieddate:[2026-11-31T00:00:00.000Z..]"}, 400, 30810),
        (ORDERS, {"filter": f"lastmodifieddate:[{YESTERDAY}..yesterday]"}, 400, 30810),
        (ORDERS, {"filter": f"lastmodifieddate:[..{YESTERDAY}]"}, 400, 30820),
        (ORDERS, {"filter": f"creationdate:[{LONG_AGO}..]"}, 400, 30830),
        (ORDERS, {"filter": f"creationdate:[{YESTERDAY}..2026-11-01T00:00:00.000Z]"}, 400, 30840),
        (ORDERS, {"filter": f"lastmodifieddate:[{YESTERDAY}..{SOON}]"}, 400, 30850),
        (ORDERS, {"filter": f"lastmodifieddate:[{TOMORROW}..]"}, 400, 30850),
        (ORDERS, {"orderIds": ",".join(f"12-00000-{each:05}" for each in range(51))}, 400, 30900),
        (ORDERS, {"offset": "-1"}, 400, 31000),
        (ORDERS, {"offset": "7", "limit": "5"}, 400, 31000),
        (ORDERS, {"limit": "201"}, 400, 31100),
        (ORDERS, {"limit": "0"}, 400, 31100),
        (ORDERS, {"limit": "many"}, 400, 31100),
        (ORDERS, {"limit": "201", "filter": "nonsense"}, 400, 31100),
        (ORDERS, {"fieldGroups": "EVERYTHING"}, 400, 32800),
        (f"{ORDERS}/12-00000-00000", {}, 404, 32100),
        (DISPUTES, {"limit": "201"}, 400, 33001),
        (DISPUTES, {"offset": "-1"}, 400, 33001),
        (DISPUTES, {"open_date_from": "yesterday"}, 400, 33001),
        (DISPUTES, {"open_date_from": TOMORROW}, 400, 33001),
        (DISPUTES, {"open_date_from": LONG_AGO, "open_date_to": YESTERDAY}, 400, 33001),
        (DISPUTES, {"payment_dispute_status": ["OPEN", "WON"]}, 400, 33001),
        (f"{DISPUTE}/0", {}, 404, 33001),
        (TRANSACTIONS, {"limit": "1001"}, 400, 135003),
        (TRANSACTIONS, {"limit": "0"}, 400, 135003),
        (TRANSACTIONS, {"offset": "-1"}, 400, 135003),
        (TRANSACTIONS, {"filter": "colour:{RED}"}, 400, 135004),
        (TRANSACTIONS, {"filter": "orderId:12"}, 400, 135004),
        (TRANSACTIONS, {"sort": "amount"}, 400, 135005),
        (TRANSACTIONS, {"filter": "transactionType:{GIFT}"}, 400, 135006),
        (TRANSACTIONS, {"filter": "transactionType:SALE"}, 400, 135006),
        (TRANSACTIONS, {"filter": "transactionStatus:{LOST}"}, 400, 135007),
        (TRANSACTIONS, {"filter": f"transactionDate:[{YESTERDAY}]"}, 400, 135008),
        (TRANSACTIONS, {"filter": "transactionDate:[2026-11-01..]"}, 400, 135008),
        (TRANSACTIONS, {"filter": "transactionId:{1}"}, 400, 135009),
        (TRANSACTIONS, {"filter": "transactionDate:[2019-01-01T00:00:00.000Z..]"}, 400, 135015),
        (TRANSACTIONS, {"filter": f"transactionDate:[2022-01-01T00:00:00.000Z..{YESTERDAY}]"}, 400, 135016),
        (ITEMS, {"limit": "201"}, 400, 25706),
        (ITEMS, {"limit": "0"}, 400, 25706),
        (ITEMS, {"offset": "-1"}, 400, 25706),
        (ITEMS, {"offset": "10000"}, 404, 25702),
        (OFFERS, {}, 400, 25707),
        (OFFERS, {"sku": ["a", "b"]}, 400, 25707),
        (OFFERS, {"sku": "a" * 51}, 400, 25707),
        (OFFERS, {"sku": "a", "format": "BARTER"}, 400, 25709),
        (OFFERS, {"sku": "never heard of"}, 404, 25713),
        (CONVERSATIONS, {}, 400, 355017),
        (CONVERSATIONS, {"conversation_type": "FROM_MARS"}, 400, 355017),
        (CONVERSATIONS, TYPE | {"conversation_status": "LOST"}, 400, 355001),
        (CONVERSATIONS, TYPE | {"reference_type": "ORDER"}, 400, 355003),
        (CONVERSATIONS, TYPE | {"start_time": TOMORROW, "end_time": YESTERDAY}, 400, 355004),
        (CONVERSATIONS, TYPE | {"start_time": "yesterday"}, 400, 355005),
        (CONVERSATIONS, TYPE | {"offset": "7", "limit": "5"}, 400, 355008),
        (CONVERSATIONS, TYPE | {"limit": "51"}, 400, 355009),
        (CONVERSATIONS, TYPE | {"reference_type": "LISTING", "reference_id": "x"}, 400, 355016),
        (CONVERSATIONS, TYPE | {"reference_id": "250000000000"}, 400, 355022),
        (f"{CONVERSATIONS}/0", TYPE, 400, 355007),
        (f"{CONVERSATIONS}/0", {}, 400, 355017),
        (f"{CONVERSATIONS}/0", TYPE | {"limit": "51"}, 400, 355009),
    ],
)
async def test_what_is_asked_wrongly_is_refused_with_ebays_number(
    ask: Asker, world: World, path: str, params: dict[str, str | list[str]], status: int, error_id: int
) -> None:
    answer = await ask.get(busiest(world), path, **params)

    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["errorId"] == error_id
    assert error["category"] == "REQUEST"
    assert error["domain"].startswith("API_")
    assert error["message"]
    assert len(error["parameters"]) == 1
