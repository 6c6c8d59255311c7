"""Row 30: a socket that hangs, wherever it does, is given up at the deadline and leaves nothing behind."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from pydantic import SecretStr

from tests.chaos.conftest import Times
from tests.sandbox.conftest import CARDS, SETS
from worker.clients.ebay import Ebay
from worker.clients.ebay_auth import Application, EbayAuth
from worker.clients.ebay_orders import API, get_orders
from worker.clients.http import Wiring
from worker.errors import MintmarkError, SourceDown
from worker.sandbox.cards import CardRecords
from worker.sandbox.ebay.stand import Stand, build
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Scenario
from worker.sandbox.serve import served

DEADLINE, TOLERANCE = 1.0, 0.5
CONNECTIONS = 8
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
DRIP_SECONDS = 0.3


class Door:
    """Stands before the marketplace: lets everybody through, or does to them what ``mode`` says."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self.mode = "open"
        self.visits: set[asyncio.Task[None]] = set()

    def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.add(asyncio.create_task(self._visit(reader, writer)))

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (some := await reader.read(1 << 16)) and self.mode != "open":
                await self._torment(writer)
            if some:
                await self._lead(some, reader, writer)
        except ConnectionError:
            pass  # It hung up, as it should.
        finally:
            writer.transport.abort()

    async def _torment(self, writer: asyncio.StreamWriter) -> None:
        words = {"silent": b"", "drips its head": HEAD, "drips its body": b"[" * 5000}[self.mode]
        if self.mode == "drips its body":
            writer.write(HEAD)
        for at in range(len(words)):
            writer.write(words[at : at + 1])
            await writer.drain()
            await asyncio.sleep(DRIP_SECONDS)

    async def _lead(self, said: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, on = await asyncio.open_connection(self._to.hostname, self._to.port)
        try:
            on.write(said)
            await asyncio.gather(_pump(reader, on), _pump(back, writer))
        finally:
            on.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(1 << 16):
        writer.write(some)
        await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def door(url: str, listener: socket.socket) -> AsyncIterator[Door]:
    """Open a door where somebody listens, for as long as the block lasts."""
    made = Door(url)
    server = await asyncio.start_server(made.meet, sock=listener, backlog=128)
    try:
        yield made
    finally:
        server.close()
        for visit in made.visits:
            visit.cancel()
        await asyncio.gather(*made.visits, return_exceptions=True)


@contextmanager
def full_listener() -> Iterator[tuple[socket.socket, list[socket.socket]]]:
    """Listen without ever accepting, with a queue so full that nobody can connect; and who fills it."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for one in fillers:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(listener.getsockname())
        try:
            yield listener, fillers
        finally:
            for one in fillers:
                one.close()


@pytest.fixture(scope="module")
def stand() -> Iterator[tuple[Stand, str]]:
    """The stand-in for eBay with one seller."""
    made = build(
        CardRecords(SETS, CARDS),
        seed=1,
        sellers=1,
        orders=4,
        accepted_url="http://127.0.0.1:8081/back",
        journal=Journal(),
        scenario=Scenario(),
    )
    with served(made.app) as url:
        yield made, url


async def token_of(stand: Stand, url: str) -> str:
    known = stand.application
    application = Application(known.client_id, SecretStr(known.client_secret), known.ru_name)
    seller = stand.sellers.sellers[0].user_id
    code = stand.tokens.issue_code(stand.application, seller, stand.application.scopes)
    async with Ebay(url) as ebay:
        return (await EbayAuth(ebay, application).exchange(code)).access_token


async def ask(ebay: Ebay, token: str) -> object:
    until = datetime.now(UTC) - timedelta(days=1)
    since = until - timedelta(days=9)
    return await ebay.ask(get_orders(since, until, limit=50, offset=0), token=token, request_id="test")


async def given_up_after(ebay: Ebay, token: str, count: int = CONNECTIONS) -> list[float]:
    """Ask so often at once; answers how long each took to be given up as an outage."""
    took: list[float] = []

    async def one() -> None:
        began = time.monotonic()
        with pytest.raises(SourceDown):
            await ask(ebay, token)
        took.append(time.monotonic() - began)

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(one)
    return took


async def cancelled(ebay: Ebay, token: str, count: int, chance: random.Random) -> int:
    """Ask so often, each time cancelled at any moment; answers how many were still at it."""
    cut_off = 0
    turns = anyio.CapacityLimiter(5 * CONNECTIONS)

    async def one() -> None:
        nonlocal cut_off
        async with turns:
            with anyio.move_on_after(chance.uniform(0, 0.05)) as scope, suppress(MintmarkError):
                await ask(ebay, token)
            cut_off += scope.cancelled_caught

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(one)
    return cut_off


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def in_use(ebay: Ebay) -> tuple[int, int, int]:
    """Turns that are taken, connections that are not idle, and requests that wait in the pool."""
    client = ebay._clients[API]
    pool: Any = client._http._transport._pool  # type: ignore[attr-defined]
    busy = [one for one in pool.connections if not one.is_idle()]
    return client._tokens.borrowed_tokens, len(busy), len(pool._requests)


@pytest.mark.timeout(200)
@pytest.mark.scorecard(30)
async def test_a_socket_that_hangs_is_given_up_at_the_deadline_and_leaves_the_pool_empty(
    stand: tuple[Stand, str], seed: int, times: Times, record_property: Callable[[str, object], None]
) -> None:
    cancels, chance = times(300, 2000), random.Random(seed)
    clock = [0.0]
    wiring = Wiring(clock=lambda: clock[0])
    token = await token_of(*stand)
    took: dict[str, list[float]] = {}
    files = open_files()
    with full_listener() as (listener, fillers):
        port = listener.getsockname()[1]
        async with Ebay(
            f"http://127.0.0.1:{port}", connections=CONNECTIONS, deadline_seconds=DEADLINE, wiring=wiring
        ) as ebay:
            took["connects never"] = await given_up_after(ebay, token)
            for one in fillers:
                one.close()
            async with door(stand[1], listener) as before:
                for mode in ("silent", "drips its head", "drips its body"):
                    clock[0] += 60  # Else the breaker would keep everybody away.
                    before.mode = mode
                    took[mode] = await given_up_after(ebay, token)
                    assert in_use(ebay) == (0, 0, 0), mode
                before.mode = "silent"
                clock[0] += 60
                at_silence = await cancelled(ebay, token, cancels // 2, chance)
                before.mode = "open"
                at_work = await cancelled(ebay, token, cancels - cancels // 2, chance)
                left = in_use(ebay)
                clock[0] += 60
                answers = [await ask(ebay, token) for _ in range(20)]
                assert in_use(ebay) == (0, 0, 0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        secure = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with Ebay(secure, deadline_seconds=DEADLINE) as ebay:
            took["shakes no hand"] = await given_up_after(ebay, token)
            assert in_use(ebay) == (0, 0, 0)

    left_open = open_files() - files
    worst = {mode: max(each, key=lambda one: abs(one - DEADLINE)) for mode, each in took.items()}
    record_property(
        "figures",
        f"deadline {DEADLINE:g} s: {', '.join(f'{mode} {one:.2f} s' for mode, one in worst.items())};"
        f" {at_silence} of {cancels // 2} cancelled while nobody answered, {at_work} of"
        f" {cancels - cancels // 2} at work: turns, connections and requests left in use {left}, files"
        f" {left_open};"
        f" the next {len(answers)} requests answered",
    )
    assert left == (0, 0, 0)
    assert left_open == 0
    assert all(isinstance(answer, dict) and "orders" in answer for answer in answers)
    assert at_silence > 0
    assert at_work > 0
    assert all(abs(one - DEADLINE) <= TOLERANCE for one in worst.values())
