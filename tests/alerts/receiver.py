"""What takes alerts in the tests: an HTTP server and a mail server on loopback, and notices to send."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.clients.notices import Notice
from worker.sandbox.serve import served

RAISED = datetime(2026, 11, 20, 21, 40, 24, tzinfo=UTC)


def notice(id_: int = 1, message: str = 'The run "cards" has failed.', **given: Any) -> Notice:
    facts: dict[str, Any] = {"org_id": None, "run_id": None, "job_id": None, "data": {}, "raised_at": RAISED}
    return Notice(
        **{"id": id_, "key": f"k{id_}", "alert": "run_failed", "message": message, **facts, **given}
    )


@dataclass
class Receiver:
    """An HTTP server that keeps what it is told, by the first part of the path; ``status`` is its answer."""

    url: str = ""
    status: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)
    """Cleared, it leaves who tells it something without an answer."""

    def ids(self, path: str = "webhook") -> list[int]:
        """The numbers of the alerts told to a path as generic JSON, in the order in which they came."""
        return [alert["id"] for message in self.told.get(path, []) for alert in message["alerts"]]

    async def take(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.told.setdefault(path, []).append(await request.json())
        self.hosts.append(request.headers["host"])
        with anyio.move_on_after(15):
            while not self.answering.is_set():  # noqa: ASYNC110 - it is set from another thread.
                await anyio.sleep(0.005)
        return Response(status_code=self.status.get(path, 204), headers=self.headers)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.answering.set()
    app = Starlette(routes=[Route("/{path}", receiver.take, methods=["POST"])])
    with served(app) as url:
        receiver.url = url
        yield receiver


@dataclass
class Postbox:
    """A mail server that keeps what it takes; ``answer`` replaces its 250."""

    port: int = 0
    answer: str = "250 taken"
    mails: list[bytes] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name.
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(envelope.content)
            self.to.append(list(envelope.rcpt_tos))
        return self.answer


class _AnyPort(Controller):
    """On a port that the system chooses, which the connection that it makes to itself has to be told."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    controller = _AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
