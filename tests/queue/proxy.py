"""A stand between a worker and its Postgres, which can refuse connections or let nothing through."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LONGEST = 1 << 16


@dataclass
class Proxy:
    """``url`` leads through it; ``refuses`` sees a client's first words; ``up`` and ``down`` are the ways."""

    url: str
    refuses: Callable[[bytes], bool]
    up: asyncio.Event = field(default_factory=asyncio.Event)
    down: asyncio.Event = field(default_factory=asyncio.Event)
    refused: int = 0
    relays: set["asyncio.Task[None]"] = field(default_factory=set)

    def cut(self) -> None:
        """Break all connections; what is on its way is lost."""
        for relay in self.relays:
            relay.cancel()
        self.relays.clear()


@asynccontextmanager
async def proxy(url: str, refuses: Callable[[bytes], bool] = lambda _: False) -> AsyncIterator[Proxy]:
    """Stand before the Postgres of ``url`` for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="mm-"))  # A socket's path must be short.
    parts = urlsplit(url)
    through = urlencode({**dict(parse_qsl(parts.query)), "host": str(folder), "port": "5432"})
    userinfo = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    stand = Proxy(urlunsplit(parts._replace(netloc=userinfo, query=through)), refuses)
    stand.up.set()
    stand.down.set()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.create_task(_relay(stand, url, reader, writer))
        # One that is cut before it has begun closes nothing by itself.
        relay.add_done_callback(lambda _: writer.transport.abort())
        stand.relays.add(relay)

    server = await asyncio.start_unix_server(met, folder / ".s.PGSQL.5432", limit=LONGEST)
    try:
        yield stand
    finally:
        server.close()
        relays = [*stand.relays]
        stand.cut()
        await asyncio.gather(*relays, return_exceptions=True)
        for _ in range(3):  # The callbacks, the ends of the connections, and what they leave behind.
            await asyncio.sleep(0)
        shutil.rmtree(folder)


async def _relay(stand: Proxy, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    up: asyncio.StreamWriter | None = None
    try:
        first = await reader.read(LONGEST)
        if stand.refuses(first):
            stand.refused += 1
            return
        await stand.up.wait()
        down, up = await _open(url)
        up.write(first)
        with suppress(OSError):
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(stand.up, reader, up))
                both.create_task(_pump(stand.down, down, writer))
    finally:
        for end in (writer, up):
            if end is not None:
                end.transport.abort()


async def _pump(way: asyncio.Event, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while said := await source.read(LONGEST):
        await way.wait()
        target.write(said)
        await target.drain()
    target.transport.abort()


async def _open(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    host, port = asked.get("host", parts.hostname or "127.0.0.1"), int(asked.get("port", parts.port or 5432))
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)
