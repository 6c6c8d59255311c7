"""The web process, as the settings say: a part of the composition root."""

import signal
from functools import partial
from urllib.parse import urlsplit

import anyio
import anyio.abc

from worker import observe
from worker.accounts.call_log import CallLog
from worker.app import Urls
from worker.clients.ebay_notifications import Keys
from worker.db import Database, open_database
from worker.errors import BadSettings
from worker.selling import EbayParts, ebay_parts, tokens_of
from worker.settings_model import Settings
from worker.web.connecting import START_PATH, Connecting
from worker.web.listening import WebServer, is_loopback, listener
from worker.web.notifications import Notifications
from worker.web.reception import Reception
from worker.web.site import web_app

CONNECTIONS = 8
ACQUIRE_SECONDS = 2.0
STATEMENT_SECONDS = 5.0
"""Somebody waits for the answer; what takes longer they may as well ask again."""


async def run_web(settings: Settings, urls: Urls) -> None:
    """Serve until a signal comes. Raises ``BadSettings`` for what is missing, before anything is opened."""
    require_private(settings)
    parts = ebay_parts(settings)
    socket, url = listener(settings.web.host, settings.web.port)
    async with (
        open_database(
            urls.pooled,
            size=CONNECTIONS,
            name="mintmark web",
            acquire_seconds=ACQUIRE_SECONDS,
            statement_seconds=STATEMENT_SECONDS,
        ) as db,
        parts.ebay,
        anyio.create_task_group() as group,
    ):
        server = WebServer(site(settings, parts, db))
        await group.start(_heed_signals, server)
        observe.say("web_port", url=url)
        await server.serve([socket])
        group.cancel_scope.cancel()


def site(settings: Settings, parts: EbayParts, db: Database) -> Reception:
    """Put the pages together."""
    tokens = tokens_of(parts, db)
    public_url = settings.web.public_url
    connecting = Connecting(db, parts.vault, parts.auth, environment=parts.ebay.environment)
    notifications = Notifications(
        db,
        Keys(partial(CallLog(db).ask, parts.ebay), tokens.application),
        public_url=public_url,
        verification_token=settings.ebay.verification_token,
    )
    return web_app(connecting, notifications, public_url=public_url)


def start_url(settings: Settings, ticket: str) -> str:
    """The link with which a browser begins to connect an account."""
    return f"{settings.web.public_url}{START_PATH}?ticket={ticket}"


def require_private(settings: Settings) -> None:
    """Refuse to be reached by others over a line that anybody can read, before it is too late."""
    web = settings.web
    public = urlsplit(web.public_url)
    if public.scheme == "https":
        return
    if not is_loopback(web.host):
        raise BadSettings(
            f"WORKER_WEB__HOST is {web.host}, which others can reach, and WORKER_WEB__PUBLIC_URL is not "
            "https: put a proxy with TLS before it and set its https:// URL, or listen on 127.0.0.1"
        )
    if not is_loopback(public.hostname or ""):
        raise BadSettings(
            f"WORKER_WEB__PUBLIC_URL is {web.public_url}, and browsers keep our cookie only over https: "
            "set the https:// URL of the proxy before it"
        )


async def _heed_signals(server: WebServer, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        task_status.started()
        async for _ in received:
            server.should_exit = True
