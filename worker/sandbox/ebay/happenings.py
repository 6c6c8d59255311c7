"""How rehearsals look into the world and make it go on: /_sandbox/books and /_sandbox/world."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.orders import Cancel, Change, NotPossible, Order, Refund
from worker.sandbox.ebay.times import written_time
from worker.sandbox.ebay.world import World

Json = dict[str, object]
Part = Annotated[Decimal, Field(gt=0, le=1)]


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    order_id: str


class _Refund(_Order):
    line_item_id: str | None = None
    part: Part = Decimal(1)


class _Sale(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seller: str
    count: int = Field(default=1, ge=1, le=10_000)


class _Name(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seller: str
    username: str = Field(min_length=1)


class Happening(BaseModel):
    """The body of POST /_sandbox/world: what is to happen now, in the order of these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refund: _Refund | None = None
    cancel: _Order | None = None
    sell: _Sale | None = None
    rename: _Name | None = None


def books_answer(request: Request, world: World) -> Response:
    """GET /_sandbox/books: all books by user id, or with ``?seller=`` that seller's alone."""
    asked = request.query_params.get("seller")
    if asked is None:
        return JSONResponse(world.books())
    if world.seller(asked) is None:
        return _unknown(asked)
    return JSONResponse(world.book(asked))


async def world_answer(request: Request, world: World, clock: Callable[[], datetime]) -> Response:
    """POST /_sandbox/world: ``{"orders": [...], "sellers": [...]}`` as they are after it happened.

    400 for a body that is not of the form, 404 for an order or seller that does not exist, 409 for what
    cannot happen; what stands before the refused thing in the body has happened then.
    """
    try:
        happening = Happening.model_validate_json(await request.body())
    except ValidationError as error:
        return JSONResponse(
            {"errors": error.errors(include_url=False, include_input=False, include_context=False)}, 400
        )
    try:
        return JSONResponse(_happen(happening, world, clock()))
    except KeyError as error:
        return _unknown(str(error.args[0]))
    except NotPossible as error:
        return JSONResponse({"error": str(error)}, 409)


def _happen(happening: Happening, world: World, at: datetime) -> Json:
    orders: list[Order] = []
    sellers: list[Json] = []
    for order_id, change in _changes(happening):
        orders.append(world.modify_order(order_id, change, at=at))
    if (sale := happening.sell) is not None:
        orders.extend(world.sell(sale.seller, sale.count, at=at))
    if (name := happening.rename) is not None:
        seller = world.rename(name.seller, name.username)
        sellers.append({"user_id": seller.user_id, "username": seller.username})
    return {"orders": [_told(order) for order in orders], "sellers": sellers}


def _changes(happening: Happening) -> list[tuple[str, Change]]:
    changes: list[tuple[str, Change]] = []
    if (refund := happening.refund) is not None:
        changes.append((refund.order_id, Refund(refund.line_item_id, refund.part)))
    if happening.cancel is not None:
        changes.append((happening.cancel.order_id, Cancel()))
    return changes


def _told(order: Order) -> Json:
    return {
        "order_id": order.order_id,
        "last_modified": written_time(order.modified),
        "payment_status": order.payment_status,
        "cancelled": order.cancelled is not None,
    }


def _unknown(what: str) -> Response:
    return JSONResponse({"error": f"the world knows no {what}"}, 404)
