"""The one way in: reads a request whole, within limits, and answers it whatever happens.

Every request gets an id of our own, whatever it brings along: on the page, in a header and in its line of the
log. That line has the route and never the address as it came, which may hold codes.
"""

import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from uuid import uuid4

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from worker import observe, tracing
from worker.db import is_outage
from worker.web.pages import HEADERS, Answer, page

LARGEST_BODY = 64 * 1024
READ_SECONDS = 10.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER = "other"
HEALTH = "/healthz"
"""Asked every few seconds: its line is for debugging, unless it was refused."""
LATER = {"Retry-After": "10"}
CLOSE = {"Connection": "close"}
BAD_REQUEST, NOT_FOUND, BAD_METHOD, TOO_SLOW, TOO_LARGE, DOWN = 400, 404, 405, 408, 413, 503


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, read whole; ``request`` is its id."""

    request: str
    query: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


Endpoint: TypeAlias = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Door:
    """What answers at one address, by method. HEAD is answered like GET, unless that changes something.

    ``never_fails`` where people meet the pages: what goes wrong on our side is no 5xx there either.
    """

    methods: Mapping[str, Endpoint]
    head: bool = True
    never_fails: bool = False

    def allowed(self) -> list[str]:
        """The methods that it takes."""
        return sorted({*self.methods, *(["HEAD"] if self.head and "GET" in self.methods else [])})

    def endpoint(self, method: str) -> Endpoint | None:
        """What answers this method."""
        wanted = "GET" if method == "HEAD" and self.head else method
        return self.methods.get(wanted)


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class _Gone(Exception):
    """Raised when nobody is there any more to be answered."""


class Reception:
    """An ASGI application over some doors; ``https`` tells whether browsers reach it that way."""

    def __init__(self, doors: Mapping[str, Door], *, https: bool) -> None:
        self._doors = doors
        self._headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and write its line."""
        request, began = uuid4().hex, time.monotonic()
        path, method = scope["path"], scope["method"]
        method, route = method if method in METHODS else OTHER, path if path in self._doors else OTHER
        with tracing.web_request(method=method, route=route, request_id=request) as told:
            try:
                answer = await self._answer(request, scope, receive)
                told.status = answer.status
            except _Gone:
                answer = None
            why = answer.why if answer else "the caller went away"
            observe.say(
                "web_request",
                level="debug" if path == HEALTH and not why else "info",
                method=method,
                route=route,
                status=answer.status if answer else 0,
                milliseconds=round((time.monotonic() - began) * 1000),
                request_id=request,
                **({"why": why} if why else {}),
            )
        if answer is not None:
            headers = {**self._headers, **answer.headers, "X-Request-ID": request}
            response = Response(answer.body, answer.status, headers, answer.media if answer.body else None)
            await response(scope, receive, send)

    async def _answer(self, request: str, scope: Scope, receive: Receive) -> Answer:
        door = self._doors.get(scope["path"])
        try:
            endpoint = _endpoint(request, door, scope["method"])
            visit = await _read(request, scope, receive)
            return await endpoint(visit)
        except _Refused as refused:
            return refused.answer
        except _Gone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer.
            answer = _failed(request, error)
            return replace(answer, status=BAD_REQUEST) if door and door.never_fails else answer


def _endpoint(request: str, door: Door | None, method: str) -> Endpoint:
    if door is None:
        raise _Refused(
            page(request, NOT_FOUND, "There is no such page", "Follow the link that you were given.")
        )
    endpoint = door.endpoint(method)
    if endpoint is None:
        allow = {"Allow": ", ".join(door.allowed())}
        raise _Refused(
            page(
                request,
                BAD_METHOD,
                "This page is not asked so",
                f"It takes {allow['Allow']}.",
                headers=allow,
            )
        )
    return endpoint


async def _read(request: str, scope: Scope, receive: Receive) -> Visit:
    headers = Headers(scope=scope)
    announced = headers.get("content-length", "0")
    too_large = page(request, TOO_LARGE, "This request is too large", f"At most {LARGEST_BODY} bytes fit.")
    if not announced.isdecimal() or int(announced[:9]) > LARGEST_BODY:
        raise _Refused(too_large)
    body, more = bytearray(), True
    with anyio.move_on_after(READ_SECONDS) as limit:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LARGEST_BODY:
                raise _Refused(too_large)
    if limit.cancelled_caught:
        raise _Refused(
            page(request, TOO_SLOW, "This request took too long to arrive", "Send it again.", headers=CLOSE)
        )
    return Visit(request, scope["query_string"].decode("latin-1"), headers, bytes(body))


def _failed(request: str, error: Exception) -> Answer:
    if is_outage(error):
        why, sentence = f"outage: {type(error).__name__}", "Our database does not answer just now."
    else:
        # Without its words: those may hold what the request held.
        told = "".join(traceback.format_tb(error.__traceback__))
        observe.say(
            "web_failed", level="error", request_id=request, error=type(error).__name__, exception=told
        )
        why, sentence = "failed", "Something went wrong on our side."
    told = "Try again in a minute. If it stays so, tell whoever sent you the link, with the number below."
    return page(request, DOWN, "This does not work just now", sentence, told, why=why, headers=LATER)
