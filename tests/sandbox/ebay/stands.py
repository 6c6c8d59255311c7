"""The operations behind a door that asks no questions: the header X-Seller names whose token it would be."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.sell import books_answer, sell_operations, world_answer
from worker.sandbox.ebay.world import World

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Json = dict[str, Any]
Clock = Callable[[], datetime]

ORDERS = "/sell/fulfillment/v1/order"
DISPUTES = "/sell/fulfillment/v1/payment_dispute_summary"
DISPUTE = "/sell/fulfillment/v1/payment_dispute"
TRANSACTIONS = "/sell/finances/v1/transaction"
ITEMS = "/sell/inventory/v1/inventory_item"
OFFERS = "/sell/inventory/v1/offer"
CONVERSATIONS = "/commerce/message/v1/conversation"
USER = "/commerce/identity/v1/user/"


class Asker:
    """Asks in the name of sellers, over the same app."""

    def __init__(self, web: httpx.AsyncClient) -> None:
        self.web = web

    async def get(self, seller: str, path: str, /, **params: Any) -> httpx.Response:
        return await self.web.get(path, params=params or None, headers={"X-Seller": seller})

    async def json(self, seller: str, path: str, /, **params: Any) -> Json:
        answer = await self.get(seller, path, **params)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def pages(self, seller: str, path: str, /, **params: Any) -> AsyncIterator[Json]:
        """Follow ``next`` from page to page."""
        page = await self.json(seller, path, **params)
        yield page
        while "next" in page:
            page = await self.json(seller, page["next"])
            yield page

    async def all(self, seller: str, path: str, name: str, /, **params: Any) -> list[Json]:
        return [each async for page in self.pages(seller, path, **params) for each in page[name]]


def _route(operation: Operation) -> Route:
    async def answer(request: Request) -> Response:
        response = operation.answer(request, request.headers["x-seller"])
        return response if isinstance(response, Response) else await response

    return Route(operation.path, answer, methods=[operation.method])


@asynccontextmanager
async def asking(world: World, clock: Clock) -> AsyncIterator[Asker]:
    async def books(request: Request) -> Response:
        return books_answer(request, world)

    async def happen(request: Request) -> Response:
        return await world_answer(request, world, clock)

    routes = [_route(each) for each in sell_operations(world, clock)]
    routes += [Route("/_sandbox/books", books), Route("/_sandbox/world", happen, methods=["POST"])]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as web:
        yield Asker(web)


def busiest(world: World) -> str:
    """The seller with the most orders."""
    return max(world.sellers, key=lambda each: len(world.shop(each.user_id).orders)).user_id
