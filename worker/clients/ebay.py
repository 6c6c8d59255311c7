"""eBay's REST APIs, asked one question at a time, without a try of our own: whoever asks keeps the books.

Hosts: ``api`` for most, ``apiz`` for money, disputes and identity, ``auth`` for consent (its API references).
"""

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from worker.clients.answers import AnsweredDown, AnsweredNo, TooOften
from worker.clients.breaker import Breaker
from worker.clients.http import REQUEST_ID, Call, JsonClient, Wiring
from worker.errors import AccessDenied, SourceError

Host: TypeAlias = Literal["api", "apiz", "auth"]

APIS = (
    "ebay_analytics",
    "ebay_browse",
    "ebay_finances",
    "ebay_fulfillment",
    "ebay_identity",
    "ebay_insights",
    "ebay_inventory",
    "ebay_message",
    "ebay_notification",
    "ebay_oauth",
)
"""The names under which its APIs are counted, in quotas, prices, metrics and the log of calls."""
DOMAINS = {"production": "ebay.com", "sandbox": "sandbox.ebay.com"}
OAUTH = "ebay_oauth"
UNAUTHORIZED, FORBIDDEN = 401, 403
MOST_BYTES = 4 * 1024 * 1024
"""An answer has less: its largest are pages of 200 orders, or 1,000 transactions, of some kilobytes each."""
CALLS_EXCEEDED = "10001"
"""What comes with 500 and says that it is asked too often (ebaysdk-python, issue 384)."""
ERROR_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
OAUTH_ERROR = re.compile(r"[a-z_]{1,40}")
FORBIDDEN_WHEN_EXPIRED = frozenset({"ebay_inventory"})
"""These say 403, not 401, to a token that has expired (hendt/ebay-api, its refresh rule)."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where an environment of eBay's answers; a stand-in has one base URL for all."""

    api: str
    apiz: str
    auth: str

    @classmethod
    def of(cls, environment: str) -> Self:
        """Production, sandbox, or the base URL of a stand-in."""
        if environment not in DOMAINS:
            return cls(environment, environment, environment)
        domain = DOMAINS[environment]
        return cls(f"https://api.{domain}", f"https://apiz.{domain}", f"https://auth.{domain}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One operation asked for: ``path`` is below its host, its parts already quoted.

    ``of_marketplace`` where the answer depends on the site it is asked of: an account's, or for what is about
    no account ``site``. ``scope`` where an application's own token has to allow more than the usual.
    """

    api: str
    operation: str
    path: str
    host: Host = "api"
    params: Mapping[str, str | int] = field(default_factory=dict)
    of_marketplace: bool = False
    scope: str | None = None
    site: str = "EBAY_US"


class TokenRejected(AnsweredNo):
    """Raised when an access token was not taken: another one may be."""


class NotAllowed(AccessDenied, AnsweredNo):
    """Raised when a good access token may not do this."""


class Ebay:
    """Asks eBay; an async context manager. Each API has a limiter, a pool and a breaker of its own.

    At most ``connections`` requests to each API are under way, each with one deadline.
    """

    def __init__(
        self,
        environment: str,
        *,
        connections: int = 8,
        deadline_seconds: float = 30,
        wiring: Wiring | None = None,
    ) -> None:
        self.environment = environment
        self.connections = connections
        self.hosts = Hosts.of(environment)
        self._clients = {
            api: JsonClient(
                api,
                self.hosts.api,
                connections=connections,
                deadline_seconds=deadline_seconds,
                typed=True,
                most_bytes=MOST_BYTES,
                wiring=wiring,
            )
            for api in APIS
        }
        hands = wiring or Wiring()
        self._breakers = {api: Breaker(api, clock=hands.clock, jitter=hands.jitter) for api in APIS}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for client in self._clients.values():
            await self._stack.enter_async_context(client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def require_ready(self, *apis: str) -> None:
        """Raise ``CoolingDown`` where one of these fails so often that it is left alone just now."""
        for api in apis:
            self._breakers[api].require_ready()

    async def ask(
        self, question: Question, *, token: str, request_id: str, marketplace: str = "EBAY_US"
    ) -> object:
        """Ask once, with a token; returns the JSON that answers, None for 204.

        Raises ``TokenRejected`` (another token may do), ``NotAllowed`` (none will), ``TooOften``,
        ``CoolingDown`` while the API is left alone because it fails, and else what ``JsonClient.ask`` raises;
        ``error_ids`` reads eBay's own numbers from it.
        """
        headers = {"Authorization": f"Bearer {token}", REQUEST_ID: request_id}
        if question.of_marketplace:
            headers["X-EBAY-C-MARKETPLACE-ID"] = marketplace
        call = Call(
            operation=question.operation,
            path=getattr(self.hosts, question.host) + question.path,
            params=question.params,
            headers=headers,
            reads=False,
        )
        with self._breakers[question.api].watching():
            try:
                return await self._clients[question.api].ask(call)
            except (AnsweredNo, AnsweredDown) as error:
                raise _meaning(question, error) from None

    async def post(self, api: str, call: Call) -> object:
        """Make a call that is no question of an account's, such as one for a token; asked once, too."""
        with self._breakers[api].watching():
            return await self._clients[api].ask(replace(call, path=self.hosts.api + call.path, reads=False))


def _meaning(question: Question, error: AnsweredNo | AnsweredDown) -> SourceError:
    if isinstance(error, AnsweredDown):
        return _too_often(error) if CALLS_EXCEEDED in error_ids(error) else error
    expired = error.status == FORBIDDEN and question.api in FORBIDDEN_WHEN_EXPIRED
    if error.status == UNAUTHORIZED or expired:
        return TokenRejected(str(error), status=error.status, details=error.details)
    if error.status == FORBIDDEN:
        return not_allowed(error)
    return error


def not_allowed(error: AnsweredNo) -> NotAllowed:
    """What a 403 to a token that is good means."""
    return NotAllowed(f"{error}: connect with more scopes", status=error.status, details=error.details)


def _too_often(error: AnsweredDown) -> TooOften:
    return TooOften(str(error), status=error.status, retry_after=error.retry_after, details=error.details)


def error_ids(error: SourceError) -> list[str]:
    """EBay's numbers for what went wrong (its page on handling error messages), or what OAuth calls it.

    Nothing else of what it says is an id, so that what it says back to us goes no further.
    """
    details = error.details if isinstance(error, AnsweredDown | AnsweredNo) else None
    if not isinstance(details, Mapping):
        return []
    if isinstance(details.get("error"), str):
        return [details["error"]] if OAUTH_ERROR.fullmatch(details["error"]) else []
    listed: Any = details.get("errors")
    if not isinstance(listed, list):
        return []
    ids = [str(one["errorId"]) for one in listed[:5] if isinstance(one, Mapping) and "errorId" in one]
    return [number for number in ids if ERROR_NUMBER.fullmatch(number)]
