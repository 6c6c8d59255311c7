"""Somebody else's API that takes money: a process of its own on loopback, with an fsynced journal.

``python -m tests.chaos.shop JOURNAL SEED`` prints its port, and sells until its standard input closes. An
order says what it may cost at most, whether its key is honoured (then it is charged once) and which trouble
the buyer wants to see.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LEAST, MOST = Decimal("0.1"), Decimal(90)
LATE_SECONDS = 0.8
"""Past the patience of those who ask for it."""
FINEST = Decimal("0.0001")
TROUBLES = ("hang", "late", "drop", "drop unpaid", "refuse")


def highest_price(seed: int, job: int, step: int) -> Decimal:
    """What a step costs at most, from 0.1 to 90 cents; small prices are as frequent as large ones."""
    share = random.Random(f"{seed}/{job}/{step}").random()
    return (LEAST * Decimal(float(MOST / LEAST) ** share)).quantize(FINEST)


class Shop:
    """Sells, and writes down what it sold before it answers."""

    def __init__(self, journal: Path, seed: int) -> None:
        self._file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._seed = seed
        self._sold: dict[str, Decimal] = {}
        self._sales = 0
        self._never = asyncio.Event()

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the orders of one connection, one after the other."""
        try:
            while True:
                await self._sell(await _order(reader), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # It hung up, or died.
        finally:
            writer.transport.abort()

    async def _sell(self, order: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self._note("arrived", order, Decimal(0))
        await asyncio.sleep(order["seconds"])
        match order["trouble"]:
            case "refuse":
                await _answer(writer, "503 Service Unavailable", {})
            case "drop unpaid":
                raise ConnectionAbortedError
            case "late":
                await asyncio.sleep(LATE_SECONDS)
                self._charge(order)
                raise ConnectionAbortedError
            case "drop":
                self._charge(order)
                raise ConnectionAbortedError
            case "hang":
                self._charge(order)
                await self._never.wait()
            case "kill":
                self._charge(order)
                os.kill(order["pid"], signal.SIGKILL)
                raise ConnectionAbortedError
            case _:
                await _answer(writer, "200 OK", {"cents": str(self._charge(order))})

    def _charge(self, order: dict[str, Any]) -> Decimal:
        """Take the money, unless the key has paid before; answers what the call costs."""
        key = order["key"]
        if order["honours_keys"] and key in self._sold:
            return self._sold[key]
        self._sales += 1
        most = int(Decimal(order["highest"]) / FINEST)
        least = min(most, int(LEAST / FINEST))
        cents = random.Random(f"{self._seed}/{key}/{self._sales}").randint(least, most) * FINEST
        self._sold[key] = cents
        self._note("charged", order, cents)
        os.fsync(self._file)
        return cents

    def _note(self, event: str, order: dict[str, Any], cents: Decimal) -> None:
        line = {"event": event, "at": time.monotonic(), "cents": str(cents)}
        line |= {name: order[name] for name in ("job", "fence", "step", "key")}
        os.write(self._file, json.dumps(line).encode() + b"\n")


async def _order(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(line for line in head.splitlines() if line.startswith("content-length:"))
    order: dict[str, Any] = json.loads(await reader.readexactly(int(length.partition(":")[2])))
    return order


async def _answer(writer: asyncio.StreamWriter, status: str, body: object) -> None:
    text = json.dumps(body)
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    writer.write((head + text).encode())
    await writer.drain()


async def _serve(journal: Path, seed: int) -> None:
    server = await asyncio.start_server(Shop(journal, seed).attend, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - this is how it is found.
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # Whoever hangs would be waited for.


@contextmanager
def selling(journal: Path, seed: int) -> Iterator[str]:
    """Run a shop for as long as the block lasts; yields its URL."""
    journal.touch()
    command = [sys.executable, "-m", "tests.chaos.shop", str(journal), str(seed)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
