"""A whole market in a test: the stand-in for eBay in its own process, and its sellers connected to us."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx
from pydantic import SecretStr

from tests.runs.scene import pace
from worker.accounts.accounts import connect
from worker.accounts.asking import Asker
from worker.accounts.tokens import Tokens
from worker.accounts.vault import Vault, new_key, read_ring
from worker.clients.ebay import Ebay
from worker.clients.ebay_auth import SELLER_SCOPES, Application, EbayAuth
from worker.db import Database
from worker.settings_ebay import Ebay as EbaySettings
from worker.settings_ebay import Secrets, Sync
from worker.settings_model import Settings

ROOT = Path(__file__).parents[2]
HOUSE = UUID(int=1)
AT_ONCE = 8
PREFIX = "WORKER_EBAY__"
ENVIRONMENT = f"{PREFIX}ENVIRONMENT"


@dataclass(frozen=True)
class Market:
    """A stand-in that is running, with its application and the key ring under which we keep tokens."""

    url: str
    environment: Mapping[str, str]
    ring: str = field(default_factory=lambda: new_key("test"))

    def settings(self, **queue: Any) -> Settings:
        """Settings of a worker that asks this market."""
        given = {name.removeprefix(PREFIX).lower(): value for name, value in self.environment.items()}
        own = pace(**queue)
        return own.model_copy(
            update={
                "ebay": EbaySettings(**given),
                "secrets": Secrets(keys=SecretStr(self.ring)),
                "sync": Sync(cron="never", limits_cron="never"),
            }
        )

    def variables(self) -> dict[str, str]:
        """The same as variables of the environment, for workers in processes of their own."""
        never = {"WORKER_SYNC__CRON": "never", "WORKER_SYNC__LIMITS_CRON": "never"}
        return {**self.environment, "WORKER_SECRETS__KEYS": self.ring, **never}

    @property
    def application(self) -> Application:
        """What the stand-in knows us by."""
        named = {name.removeprefix(PREFIX): value for name, value in self.environment.items()}
        return Application(named["CLIENT_ID"], SecretStr(named["CLIENT_SECRET"]), named["RU_NAME"])

    def vault(self) -> Vault:
        return read_ring(self.ring)

    async def get(self, path: str, **params: str | int) -> Any:
        async with httpx.AsyncClient(base_url=self.url, timeout=60) as client:
            answer = await client.get(path, params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

    async def post(self, path: str, body: object) -> Any:
        async with httpx.AsyncClient(base_url=self.url, timeout=60) as client:
            answer = await client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

    async def books(self) -> dict[str, Any]:
        """Every seller's book, by user id."""
        books: dict[str, Any] = await self.get("/_sandbox/books")
        return books

    async def calls(self, operation: str) -> list[dict[str, Any]]:
        """The calls of one operation, as the stand-in's journal has them."""
        calls: list[dict[str, Any]] = (await self.get("/_sandbox/journal", operation=operation))["calls"]
        return calls


@contextmanager
def market(folder: Path, *, sellers: int, orders: int, seed: int = 1) -> Iterator[Market]:
    """Run the stand-in for as long as the block lasts."""
    command = [sys.executable, "-m", "worker", "sandbox", "--port", "0", "--json"]
    command += ["--sellers", str(sellers), "--orders", str(orders), "--seed", str(seed)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    with (folder / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=log
        )
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Market(told["url"], told["environment"])
        finally:
            process.terminate()
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


async def connect_sellers(
    db: Database,
    market: Market,
    users: Sequence[str],
    *,
    scopes: Sequence[str] = SELLER_SCOPES,
    org: UUID = HOUSE,
) -> dict[str, UUID]:
    """Connect sellers as the pages do, only without the pages; answers their accounts by user id."""
    found: dict[str, UUID] = {}
    turns = anyio.CapacityLimiter(AT_ONCE)
    async with Ebay(market.environment[ENVIRONMENT]) as ebay, anyio.create_task_group() as group:
        auth, vault = EbayAuth(ebay, market.application), market.vault()

        async def connect_one(user: str) -> None:
            async with turns:
                agreed = {"seller": user, "scopes": list(scopes)}
                code = (await market.post("/_sandbox/connect", agreed))["code"]
                granted = await auth.exchange(code)
                identity = await auth.identify(granted.access_token, request_id="test")
                async with db.transaction() as connection:
                    found[user] = await connect(
                        connection,
                        vault,
                        org=org,
                        user="somebody",
                        environment=ebay.environment,
                        identity=identity,
                        scopes=scopes,
                        granted=granted,
                    )

        for user in users:
            group.start_soon(connect_one, user)
    return found


@asynccontextmanager
async def asking(db: Database, market: Market) -> AsyncIterator[Asker]:
    """What asks this market for jobs."""
    async with Ebay(market.environment[ENVIRONMENT]) as ebay:
        auth = EbayAuth(ebay, market.application)
        yield Asker(db, ebay, Tokens(db, market.vault(), auth, environment=ebay.environment))


def lines_of(books: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What the market sold, line by line, as our observations should have it."""
    return {
        (line["order_id"], line["line_item_id"]): (
            line["legacy_item_id"],
            line["title"],
            line["sku"],
            line["quantity"],
            Decimal(line["unit_price"]),
            line["currency"],
            line["paid"] or line["created"],
            line["status"],
        )
        for book in books.values()
        for line in book["lines"]
    }


OBSERVED = """
select o.order_id, o.order_line_item_id, o.external_item_id, o.title, o.sku, o.quantity, o.unit_price,
       o.currency::text,
       to_char(o.observed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as observed_at, o.status
  from public.price_observations o where o.source = 'ebay_seller'
"""


async def observed(db: Database) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What we have of it."""
    rows = await db.fetch(OBSERVED)
    found = {(row[0], row[1]): tuple(row)[2:] for row in rows}
    assert len(found) == len(rows), "a line item is there twice"
    return found
