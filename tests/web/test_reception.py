"""Whatever goes wrong behind a door, there is an answer, and a line in the log that gives nothing away."""

import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.queue.scene import until
from tests.web.scene import Pages, hearing
from worker.web.listening import MOST_CONNECTIONS
from worker.web.pages import Answer
from worker.web.reception import Door, Reception, Visit

SECRET = "v^1.1#i^1#secret"


async def broken(_: Visit) -> Answer:
    raise RuntimeError(SECRET)


DOORS = {"/people": Door({"GET": broken}, never_fails=True), "/programs": Door({"POST": broken})}


@pytest.fixture
async def web() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Reception(DOORS, https=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
        yield client


async def test_what_nobody_expected_is_a_page_for_people_and_a_later_for_programs(
    web: httpx.AsyncClient,
) -> None:
    with hearing() as lines:
        people, programs = await web.get("/people"), await web.post("/programs")

    assert (people.status_code, programs.status_code) == (400, 503)
    assert programs.headers["retry-after"] == "10"
    for answer in (people, programs):
        assert "Something went wrong on our side" in answer.text
        assert answer.headers["x-request-id"] in answer.text
    said = lines.getvalue()
    assert said.count('"event": "web_failed"') == 2
    assert "in broken" in said
    assert SECRET not in said


async def test_without_tls_browsers_are_not_told_to_insist_on_it(web: httpx.AsyncClient) -> None:
    assert "strict-transport-security" not in (await web.get("/")).headers


async def test_of_more_connections_than_there_is_room_for_the_longest_waiting_goes(pages: Pages) -> None:
    where = urlsplit(pages.url)
    others = [socket.create_connection((where.hostname, where.port)) for _ in range(MOST_CONNECTIONS + 20)]
    try:
        for one in others:
            one.setblocking(False)

        async def the_first_are_gone() -> bool:
            return all(is_gone(one) for one in others[:20])

        await until(the_first_are_gone)
        answer = await pages.web.get("/healthz")

        assert answer.status_code == 200
        assert not any(is_gone(one) for one in others[30:])
    finally:
        for one in others:
            one.close()


def is_gone(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
