"""The web process in a test, before the stand-in for eBay; browsers; and what was logged meanwhile."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import httpx
import structlog
from pydantic import SecretStr

from tests.selling.market import HOUSE, Market
from worker import observe
from worker.accounts.consent import open_ticket
from worker.accounts.vault import Vault
from worker.db import Database
from worker.pages import site
from worker.selling import ebay_parts
from worker.settings_ebay import Web
from worker.settings_model import Settings
from worker.web.connecting import CALLBACK_PATH, COOKIE, PROVIDER, START_PATH
from worker.web.listening import WebServer, listener

VERIFICATION_TOKEN = "a-token-of-the-tests-that-has-length"
PUBLIC_URL = "https://connect.example.com"
OTHER_ORG = UUID(int=2)


@dataclass
class Browser:
    """Keeps our one cookie: over https it would do so by itself."""

    cookie: str | None = None

    def headers(self) -> dict[str, str]:
        return {} if self.cookie is None else {"Cookie": f"theme=dark; {COOKIE}={self.cookie}"}

    def hear(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            assert name == COOKIE
            self.cookie = value or None


@dataclass
class Pages:
    """The web process as it is reached, its database, and the market behind it."""

    url: str
    web: httpx.AsyncClient
    db: Database
    market: Market
    vault: Vault
    lines: io.StringIO
    since: int = field(default=0)

    async def ticket(self, org: UUID = HOUSE, user: str = "u-1") -> str:
        return (await open_ticket(self.db, PROVIDER, org, user)).secret

    async def start(self, browser: Browser, ticket: str) -> httpx.Response:
        answer = await self.web.get(START_PATH, params={"ticket": ticket}, headers=browser.headers())
        browser.hear(answer)
        return answer

    async def begin(self, browser: Browser, ticket: str | None = None) -> str:
        """Begin to connect; answers where eBay asks for consent."""
        answer = await self.start(browser, ticket or await self.ticket())
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def consent(self, location: str, username: str, decision: str = "agree") -> str:
        """Agree at eBay; answers the query with which it leads back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        async with httpx.AsyncClient() as ebay:
            form = {**asked, "username": username, "decision": decision}
            answer = await ebay.post(location.partition("?")[0], data=form)
        assert answer.status_code == 302, answer.text
        return urlsplit(answer.headers["location"]).query

    async def callback(self, browser: Browser, query: str) -> httpx.Response:
        answer = await self.web.get(f"{CALLBACK_PATH}?{query}", headers=browser.headers())
        browser.hear(answer)
        return answer

    async def connect(self, username: str, **ticket: Any) -> httpx.Response:
        """All the way."""
        browser = Browser()
        location = await self.begin(browser, await self.ticket(**ticket))
        return await self.callback(browser, await self.consent(location, username))

    async def seller(self, number: int = 0) -> tuple[str, str]:
        """A seller's user id and username."""
        books = sorted((await self.market.books()).items())
        return books[number][0], books[number][1]["username"]

    async def asked(self, operation: str) -> int:
        """How often eBay was asked so since the test began."""
        answer = await self.market.get("/_sandbox/journal", operation=operation, since=self.since)
        return len(answer["calls"])

    async def tokens_asked(self) -> int:
        return await self.asked("ebay_oauth.authorization_code")

    async def accounts(self) -> list[dict[str, Any]]:
        rows = await self.db.fetch(
            "select id, org_id, user_id, ebay_user_id, ebay_username, is_active, inactive_reason,"
            " access_token, refresh_token, scopes from public.ebay_accounts order by connected_at"
        )
        return [dict(row) for row in rows]

    async def notify(self, seller: str, path: str, **more: Any) -> dict[str, Any]:
        """Have eBay send an event to one of our addresses; answers how we took it."""
        told = {"seller": seller, "to": self.url + path, **more}
        answer: dict[str, Any] = await self.market.post("/_sandbox/notify", told)
        return answer

    def said(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.lines.getvalue().splitlines()]
        return [one for one in found if one["event"] == event]


def query(**parameters: str) -> str:
    return urlencode(parameters)


def state_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["state"][0]


def web_settings(
    market: Market, *, public_url: str = PUBLIC_URL, token: str | None = VERIFICATION_TOKEN
) -> Settings:
    own = market.settings()
    secret = None if token is None else SecretStr(token)
    ebay = own.ebay.model_copy(update={"verification_token": secret})
    return own.model_copy(update={"ebay": ebay, "web": Web(public_url=public_url)})


@contextmanager
def hearing() -> Iterator[io.StringIO]:
    """Keep what is logged meanwhile, a line of JSON each."""
    lines, before = io.StringIO(), observe._log
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(lines),
        cache_logger_on_first_use=False,
    )
    observe._log = structlog.get_logger()  # The old one may know another place by now.
    try:
        yield lines
    finally:
        observe._log = before
        structlog.reset_defaults()


@asynccontextmanager
async def serving_pages(
    db: Database, market: Market, settings: Settings | None = None
) -> AsyncIterator[Pages]:
    """Serve the pages over a real socket for as long as the block lasts."""
    chosen = settings or web_settings(market)
    parts = ebay_parts(chosen)
    await market.post("/_sandbox/scenario", {"faults": []})
    since = (await market.get("/_sandbox/journal", operation="none"))["count"]
    with hearing() as lines:
        async with parts.ebay:
            server = WebServer(site(chosen, parts, db))
            socket, url = listener("127.0.0.1", 0)
            serving = asyncio.create_task(server.serve([socket]))
            try:
                async with httpx.AsyncClient(base_url=url, timeout=20) as web:
                    yield Pages(url, web, db, market, parts.vault, lines, since)
            finally:
                server.should_exit = True
                await serving
