"""How fast one worker process reads what sellers sold, beside asking for the same pages and storing nothing.

The sandbox answers at once, on the same cores. Both ask each seller for the same pages, eight requests at
a time; the floor reads the JSON and drops it. What was stored is compared with the sandbox's books.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import anyio
import httpx
import psycopg
from pydantic import SecretStr

from benchmarks.figures import Figure, Scale, figure
from worker.accounts.accounts import connect
from worker.accounts.vault import new_key, read_ring
from worker.clients.ebay import Ebay
from worker.clients.ebay_auth import SELLER_SCOPES, Application, EbayAuth
from worker.clients.ebay_orders import LARGEST_PAGE, get_orders, read_orders
from worker.db import open_database

ORDERS = 10_000
ORDERS_A_SELLER = 40
AT_ONCE = 8
HOUSE = UUID(int=1)
EMPTY = "truncate public.intake_comps, public.price_observations, public.ebay_cursors"
PREFIX = "WORKER_EBAY__"


@dataclass(frozen=True)
class Market:
    environment: Mapping[str, str]
    ring: str

    @property
    def application(self) -> Application:
        named = {name.removeprefix(PREFIX): value for name, value in self.environment.items()}
        return Application(named["CLIENT_ID"], SecretStr(named["CLIENT_SECRET"]), named["RU_NAME"])

    @property
    def url(self) -> str:
        return self.environment[f"{PREFIX}ENVIRONMENT"]


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Read 10,000 orders (or ``scale.rows``), 40 a seller, by one worker and by the floor, in turn."""
    orders = scale.rows or ORDERS
    ours, bare, pages = [], [], []
    with _market(orders) as market, psycopg.connect(url, autocommit=True) as connection:
        tokens = anyio.run(_connect, url, market)
        for _ in range(scale.rounds or 3):
            bare.append(orders / anyio.run(_ask_only, market, tokens))
            connection.execute(EMPTY)
            seconds, calls = _worker(url, connection, market)
            ours.append(orders / seconds)
            pages.append(calls)
        _check(connection, market)
    return [
        figure("sell, one worker process", ours, "orders/s", beside=bare, note=f"{max(pages)} calls a round")
    ]


@contextmanager
def _market(orders: int) -> Iterator[Market]:
    size = ["--sellers", str(max(1, orders // ORDERS_A_SELLER)), "--orders", str(orders)]
    command = [sys.executable, "-m", "worker", "sandbox", "--port", "0", "--json", *size]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            yield Market(json.loads(process.stdout.readline())["environment"], new_key("bench"))
        finally:
            process.terminate()


@asynccontextmanager
async def _asking(market: Market) -> AsyncIterator[tuple[Ebay, EbayAuth]]:
    async with Ebay(market.url, connections=AT_ONCE) as ebay:
        yield ebay, EbayAuth(ebay, market.application)


async def _connect(url: str, market: Market) -> list[str]:
    """Connect every seller; answers their access tokens."""
    vault, tokens = read_ring(market.ring), []
    async with (
        _asking(market) as (ebay, auth),
        open_database(url, size=2) as db,
        httpx.AsyncClient(base_url=market.url, timeout=60) as client,
    ):
        for user in (await client.get("/_sandbox/books")).json():
            code = (await client.post("/_sandbox/connect", json={"seller": user})).json()["code"]
            granted = await auth.exchange(code)
            identity = await auth.identify(granted.access_token, request_id="bench")
            tokens.append(granted.access_token)
            async with db.transaction() as connection:
                await connect(
                    connection,
                    vault,
                    org=HOUSE,
                    user="bench",
                    environment=ebay.environment,
                    identity=identity,
                    scopes=SELLER_SCOPES,
                    granted=granted,
                )
    return tokens


async def _ask_only(market: Market, tokens: Sequence[str]) -> float:
    """Ask for every seller's pages, read them, and store nothing; answers the seconds that took."""
    until = datetime.now(UTC) - timedelta(seconds=3)
    turns = anyio.CapacityLimiter(AT_ONCE)
    started = time.perf_counter()
    async with _asking(market) as (ebay, _), anyio.create_task_group() as group:

        async def read_one(token: str) -> None:
            offset, more = 0, True
            async with turns:
                while more:
                    since = until - timedelta(days=90)
                    question = get_orders(since, until, limit=LARGEST_PAGE, offset=offset)
                    answer = read_orders(await ebay.ask(question, token=token, request_id="bench"))
                    offset, more = offset + LARGEST_PAGE, answer.has_next

        for token in tokens:
            group.start_soon(read_one, token)
    return time.perf_counter() - started


def _worker(
    url: str, connection: "psycopg.Connection[tuple[object, ...]]", market: Market
) -> tuple[float, int]:
    run = connection.execute("select worker.start_run('seller_sync')").fetchone()
    assert run
    environ = os.environ | dict(market.environment) | {"DATABASE_URL": url, "MIGRATIONS_URL": url}
    environ |= {"WORKER_SECRETS__KEYS": market.ring, "WORKER_OPS__ENABLED": "false"}
    environ |= {"WORKER_SYNC__CRON": "never", "WORKER_SYNC__LIMITS_CRON": "never"}
    command = [sys.executable, "-m", "worker", "worker", "--drain", "--concurrency", str(AT_ONCE)]
    with tempfile.TemporaryFile() as log:
        assert subprocess.run(command, env=environ, stderr=log, check=False).returncode == 0
    row = connection.execute("select state::text, summary from worker.runs where id = %s", run).fetchone()
    assert row
    state, summary = row
    assert state == "completed"
    assert isinstance(summary, dict)
    return summary["seconds"], summary["calls"]


def _check(connection: "psycopg.Connection[tuple[object, ...]]", market: Market) -> None:
    """A fast wrong answer counts for nothing."""
    with httpx.Client(base_url=market.url, timeout=60) as client:
        books = client.get("/_sandbox/books").json()
    sold = {(line["order_id"], line["line_item_id"]) for book in books.values() for line in book["lines"]}
    rows = connection.execute("select order_id, order_line_item_id from public.price_observations").fetchall()
    assert len(rows) == len(sold)
    assert set(rows) == sold
