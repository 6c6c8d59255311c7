"""Listening: how long a caller may take to ask, and how many may be there at once.

The server's own limits begin only with a whole request. So that those who never finish one are in nobody's
way, each has a while for it, and when there are too many, whoever has been at it longest has to go.
"""

import asyncio
import ipaddress
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from worker.errors import UserError

HEAD_SECONDS = 10.0
MOST_CONNECTIONS = 512
LARGEST_HEAD = 16 * 1024
BACKLOG = 256
KEEP_ALIVE_SECONDS = 5
GRACE_SECONDS = 10
logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())  # We have a line for each request.


class Punctual(H11Protocol):
    """A connection whose caller has ten seconds to send the head of each request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting_since: float | None = None
        self._limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Read on; the time for a request begins with its first byte, for the first one before."""
        if self.waiting_since is None and self.cycle.response_complete:
            self._wait()
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._wait_no_more()
        super().connection_lost(exc)

    def give_way(self) -> None:
        """Hang up, and be counted no more from now on: the transport tells of its end only later."""
        self._wait_no_more()
        self.connections.discard(self)
        self.transport.abort()

    def _wait(self) -> None:
        self.waiting_since = time.monotonic()
        self._limit = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _wait_no_more(self) -> None:
        self.waiting_since = None
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _make_room(self) -> None:
        waiting = [
            (one.waiting_since, one)
            for one in self.connections
            if isinstance(one, Punctual) and one.waiting_since is not None
        ]
        oldest = min(waiting, key=lambda pair: pair[0])[1]
        oldest.give_way()


class WebServer(uvicorn.Server):
    """Serves an application; signals are whoever runs it to hear."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            http=Punctual,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def listener(host: str, port: int) -> tuple[socket.socket, str]:
    """Listen, from now on; answers also the URL. Port 0 lets the system choose.

    Raises ``UserError`` when it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UserError(
            f"the web port {host}:{port} cannot be opened ({error.strerror}); "
            "set WORKER_WEB__PORT to another one, or to 0 for any"
        ) from None
    # asyncio sets this only on sockets that name their protocol; without it each answer takes 40 ms.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = f"[{host}]" if ":" in host else host
    return made, f"http://{name}:{made.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
