"""Run the sandbox beside whatever else this process does, over real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 10


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve an app in a thread with its own event loop and yield its URL, on a port that the OS chooses.

    Loopback only. At the end open connections have a second to finish; then the thread is gone.
    """
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # Listening from here on: a caller that comes before the thread is ready waits in the backlog.
    with socket.create_server((HOST, 0)) as listener:
        # asyncio sets this only on sockets that name their protocol; without it each answer takes 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{port}"
        finally:
            server.should_exit = True
            thread.join(SHUTDOWN_SECONDS)
