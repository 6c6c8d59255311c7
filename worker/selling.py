"""Asking eBay, as the settings say: a part of the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from worker import observe
from worker.accounts.asking import Asker
from worker.accounts.cooldowns import forget
from worker.accounts.keys import missing_keys
from worker.accounts.tokens import Tokens
from worker.accounts.vault import Vault, read_ring
from worker.clients.ebay import Ebay
from worker.clients.ebay_auth import Application, EbayAuth
from worker.clients.http import Wiring
from worker.daily import built_in_schedule
from worker.db import Database
from worker.errors import BadSettings
from worker.handlers.account_sync import AccountSync
from worker.handlers.ebay_limits import EbayLimits
from worker.handlers.seller_sync import SellerSync
from worker.handlers.sync_orgs import SyncOrgs
from worker.queue.keeper import Duty
from worker.queue.schedules import Schedule
from worker.runs.handler import AnyHandler
from worker.runs.quotas import Day, assume
from worker.settings_model import Settings
from worker.syncing.cursors import Habits
from worker.syncing.disputes import Disputes
from worker.syncing.inventory import Inventory
from worker.syncing.messages import Messages
from worker.syncing.offers import Offers
from worker.syncing.orders import Orders
from worker.syncing.resource import Resource
from worker.syncing.transactions import Transactions

HOUR = 3600.0
QUOTAS = {
    "ebay_analytics": 5000,
    "ebay_browse": 5000,
    "ebay_finances": 15_000,
    "ebay_fulfillment": 100_000,
    "ebay_insights": 5000,
    "ebay_inventory": 2_000_000,
}
"""Calls a day of an application, for all its sellers, until eBay is asked itself (its page of limits)."""
PACIFIC = Day("America/Los_Angeles", kept_percent=10)
SCHEDULE, LIMITS_SCHEDULE = "seller-sync", "ebay-limits"


@dataclass(frozen=True, slots=True)
class EbayParts:
    """All that speaks with eBay, put together: to be opened with ``opened``."""

    ebay: Ebay
    auth: EbayAuth
    vault: Vault


def is_configured(settings: Settings) -> bool:
    """Tell whether eBay can be asked at all."""
    return bool(settings.ebay.client_id)


def ebay_parts(settings: Settings) -> EbayParts:
    """Put together what speaks with eBay; connects to nothing. Raises ``BadSettings`` for what is missing."""
    ebay, auth = auth_of(settings)
    return EbayParts(ebay, auth, vault_of(settings))


def auth_of(settings: Settings) -> tuple[Ebay, EbayAuth]:
    """What asks eBay for tokens, without a key to store any; raises ``BadSettings`` for what is missing."""
    chosen = settings.ebay
    if not (chosen.client_id and chosen.client_secret and chosen.ru_name):
        raise BadSettings(
            "eBay is not set up: set WORKER_EBAY__CLIENT_ID, WORKER_EBAY__CLIENT_SECRET, WORKER_EBAY__RU_NAME"
        )
    ebay = Ebay(
        chosen.environment,
        connections=chosen.connections,
        deadline_seconds=chosen.deadline_seconds,
        wiring=Wiring(on_request=observe.api_request),
    )
    return ebay, EbayAuth(ebay, Application(chosen.client_id, chosen.client_secret, chosen.ru_name))


def vault_of(settings: Settings) -> Vault:
    """The vault with the key ring of the settings; raises ``BadSettings`` where there is none."""
    ring, file = settings.secrets.keys, settings.secrets.keys_file
    return read_ring(ring.get_secret_value() if ring else None, Path(file) if file else None)


def tokens_of(parts: EbayParts, db: Database) -> Tokens:
    """Give access tokens with these parts."""
    return Tokens(db, parts.vault, parts.auth, environment=parts.ebay.environment)


@asynccontextmanager
async def asker_of(settings: Settings, db: Database) -> AsyncIterator[Asker | None]:
    """Open what asks eBay for jobs; None where eBay is not set up, and its jobs say so."""
    if not is_configured(settings):
        yield None
        return
    parts = ebay_parts(settings)
    async with parts.ebay:
        yield Asker(db, parts.ebay, tokens_of(parts, db))


def selling_handlers(settings: Settings, db: Database, asker: Asker | None) -> list[AnyHandler]:
    """The handlers that read connected accounts."""
    habits = Habits(
        timedelta(days=settings.sync.first_days), timedelta(seconds=settings.sync.overlap_seconds)
    )
    return [
        SellerSync(environment=settings.ebay.environment, is_configured=is_configured(settings)),
        SyncOrgs(db, environment=settings.ebay.environment),
        AccountSync(db, asker, resources=resources(db), habits=habits),
        EbayLimits(db, asker, own=settings.quotas),
    ]


def resources(db: Database) -> list[Resource]:
    """All that an account can be asked about, in the order of the docs."""
    return [Orders(), Transactions(), Disputes(), Messages(), Inventory(), Offers(db)]


def selling_schedules(settings: Settings) -> list[Schedule]:
    """What is done by the clock, unless it is switched off or a schedule of that name is there."""
    if not is_configured(settings):
        return []
    built_in = [
        built_in_schedule(SCHEDULE, settings.sync.cron, SyncOrgs.kind),
        built_in_schedule(LIMITS_SCHEDULE, settings.sync.limits_cron, EbayLimits.kind),
    ]
    return [one for one in built_in if one is not None and one.name not in settings.schedules]


def selling_duties(settings: Settings, db: Database) -> list[Duty]:
    """Now and then say what is assumed of eBay's quotas, for fresh databases, and which keys are missing."""
    if not is_configured(settings):
        return []
    quotas = {api: calls for api, calls in QUOTAS.items() if api not in settings.quotas}
    return [
        Duty("ebay quotas", HOUR, partial(assume, db, quotas, PACIFIC)),
        Duty("ebay cooldowns", HOUR, partial(forget, db)),
        Duty("keys", HOUR, partial(_miss_keys, db, vault_of(settings))),
    ]


async def _miss_keys(db: Database, vault: Vault) -> None:
    """Say which keys are missing: the accounts under them cannot be read, the others can."""
    for key, accounts in (await missing_keys(db, vault)).items():
        observe.say("key_missing", level="error", key=key, accounts=accounts)
