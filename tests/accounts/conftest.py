"""Fixtures of the tests about accounts: one stand-in for eBay for all of them, as new for each."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from tests.selling.market import ENVIRONMENT, Market, connect_sellers, market
from worker.accounts.tokens import Tokens
from worker.accounts.vault import Vault
from worker.clients.ebay import Ebay
from worker.clients.ebay_auth import EbayAuth
from worker.db import Database

REFRESH = "ebay_oauth.refresh_token"
ACCESS_SECONDS = 7200


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Six sellers with few orders."""
    with market(tmp_path_factory.mktemp("market"), sellers=6, orders=30) as running:
        yield running


@pytest.fixture
def shop(standing: Market) -> Market:
    """The stand-in, with nothing left of what a test before has done to it."""
    with httpx.Client(base_url=standing.url, timeout=60) as client:
        client.delete("/_sandbox/journal").raise_for_status()
        client.post("/_sandbox/scenario", json={"faults": []}).raise_for_status()
        client.post("/_sandbox/tokens", json={"access_seconds": ACCESS_SECONDS}).raise_for_status()
    return standing


@dataclass(frozen=True)
class Connected:
    """One account that is connected, and who gives its tokens."""

    id: UUID
    seller: str
    shop: Market
    db: Database
    tokens: Tokens
    ebay: Ebay

    def with_vault(self, vault: Vault) -> Tokens:
        """What gives its tokens with other keys."""
        auth = EbayAuth(self.ebay, self.shop.application)
        return Tokens(self.db, vault, auth, environment=self.ebay.environment)

    async def refreshes(self) -> int:
        """How often eBay was asked for a new token of its."""
        calls = await self.shop.calls(REFRESH)
        return len([call for call in calls if call["account"] == self.seller])

    async def expires_in(self, seconds: float) -> None:
        """Have the database think that its access token has so much left."""
        await self.db.execute(
            "update public.ebay_accounts set access_token_expires_at = now() + make_interval(secs => $2)"
            " where id = $1",
            self.id,
            seconds,
        )


@pytest.fixture
async def account(db: Database, shop: Market) -> AsyncIterator[Connected]:
    """One seller's account, connected just now."""
    seller = min(await shop.books())
    found = await connect_sellers(db, shop, [seller])
    async with Ebay(shop.environment[ENVIRONMENT]) as ebay:
        auth = EbayAuth(ebay, shop.application)
        tokens = Tokens(db, shop.vault(), auth, environment=ebay.environment)
        yield Connected(found[seller], seller, shop, db, tokens, ebay)
