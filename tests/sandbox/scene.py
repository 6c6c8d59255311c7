"""The stand-in for eBay over a few sellers, as the tests of its doors find it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jsonschema
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.stand import Stand
from worker.sandbox.journal import Journal

SPECS = Path(__file__).parents[2].parent / "shared" / "specs" / "ebay"
BASE_SCOPE = "https://api.ebay.com/oauth/api_scope"
SELL = f"{BASE_SCOPE}/sell.fulfillment"
NOON = datetime(2026, 11, 21, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    user_id: str
    username: str


@dataclass(frozen=True)
class People:
    sellers: Sequence[Person]

    def seller(self, user_id: str) -> Person | None:
        return next((each for each in self.sellers if each.user_id == user_id), None)


PEOPLE = People((Person("u-anna", "anna_cards"), Person("u-bert", "bert & sons")))


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def orders_of(total: int = 5) -> Operation:
    """An operation with a list, as the sell APIs have them."""

    def answer(request: Request, account: str | None) -> Response:
        limit, offset = (
            int(request.query_params.get(name, at)) for name, at in (("limit", 2), ("offset", 0))
        )
        page = {"total": total, "limit": limit, "offset": offset, "seller": account}
        if offset + limit < total:
            page["next"] = f"?limit={limit}&offset={offset + limit}"
        return JSONResponse({**page, "orders": list(range(total))[offset : offset + limit]})

    return Operation(
        api="ebay_fulfillment",
        name="get_orders",
        path="/sell/fulfillment/v1/order",
        answer=answer,
        scopes=frozenset({"sell.fulfillment", "sell.fulfillment.readonly"}),
    )


def inventory() -> Operation:
    """An operation with the quirks that some have: 403 for a bad token, a header that has to be there."""
    return Operation(
        api="ebay_inventory",
        name="get_offers",
        path="/sell/inventory/v1/offer",
        answer=lambda _request, account: JSONResponse({"seller": account}),
        scopes=frozenset({"sell.inventory"}),
        needs_marketplace=True,
        bad_token=403,
    )


def identity() -> Operation:
    """An operation that lives on the other host, and answers at length."""
    return Operation(
        api="ebay_identity",
        name="get_user",
        path="/commerce/identity/v1/user/",
        answer=lambda _request, account: JSONResponse({"userId": account, "long": "x" * 5000}),
        host="apiz",
    )


@dataclass
class Scene:
    """The stand, a client of it, its clock and its journal."""

    stand: Stand
    web: httpx.AsyncClient
    clock: Clock
    journal: Journal
    asked: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = {
            "client_id": self.stand.application.client_id,
            "redirect_uri": self.stand.application.ru_name,
            "response_type": "code",
            "scope": f"{BASE_SCOPE} {SELL}",
            "state": "s-1",
        }

    async def token(self, *auth: tuple[str, str], **form: str) -> httpx.Response:
        own = self.stand.application
        [keys] = auth or [(own.client_id, own.client_secret)]
        return await self.web.post("/identity/v1/oauth2/token", data=form, auth=keys)

    async def consent(
        self, username: str = "anna_cards", decision: str = "agree", **also: str
    ) -> httpx.Response:
        form = {**self.asked, **also, "username": username, "decision": decision}
        return await self.web.post("/oauth2/authorize", data=form)

    async def code(self, username: str = "anna_cards", **also: str) -> str:
        return sent_back(await self.consent(username, **also))["code"]

    async def exchange(self, code: str, **also: str) -> httpx.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.asked["redirect_uri"]}
        return await self.token(**(given | also))

    async def connect(self, username: str = "anna_cards", **also: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.exchange(await self.code(username, **also))).json()
        return answer

    async def application_token(self, scope: str = BASE_SCOPE) -> dict[str, str]:
        answer = await self.token(grant_type="client_credentials", scope=scope)
        return bearer(answer.json()["access_token"])

    async def refresh(self, token: str, **also: str) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=token, **also)

    async def orders(self, token: str, **params: str | int) -> httpx.Response:
        return await self.web.get("/sell/fulfillment/v1/order", headers=bearer(token), params=params)

    async def order(self, path: str, body: object) -> httpx.Response:
        """Tell the sandbox what to do."""
        answer = await self.web.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer

    async def faults(self, *faults: dict[str, object]) -> None:
        await self.order("scenario", {"faults": faults})

    def calls(self, operation: str) -> list[tuple[str | None, int | None]]:
        """Whom each call of an operation concerned, and how it was answered."""
        return [(one.account, one.status) for one in self.journal.entries if one.operation == operation]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def sent_back(answer: httpx.Response) -> dict[str, str]:
    """What a redirect to the application carries, decoded once."""
    assert answer.status_code == 302, answer.text
    given = parse_qs(urlsplit(answer.headers["location"]).query, strict_parsing=True)
    return {name: value for name, [value] in given.items()}


def error_of(answer: httpx.Response) -> tuple[int, int, str]:
    """The status, and number and domain of the one error in an answer."""
    [error] = answer.json()["errors"]
    return answer.status_code, error["errorId"], error["domain"]


def fits(answer: httpx.Response, spec: str, schema: str) -> None:
    """Check an answer against eBay's schema, and that it says nothing the schema does not know."""
    if not SPECS.is_dir():
        pytest.skip("../shared/specs is not here")
    components = json.loads((SPECS / f"{spec}.openapi.json").read_text())
    for each in components["components"]["schemas"].values():
        each["additionalProperties"] = False
    jsonschema.validate(
        answer.json(),
        {**components, "$ref": f"#/components/schemas/{schema}"},
        jsonschema.Draft202012Validator,
    )
