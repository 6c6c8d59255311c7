"""Waking up: LISTEN tells at once, polling is the backstop that correctness rests on."""

import asyncio
import random
from collections.abc import Callable

import anyio
import asyncpg

from worker import observe
from worker.db import is_outage

CHANNEL = "mintmark_jobs"
PROBE_SECONDS = 5.0
ANSWER_SECONDS = 3.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


async def listen(url: str, on_news: Callable[[str], None]) -> None:
    """Call ``on_news`` with a queue's name whenever that queue has new work; reconnect for ever.

    A connection that has died without a word is found out by a probe within eight seconds. After every
    (re)connection ``on_news("")`` says "anything may have happened".
    """
    pauses = _Pauses()
    while True:
        try:
            await _listen_once(url, on_news, pauses.begin_again)
        except Exception as error:
            if not is_outage(error):
                raise
            observe.wakeup_mode("poll")
            await anyio.sleep(pauses.following())


class _Pauses:
    """Seconds between tries to listen: longer each time, short again once it has worked."""

    def __init__(self) -> None:
        self._next = SHORTEST_PAUSE

    def begin_again(self) -> None:
        self._next = SHORTEST_PAUSE

    def following(self) -> float:
        pause, self._next = self._next, min(LONGEST_PAUSE, self._next * 2)
        return pause * random.uniform(0.5, 1.5)


async def _listen_once(url: str, on_news: Callable[[str], None], on_success: Callable[[], None]) -> None:
    closed = asyncio.Event()
    settings = {"application_name": "mintmark listen"}
    connection = await asyncpg.connect(
        url, timeout=10, command_timeout=ANSWER_SECONDS, server_settings=settings
    )
    try:
        connection.add_termination_listener(lambda _: closed.set())
        await connection.add_listener(CHANNEL, lambda _c, _p, _ch, queue: on_news(str(queue)))
        observe.wakeup_mode("listen")
        on_success()
        on_news("")
        while not closed.is_set():
            with anyio.move_on_after(PROBE_SECONDS):
                await closed.wait()
            if not closed.is_set():
                await connection.fetchval("select 1")
        raise ConnectionResetError("the LISTEN connection was closed")
    finally:
        connection.terminate()
