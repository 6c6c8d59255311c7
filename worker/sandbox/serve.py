"""Run the sandbox over real sockets: beside whatever else this process does, or as all that it does."""

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from worker.errors import UserError

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 10
BACKLOG = 2048


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app in a thread with its own event loop and yield its URL, on a port that the OS chooses.

    Loopback only. At the end open connections have a second to finish; then the thread is gone.
    """
    server = _server(app)
    # Listening from here on: a caller that comes before the thread is ready waits in the backlog.
    with _listening(HOST, 0) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{port}"
        finally:
            server.should_exit = True
            thread.join(SHUTDOWN_SECONDS)


def serve(app: ASGIApp, *, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Serve an app from this thread until SIGINT or SIGTERM; port 0 lets the system choose.

    ``listening`` is told the URL once calls are taken. Raises ``UserError`` for a host that is not this
    machine's own, and when the port cannot be had.
    """
    address = _loopback(host)
    server = _server(app, loop="auto")
    # The server raises the signal again when it is done; by then it has been obeyed.
    ended = {each: signal.signal(each, _obeyed) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        with _listening(address, port) as listener, suppress(_Obeyed):
            name = f"[{address}]" if ":" in address else address
            listening(f"http://{name}:{listener.getsockname()[1]}")
            server.run([listener])
    finally:
        for each, handler in ended.items():
            signal.signal(each, handler)


class _Obeyed(Exception):
    """Raised by a signal before the server hears them, or after it has ended."""


def _obeyed(*_: object) -> None:
    raise _Obeyed


def _loopback(host: str) -> str:
    address = HOST if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise UserError(f"the sandbox has no locks: it serves this machine only (127.0.0.1), not {host}")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UserError(f"nothing can listen at {host} port {port}: {error.strerror}") from None
    # asyncio sets this only on sockets that name their protocol; without it each answer takes 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _server(app: ASGIApp, loop: str = "asyncio") -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        loop=loop,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)
