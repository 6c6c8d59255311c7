"""The ops port: health and metrics, from a thread of its own, so that a hung event loop can be told of."""

import contextlib
import threading
import time
from collections.abc import Callable

import anyio
import asyncpg
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker import observe
from worker.errors import UserError
from worker.queue.vitals import Vitals

DATABASE_SECONDS = 3.0
START_SECONDS = 10.0


def ops_app(vitals: Vitals, database_url: str) -> Starlette:
    """Four routes that tell the truth; a 503 names what is wrong."""

    async def healthz(_: Request) -> Response:
        return _answer(vitals.problems())

    async def healthz_db(_: Request) -> Response:
        return _answer(await _database_problems(database_url))

    async def readyz(_: Request) -> Response:
        return _answer([*vitals.reasons_not_ready(), *await _database_problems(database_url)])

    async def metrics(_: Request) -> Response:
        observe.CLAIM_AGE.set(vitals.claim_age())
        return Response(generate_latest(observe.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/healthz/db", healthz_db),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ]
    )


def _answer(problems: list[str]) -> Response:
    return JSONResponse(
        {"status": "failing" if problems else "ok", "problems": problems},
        status_code=503 if problems else 200,
        headers={"Cache-Control": "no-store"},
    )


async def _database_problems(url: str) -> list[str]:
    try:
        with anyio.fail_after(DATABASE_SECONDS):
            connection = await asyncpg.connect(url, timeout=DATABASE_SECONDS, statement_cache_size=0)
            try:
                await connection.fetchval("select 1")
            finally:
                connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [f"database: {type(error).__name__}"]
    return []


class OpsPort:
    """Serves ``ops_app`` between ``start`` and ``stop``. ``url`` is where; port 0 lets the system choose."""

    def __init__(self, app: Starlette, *, host: str, port: int) -> None:
        config = uvicorn.Config(
            app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._host, self._port = host, port
        self._thread = threading.Thread(target=self._serve, name="mintmark-ops", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{self._host}:{port}"

    def start(self) -> None:
        """Begin to serve; returns when it listens. Raises ``UserError`` when the port is taken."""
        self._thread.start()
        _wait_until(lambda: self._server.started or not self._thread.is_alive())
        if not self._server.started:
            raise UserError(
                f"the ops port {self._host}:{self._port} cannot be opened, perhaps it is taken; "
                "set WORKER_OPS__PORT to another one, or to 0 for any"
            )

    def stop(self) -> None:
        """End serving."""
        self._server.should_exit = True
        self._thread.join(timeout=3)

    def _serve(self) -> None:
        with contextlib.suppress(SystemExit):  # uvicorn's way to say "taken"; start() says it better.
            self._server.run()


def _wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + START_SECONDS
    while not true() and time.monotonic() < until:
        time.sleep(0.005)
