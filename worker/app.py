"""The composition root: here, and only here, the parts are put together."""

import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import anyio
import anyio.abc
import anyio.to_thread

from worker import observe
from worker.accounts.asking import Asker
from worker.channels import channels_of
from worker.clients.ebay import APIS
from worker.collectors import collect_handlers
from worker.db import Database, open_database
from worker.duties import compare_schema, duties_of, schedules_of
from worker.embedded import embedded_postgres
from worker.errors import UserError
from worker.handlers import all_handlers, collect, normalize_batch, price_curve, seller_sync, valuation
from worker.handlers.collect import Collect
from worker.handlers.normalize_batch import NormalizeBatch
from worker.handlers.price_curve import PriceCurve
from worker.handlers.seller_sync import SellerSync
from worker.handlers.valuation import Valuation
from worker.migrate import migrate
from worker.prices import price_handlers
from worker.queue.contract import Kinds
from worker.queue.daemon import Daemon, Pace
from worker.queue.jobs import Jobs
from worker.queue.keeper import Duty
from worker.queue.lease import EXIT_STUCK
from worker.queue.vitals import Vitals
from worker.runs.binding import bind
from worker.runs.blocking import Blocking
from worker.runs.closing import Closer
from worker.runs.handler import AnyHandler
from worker.runs.prices import Prices
from worker.runs.steering import Steering
from worker.selling import asker_of, selling_handlers
from worker.settings_model import Settings
from worker.traces import traced
from worker.web.ops import OpsPort, ops_app

SUMMARIES = {
    NormalizeBatch.kind: normalize_batch.summarise,
    SellerSync.kind: seller_sync.summarise,
    Collect.kind: collect.summarise,
    PriceCurve.kind: price_curve.summarise,
    Valuation.kind: valuation.summarise,
}
HOUSEKEEPING_CONNECTIONS = 6
MOST_CONNECTIONS = 20
SCHEMA_SECONDS = 30.0
COLLECT_AFTER = 20_000
"""Objects made before the collector of cycles looks; its own 700 would cost a short job 2 µs more."""
STEERING_SECONDS = 0.01
"""Between two looks for steered runs; each waits by itself for news, or a while."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the database is: ``pooled`` for work, ``direct`` to migrate, to beat and to listen."""

    pooled: str
    direct: str
    embedded: bool


@contextmanager
def database_urls(settings: Settings) -> Iterator[Urls]:
    """Yield the configured URLs, or start the embedded Postgres (migrated) for as long as they are used."""
    if settings.database_url is not None and settings.migrations_url is not None:
        pooled, direct = settings.database_url, settings.migrations_url
        yield Urls(pooled.get_secret_value(), direct.get_secret_value(), embedded=False)
        return
    with embedded_postgres(settings.embedded.path) as url:
        observe.say("embedded_postgres", path=str(settings.embedded.path))
        migrate(url)
        yield Urls(url, url, embedded=True)


@asynccontextmanager
async def database(settings: Settings, urls: Urls, *, size: int = 4) -> AsyncIterator[Database]:
    """Open the database for a command."""
    async with open_database(urls.pooled, size=size) as db:
        if urls.embedded:
            await Jobs(db).publish(kinds_of(shipped_handlers(settings, db), db))
        yield db


Handlers: TypeAlias = Sequence[AnyHandler]


def shipped_handlers(settings: Settings, db: Database, asker: Asker | None = None) -> Handlers:
    """The handlers of the list, with the settings they need; without an ``asker`` none of them asks eBay."""
    chosen, channels = settings.normalize, channels_of(settings.alerts)
    return all_handlers(
        db,
        batch_size=chosen.batch_size,
        jobs=chosen.jobs,
        snapshot_days=settings.retention.snapshot_days,
        channels=channels,
        alerts_per_hour=settings.alerts.per_hour,
        more=[
            *selling_handlers(settings, db, asker),
            *collect_handlers(settings, db, asker),
            *price_handlers(settings, db),
        ],
    )


def kinds_of(
    handlers: Handlers,
    db: Database,
    *,
    stopping: Callable[[], bool] = lambda: False,
    blocking: Blocking | None = None,
    prices: Prices | None = None,
    steering: Steering | None = None,
) -> Kinds:
    """Bind handlers to the database; ``stopping`` tells them at their safe points.

    They share the places of ``blocking`` for what blocks, the list of prices, and the word of ``steering``.
    Kinds that are only published need none.
    """
    bound = partial(bind, db=db, stopping=stopping, blocking=blocking, prices=prices, steering=steering)
    return Kinds({handler.kind: bound(handler) for handler in handlers})


async def migrate_and_publish(settings: Settings, urls: Urls) -> list[str]:
    """Bring the schema up to date and publish the kinds, so that a fresh database takes work at once."""
    applied = await anyio.to_thread.run_sync(migrate, urls.direct)
    async with open_database(urls.direct, size=2) as db:
        await Jobs(db).publish(kinds_of(shipped_handlers(settings, db), db))
    if applied:
        observe.say("migrated", applied=applied)
    return applied


@dataclass(frozen=True, slots=True)
class Service:
    """What one worker process shall serve: these queues (all, if none is named), with so many slots each."""

    queues: Sequence[str] = ()
    concurrency: int | None = None
    drain: bool = False
    handlers: Callable[[Settings, Database, Asker | None], Handlers] = shipped_handlers


async def run_worker(settings: Settings, urls: Urls, service: Service) -> int:
    """Be a worker until a signal comes, or, draining, until nothing is left.

    Answers the exit code: 0, or 75 when the process shall be started anew because handlers do not let go.
    """
    gc.set_threshold(COLLECT_AFTER)
    pace = _pace(settings, service.concurrency)
    vitals = Vitals(pace.lease_seconds, claim_limit_seconds=max(10.0, pace.poll_seconds * 5))
    async with anyio.create_task_group() as group:
        stop = _Stop(group.cancel_scope)
        await group.start(stop.heed_signals)
        with traced(settings.tracing), _ops_port(settings, vitals, urls):
            size = min(MOST_CONNECTIONS, pace.concurrency + HOUSEKEEPING_CONNECTIONS)
            places = settings.blocking
            async with (
                open_database(urls.pooled, size=size, name="mintmark worker") as db,
                Blocking(threads=places.threads, processes=places.processes) as blocking,
                asker_of(settings, db) as asker,
            ):
                if db.pooled:
                    observe.say("pooler_found")
                await _refuse_old_schema(urls, vitals)
                handlers = service.handlers(settings, db, asker)
                steering = Steering(db, poll_seconds=pace.poll_seconds, grace_seconds=pace.grace_seconds)
                kinds = kinds_of(
                    handlers,
                    db,
                    stopping=lambda: vitals.stopping,
                    blocking=blocking,
                    prices=Prices(settings.prices, free=APIS),
                    steering=steering,
                )
                channels = [channel.name for channel in channels_of(settings.alerts)]
                scheduled = [schedule.kind for schedule in schedules_of(settings)]
                observe.begin_at_zero(kinds=kinds.names(), scheduled=scheduled, channels=channels)
                stop.daemon = _daemon(settings, urls, db, pace, vitals, service, kinds, steering)
                await stop.daemon.run()
        group.cancel_scope.cancel()
    return EXIT_STUCK if stop.daemon is not None and stop.daemon.worn_out else 0


class _Stop:
    """A signal stops the daemon politely; before there is one, it ends the start."""

    def __init__(self, start: anyio.CancelScope) -> None:
        self.daemon: Daemon | None = None
        self._start = start

    async def heed_signals(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
            task_status.started()
            async for _ in received:
                if self.daemon is None:
                    self._start.cancel()
                else:
                    self.daemon.stop()


def _daemon(
    settings: Settings,
    urls: Urls,
    db: Database,
    pace: Pace,
    vitals: Vitals,
    service: Service,
    kinds: Kinds,
    steering: Steering,
) -> Daemon:
    closer = Closer(db, SUMMARIES)
    daemon = Daemon(
        db,
        direct_url=urls.direct,
        kinds=kinds,
        pace=pace,
        vitals=vitals,
        queues=service.queues,
        drain=service.drain,
        after_finish=closer.after_finish,
        on_steering=steering.hear,
        duties=[
            Duty("steering", STEERING_SECONDS, steering.watch),
            *duties_of(settings, db, kinds, closer),
            Duty("schema", SCHEMA_SECONDS, partial(compare_schema, urls.direct, vitals)),
        ],
    )
    steering.cut_off = daemon.cut_off
    return daemon


def _pace(settings: Settings, concurrency: int | None) -> Pace:
    queue = settings.queue
    return Pace(
        concurrency=concurrency or queue.concurrency,
        lease_seconds=queue.lease_seconds,
        heartbeat_seconds=queue.heartbeat_seconds,
        rescue_seconds=queue.rescue_seconds,
        poll_seconds=queue.poll_seconds,
        grace_seconds=queue.grace_seconds,
        stall_seconds=queue.stall_seconds,
        patience_seconds=queue.patience_seconds,
    )


@contextmanager
def _ops_port(settings: Settings, vitals: Vitals, urls: Urls) -> Iterator[None]:
    if not settings.ops.enabled:
        yield
        return
    port = OpsPort(ops_app(vitals, urls.pooled), host=settings.ops.host, port=settings.ops.port)
    port.start()
    observe.say("ops_port", url=port.url)
    try:
        yield
    finally:
        port.stop()


async def _refuse_old_schema(urls: Urls, vitals: Vitals) -> None:
    await compare_schema(urls.direct, vitals)
    if vitals.schema_problem and "not applied" in vitals.schema_problem:
        raise UserError(f"the database is behind this version ({vitals.schema_problem}): mintmark migrate")
