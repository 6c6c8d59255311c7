"""Every answer is of the form that eBay's own documents promise; they are not part of the project."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.sandbox.ebay.stands import (
    CONVERSATIONS,
    DISPUTE,
    DISPUTES,
    ITEMS,
    NOW,
    OFFERS,
    ORDERS,
    TRANSACTIONS,
    USER,
    Asker,
    asking,
)
from worker.sandbox.ebay.world import World

Json = dict[str, Any]
Check = Callable[[Any], None]


@pytest.fixture(scope="session")
def specs(shared_data: Path) -> Path:
    folder = shared_data.parent / "specs" / "ebay"
    if not folder.is_dir():
        pytest.skip("../shared/specs/ebay is not here")
    return folder


def strict(schema: Any) -> Any:
    """A schema of JSON Schema's from one of OpenAPI's, in which unknown properties are forbidden."""
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(value) for name, value in schema.items() if name not in {"nullable", "format"}}
    if schema.get("nullable") is True and "type" in schema:
        made["type"] = [schema["type"], "null"]
    if "properties" in schema:
        made["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


def checks(specs: Path, api: str, path: str) -> Check:
    """What checks a 200 answer of a GET at this path of an API."""
    spec = json.loads((specs / f"{api}.openapi.json").read_bytes())
    answer = spec["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schemas = {name: strict(each) for name, each in spec["components"]["schemas"].items()}
    validator = Draft202012Validator({**answer, "components": {"schemas": schemas}})

    def check(body: Any) -> None:
        errors = [f"{list(each.absolute_path)}: {each.message}" for each in validator.iter_errors(body)]
        assert errors == []

    return check


def items(page: Json, name: str) -> Iterator[Any]:
    assert isinstance(page[name], list)
    yield from page[name]


async def check_pages(ask: Asker, seller: str, path: str, check: Check, **params: Any) -> list[Json]:
    pages = [page async for page in ask.pages(seller, path, **params)]
    for page in pages:
        check(page)
    return pages


async def test_orders_are_of_ebays_form(specs: Path, large_world: World) -> None:
    check, check_one = (
        checks(specs, "fulfillment", "/order"),
        checks(specs, "fulfillment", "/order/{orderId}"),
    )
    seen = 0
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers:
            for page in await check_pages(ask, seller.user_id, ORDERS, check, limit=200):
                seen += len(page["orders"])
                for order in page["orders"][:5]:
                    check_one(await ask.json(seller.user_id, f"{ORDERS}/{order['orderId']}"))

    assert seen > 3_000


async def test_disputes_are_of_ebays_form(specs: Path, large_world: World) -> None:
    check = checks(specs, "fulfillment", "/payment_dispute_summary")
    check_one = checks(specs, "fulfillment", "/payment_dispute/{payment_dispute_id}")
    seen = 0
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers:
            for page in await check_pages(ask, seller.user_id, DISPUTES, check, limit=2):
                for each in items(page, "paymentDisputeSummaries"):
                    check_one(await ask.json(seller.user_id, f"{DISPUTE}/{each['paymentDisputeId']}"))
                    seen += 1

    assert seen > 30


async def test_transactions_are_of_ebays_form(specs: Path, large_world: World) -> None:
    check = checks(specs, "finances", "/transaction")
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers:
            if large_world.shop(seller.user_id).transactions:
                await check_pages(ask, seller.user_id, TRANSACTIONS, check, limit=100)


async def test_stock_and_offers_are_of_ebays_form(specs: Path, large_world: World) -> None:
    check, check_offers = checks(specs, "inventory", "/inventory_item"), checks(specs, "inventory", "/offer")
    seen = 0
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers:
            shop = large_world.shop(seller.user_id)
            if shop.items:
                await check_pages(ask, seller.user_id, ITEMS, check, limit=10)
            for sku in [sku for sku in shop.items if shop.offers(sku)][:8]:
                check_offers(await ask.json(seller.user_id, OFFERS, sku=sku))
                seen += 1

    assert seen > 200


async def test_conversations_are_of_ebays_form(specs: Path, large_world: World) -> None:
    check = checks(specs, "message", "/conversation")
    check_one = checks(specs, "message", "/conversation/{conversation_id}")
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers:
            for kind in ("FROM_MEMBERS", "FROM_EBAY"):
                pages = await check_pages(ask, seller.user_id, CONVERSATIONS, check, conversation_type=kind)
                for each in (each for page in pages for each in items(page, "conversations")):
                    path = f"{CONVERSATIONS}/{each['conversationId']}"
                    await check_pages(ask, seller.user_id, path, check_one, conversation_type=kind)


async def test_users_are_of_ebays_form(specs: Path, large_world: World) -> None:
    check = checks(specs, "identity", "/user/")
    async with asking(large_world, lambda: NOW) as ask:
        for seller in large_world.sellers:
            check(await ask.json(seller.user_id, USER))


def test_a_property_that_ebay_does_not_know_is_found(specs: Path) -> None:
    check = checks(specs, "fulfillment", "/order")

    wrong: list[Any] = [{"orders": [{"colour": "red"}]}, {"orders": [{"orderId": 12}]}, {"orders": {}}]
    for body in wrong:
        with pytest.raises(AssertionError):
            check(body)
