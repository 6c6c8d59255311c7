"""The one way out to other people's JSON APIs: bounded, paced, retried, and mapped to our errors.

A request takes its turn in our own limiter and is paced there, *before* it reaches httpx. httpcore 1.0
leaks a pool slot for good when a request is cancelled while it queues inside the pool, so none ever does:
the pool has no limit of its own, and there are never more requests in it than our limiter has tokens.
"""

import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import anyio
import httpx

from worker import tracing
from worker.clients.answers import (
    MAX_BODY_BYTES,
    AnsweredDown,
    AnsweredNo,
    parse_json,
    parse_retry_after,
    read_body,
    refusal,
)
from worker.clients.pacing import Pace
from worker.errors import NoTurn, SourceDown, SourceError, SourceGarbled, SourceRefused

RETRIES = 2
PATIENCE_SECONDS = 30.0  # A source that wants longer gets it from the queue, not from a waiting worker.
TURN_SECONDS = 300.0
MARGIN_SECONDS = 0.25
ERROR_BODY_BYTES = 64 * 1024
NO_CONTENT = 204
REQUEST_ID = "X-Request-ID"
DEFAULT_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "mintmark"}

for _name in ("httpx", "httpcore"):
    # Below WARNING they log addresses with their query strings.
    logging.getLogger(_name).setLevel(logging.WARNING)


class Unreached(SourceDown):
    """Raised when no connection was made: the request never left."""

    request = "unsent"


class Unasked(SourceRefused):
    """Raised when there is nobody to ask: the request never left."""

    request = "unsent"


def _unheard(_api: str, _status_class: str, _seconds: float) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the composition root gives every client.

    ``on_request(api, status_class, seconds)`` hears of every request that came to an end; the class is one
    of 2xx, 3xx, 4xx, 429, 5xx, timeout, refused (not reached, or cut off), garbled. ``clock`` is monotonic,
    in seconds; ``jitter`` gives 0..1.
    """

    on_request: Callable[[str, str, float], None] = _unheard
    sleep: Callable[[float], Awaitable[object]] = anyio.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation to ask of an API.

    ``path`` is relative to the base URL, its parts already quoted. Only a call that ``reads`` is retried;
    statuses in ``final`` never are, because the caller has its own answer to them.
    """

    operation: str
    path: str
    method: str = "GET"
    params: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, str] | None = None
    reads: bool = True
    final: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Outcome:
    status_class: str
    value: object = None
    error: SourceError | None = None


class JsonClient:
    """A client of one API; use it as an async context manager.

    Holds at most ``connections`` requests at once, each with one deadline over sending and reading. Neither
    proxies from the environment nor redirects nor cookies are followed. Answers of a ``typed`` API must say
    that they are JSON.
    """

    def __init__(
        self,
        api: str,
        base_url: str,
        *,
        connections: int = 4,
        deadline_seconds: float = 30,
        pace: Pace | None = None,
        headers: Mapping[str, str] | None = None,
        typed: bool = False,
        most_bytes: int = MAX_BODY_BYTES,
        wiring: Wiring | None = None,
    ) -> None:
        self.api = api
        self._typed = typed
        self._most_bytes = most_bytes
        self._deadline_seconds = deadline_seconds
        self._pace = pace
        self._wiring = wiring or Wiring()
        self._tokens = anyio.CapacityLimiter(connections)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers=DEFAULT_HEADERS | dict(headers or {}),
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
            # Our deadline is over all of it: a drip escapes httpx's own. But when that cuts off a handshake,
            # httpcore 1.0 forgets the socket; a limit of its own, a little shorter, closes it.
            timeout=httpx.Timeout(None, connect=max(deadline_seconds / 2, deadline_seconds - MARGIN_SECONDS)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=connections),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._http.__aexit__(kind, error, trace)

    async def ask(self, call: Call) -> object:
        """Return the JSON that answers, None for 204.

        Raises SourceDown, SourceRefused, SourceGarbled, or NoTurn when no turn came within five
        minutes. A SourceDown is retried here, and only here: twice at most, after its own advice or a growing
        pause, unless it asks for more than half a minute.
        """
        retries, some_left = 0, False
        while True:
            try:
                outcome = await self._attempt(call, retries)
            except NoTurn as error:
                error.request = "unknown" if some_left else "unsent"
                raise
            if outcome.error is None:
                return outcome.value
            if some_left and outcome.error.request == "unsent":
                outcome.error.request = "unknown"  # This one never left, but one before it may have.
            some_left = outcome.error.request != "unsent"
            pause = self._pause(call, outcome.error, retries)
            if pause is None:
                raise outcome.error
            await self._wiring.sleep(pause)
            retries += 1

    def _pause(self, call: Call, error: SourceError, retries: int) -> float | None:
        if not (call.reads and isinstance(error, SourceDown) and retries < RETRIES):
            return None
        if isinstance(error, AnsweredDown) and error.status in call.final:
            return None
        advice = error.retry_after.total_seconds() if error.retry_after else 0
        return None if advice > PATIENCE_SECONDS else max(advice, 2.0**retries) + self._wiring.jitter()

    async def _attempt(self, call: Call, retries: int) -> _Outcome:
        async with self._turn(call):
            started = self._wiring.clock()
            with tracing.api_call(
                api=self.api,
                operation=call.operation,
                method=call.method,
                request_id=call.headers.get(REQUEST_ID),
                retries=retries,
            ) as asked:
                outcome = await self._exchange(call)
                asked.status = outcome.status_class
            seconds = self._wiring.clock() - started
        self._wiring.on_request(self.api, outcome.status_class, seconds)
        return outcome

    @asynccontextmanager
    async def _turn(self, call: Call) -> AsyncIterator[None]:
        try:
            with anyio.fail_after(TURN_SECONDS):
                await self._tokens.acquire()
        except TimeoutError:
            raise NoTurn(f"{self.api} {call.operation} got no turn within {TURN_SECONDS:g} s") from None
        try:
            # Paced while holding a token: at most `connections` callers ever wait here, so none waits long.
            if self._pace is not None:
                await self._pace.wait()
            yield
        finally:
            self._tokens.release()

    async def _exchange(self, call: Call) -> _Outcome:
        name = f"{self.api} {call.operation}"
        try:
            with anyio.fail_after(self._deadline_seconds):
                return await self._send(name, call)
        except SourceError as error:
            return _Outcome(_class_of(error), error=error)
        except httpx.InvalidURL:
            return _Outcome("refused", error=Unasked(f"{name} has an address that is not a URL"))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            unreached = Unreached(f"{name} could not be reached ({type(error).__name__})")
            return _Outcome("refused", error=unreached)
        except (TimeoutError, httpx.TimeoutException):
            late = SourceDown(f"{name} did not answer within {self._deadline_seconds:g} s")
            return _Outcome("timeout", error=late)
        except httpx.HTTPError as error:
            lost = SourceDown(f"{name} could not be reached, or hung up ({type(error).__name__})")
            return _Outcome("refused", error=lost)

    async def _send(self, name: str, call: Call) -> _Outcome:
        async with self._http.stream(
            call.method,
            call.path,
            params=call.params or None,
            headers=call.headers,
            json=call.json,
            data=call.form,
        ) as response:
            if not response.is_success:
                raise await _refusal(name, response)
            value = None if response.status_code == NO_CONTENT else await self._value(name, response)
            return _Outcome("2xx", value)

    async def _value(self, name: str, response: httpx.Response) -> object:
        encoding = response.headers.get("content-encoding", "")
        try:
            body = await read_body(name, response.aiter_raw(), encoding=encoding, limit=self._most_bytes)
        except httpx.ProtocolError:
            raise SourceGarbled(f"{name} answered with a body that was cut short") from None
        said = response.headers.get("content-type", "")
        return parse_json(name, body, content_type=said, typed=self._typed)


async def _refusal(name: str, response: httpx.Response) -> SourceError:
    advice = parse_retry_after(response.headers.get("retry-after"), now=datetime.now(UTC))
    details = await _details(name, response)
    return refusal(name, response.status_code, retry_after=advice, details=details)


async def _details(name: str, response: httpx.Response) -> object:
    encoding = response.headers.get("content-encoding", "")
    try:
        body = await read_body(name, response.aiter_raw(), encoding=encoding, limit=ERROR_BODY_BYTES)
        return parse_json(name, body)
    except (SourceGarbled, httpx.HTTPError):
        return None  # The status has said what matters.


def _class_of(error: SourceError) -> str:
    if isinstance(error, AnsweredDown | AnsweredNo):
        return "429" if error.status == 429 else f"{error.status // 100}xx"  # noqa: PLR2004 - HTTP's own
    return "garbled"
