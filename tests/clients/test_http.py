import logging
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from worker.clients.answers import AnsweredDown, AnsweredNo
from worker.clients.http import Call, JsonClient, Wiring
from worker.errors import MintmarkError, SourceDown, SourceError, SourceGarbled, SourceRefused, Unavailable
from worker.sandbox.journal import Journal
from worker.sandbox.scenario import Fault, FaultKind, Scenario
from worker.sandbox.serve import served

SETS = Call(operation="sets", path="/sets", params={"pageSize": 5})
KEYED = Call(operation="sets", path="/sets", headers={"X-Api-Key": "without limits"})
NAME = "pokemon_tcg.sets"


def _client(url: str, wiring: Wiring, *, deadline: float = 10, connections: int = 4) -> JsonClient:
    return JsonClient("cards", f"{url}/v2", deadline_seconds=deadline, connections=connections, wiring=wiring)


async def _error(client: JsonClient, call: Call = SETS) -> MintmarkError:
    async with client:
        with pytest.raises(MintmarkError) as caught:
            await client.ask(call)
    return caught.value


async def test_an_answer_is_the_json_it_holds(
    sandbox: str, wiring: Wiring, heard: list[tuple[str, str]]
) -> None:
    async with _client(sandbox, wiring) as client:
        answer = await client.ask(SETS)

    assert isinstance(answer, dict)
    assert [each["id"] for each in answer["data"]] == ["base1", "synth1"]
    assert heard == [("cards", "2xx")]


async def test_a_gateways_page_is_an_outage_and_is_tried_three_times_in_all(
    sandbox: str,
    scenario: Scenario,
    wiring: Wiring,
    heard: list[tuple[str, str]],
    slept: list[float],
) -> None:
    scenario.replace((Fault(operation=NAME, kind="html", status=502, times=None),))

    error = await _error(_client(sandbox, wiring))

    assert isinstance(error, AnsweredDown)
    assert str(error) == "cards sets answered 502: it cannot serve us now"
    assert heard == [("cards", "5xx")] * 3
    assert slept == [1, 2]


async def test_an_outage_that_passes_is_not_noticed(
    sandbox: str, scenario: Scenario, wiring: Wiring, heard: list[tuple[str, str]]
) -> None:
    scenario.replace((Fault(operation=NAME, kind="status", status=503, times=2),))

    async with _client(sandbox, wiring) as client:
        assert await client.ask(SETS)

    assert [status for _, status in heard] == ["5xx", "5xx", "2xx"]


async def test_a_write_is_never_repeated(sandbox: str, scenario: Scenario, wiring: Wiring) -> None:
    scenario.replace((Fault(operation=NAME, kind="status", status=503),))

    error = await _error(_client(sandbox, wiring), Call(operation="sets", path="/sets", reads=False))

    assert isinstance(error, SourceDown)


async def test_a_status_that_the_caller_answers_itself_is_not_repeated(
    sandbox: str, scenario: Scenario, wiring: Wiring, journal: Journal
) -> None:
    scenario.replace((Fault(operation=NAME, kind="status", status=500),))

    await _error(_client(sandbox, wiring), Call(operation="sets", path="/sets", final=frozenset({500})))

    assert journal.count == 1


async def test_a_sources_own_advice_is_followed_when_it_is_short(
    sandbox: str, scenario: Scenario, wiring: Wiring, slept: list[float], heard: list[tuple[str, str]]
) -> None:
    scenario.replace((Fault(operation=NAME, kind="status", status=429, retry_after="7"),))

    async with _client(sandbox, wiring) as client:
        await client.ask(SETS)

    assert slept == [7]
    assert [status for _, status in heard] == ["429", "2xx"]


async def test_a_sources_own_advice_is_handed_on_when_it_is_long(
    sandbox: str, scenario: Scenario, wiring: Wiring, slept: list[float]
) -> None:
    scenario.replace((Fault(operation=NAME, kind="status", status=429, retry_after="120"),))

    error = await _error(_client(sandbox, wiring))

    assert isinstance(error, SourceDown)
    assert error.retry_after == timedelta(seconds=120)
    assert slept == []


async def test_advice_that_makes_no_sense_is_ignored(
    sandbox: str, scenario: Scenario, wiring: Wiring, slept: list[float]
) -> None:
    scenario.replace((Fault(operation=NAME, kind="status", status=503, retry_after="later, thanks"),))

    async with _client(sandbox, wiring) as client:
        await client.ask(SETS)

    assert slept == [1]


@pytest.mark.parametrize("kind", ["hang", "drip"])
async def test_a_socket_that_hangs_or_drips_is_given_up_at_the_deadline(
    sandbox: str, scenario: Scenario, wiring: Wiring, heard: list[tuple[str, str]], kind: FaultKind
) -> None:
    scenario.replace((Fault(operation=NAME, kind=kind, times=None),))

    with anyio.fail_after(10):
        error = await _error(_client(sandbox, wiring, deadline=0.2))

    assert isinstance(error, SourceDown)
    assert str(error) == "cards sets did not answer within 0.2 s"
    assert heard == [("cards", "timeout")] * 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation=NAME, kind="truncated"),
        Fault(operation=NAME, kind="cut"),
        Fault(operation=NAME, kind="html", status=200),
        Fault(operation=NAME, kind="body", status=200, text='{"data": [NaN]}'),
        Fault(operation=NAME, kind="body", status=200, text=""),
    ],
    ids=["truncated", "cut", "html", "nan", "empty"],
)
async def test_an_answer_that_cannot_be_read_is_garbled_and_asked_for_once(
    sandbox: str, scenario: Scenario, wiring: Wiring, heard: list[tuple[str, str]], fault: Fault
) -> None:
    scenario.replace((fault,))

    error = await _error(_client(sandbox, wiring))

    assert isinstance(error, SourceGarbled)
    assert str(error).startswith("cards sets answered with")
    assert heard == [("cards", "garbled")]


async def test_a_gzip_bomb_costs_no_more_than_the_limit(
    sandbox: str, scenario: Scenario, wiring: Wiring
) -> None:
    scenario.replace((Fault(operation=NAME, kind="gzip_bomb", megabytes=100),))

    tracemalloc.start()
    error = await _error(_client(sandbox, wiring))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert str(error) == "cards sets answered with more than 10485760 bytes"
    assert peak < 40 * 1024 * 1024


async def test_a_refusal_carries_the_sources_own_words_but_does_not_say_them(
    sandbox: str, wiring: Wiring, heard: list[tuple[str, str]]
) -> None:
    error = await _error(
        _client(sandbox, wiring), Call(operation="sets", path="/sets", params={"pageSize": 251})
    )

    assert isinstance(error, AnsweredNo)
    assert str(error) == "cards sets answered 400"
    assert isinstance(error.details, dict)
    assert error.details["error"]["code"] == 400
    assert heard == [("cards", "4xx")]


async def test_a_source_that_is_not_there_is_down(wiring: Wiring, heard: list[tuple[str, str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    error = await _error(_client(f"http://127.0.0.1:{port}", wiring))

    assert isinstance(error, SourceDown)
    assert heard == [("cards", "refused")] * 3


async def test_redirects_are_refused_and_not_followed(wiring: Wiring, heard: list[tuple[str, str]]) -> None:
    followed: list[str] = []

    def redirect(_request: Request) -> Response:
        return RedirectResponse("/trap")

    def trap(request: Request) -> Response:
        followed.append(request.url.path)
        return JSONResponse({})

    with served(Starlette(routes=[Route("/v2/sets", redirect), Route("/trap", trap)])) as url:
        error = await _error(_client(url, wiring))

    assert isinstance(error, SourceRefused)
    assert followed == []
    assert heard == [("cards", "3xx")]


async def test_an_answer_without_content_is_none(wiring: Wiring) -> None:
    def nothing(_request: Request) -> Response:
        return Response(status_code=204)

    with served(Starlette(routes=[Route("/v2/sets", nothing)])) as url:
        async with _client(url, wiring) as client:
            assert await client.ask(SETS) is None


async def test_a_proxy_in_the_environment_is_not_used(
    sandbox: str, wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async with _client(sandbox, wiring) as client:
        assert await client.ask(SETS)


async def test_cookies_are_not_sent_back(sandbox: str, wiring: Wiring, journal: Journal) -> None:
    async with _client(sandbox, wiring) as client:
        await client.ask(SETS)
        await client.ask(SETS)

    assert journal.entries[-1].headers == ("accept", "accept-encoding", "connection", "host", "user-agent")


@pytest.mark.parametrize("kind", ["status", "cut", "html", "hang"])
async def test_neither_queries_nor_keys_get_into_errors_or_logs(
    sandbox: str, scenario: Scenario, wiring: Wiring, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    caplog.set_level(logging.NOTSET)
    scenario.replace((Fault(operation=NAME, kind=kind, times=None),))
    call = Call(operation="sets", path="/sets", params={"q": "canary-1"}, headers={"X-Api-Key": "canary-2"})

    error = await _error(_client(sandbox, wiring, deadline=0.2), call)

    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    said = [str(error), repr(error), repr(error.__cause__), repr(error.__context__), *logged]
    assert not [each for each in said if "canary" in each or "httpx." in each]


async def test_no_more_requests_are_under_way_than_there_are_connections(wiring: Wiring) -> None:
    under_way, most = 0, 0

    async def slowly(_request: Request) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        with anyio.move_on_after(5):
            while most < 3:
                await checkpoint()
        for _ in range(20):
            await checkpoint()
        under_way -= 1
        return JSONResponse({})

    with served(Starlette(routes=[Route("/v2/sets", slowly)])) as url:
        async with _client(url, wiring, connections=3) as client, anyio.create_task_group() as group:
            for _ in range(30):
                group.start_soon(client.ask, SETS)

    assert most == 3


async def test_a_call_that_gets_no_turn_in_time_says_so(
    sandbox: str, scenario: Scenario, wiring: Wiring, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.clients.http.TURN_SECONDS", 0.05)
    scenario.replace((Fault(operation=NAME, kind="hang", times=None),))

    async with _client(sandbox, wiring, connections=1) as client, anyio.create_task_group() as group:
        group.start_soon(client.ask, SETS)
        await _until_journal_holds(journal, 1)
        with pytest.raises(Unavailable, match="got no turn"):
            await client.ask(SETS)
        group.cancel_scope.cancel()


async def _until_journal_holds(journal: Journal, calls: int) -> None:
    while journal.count < calls:
        await checkpoint()  # The sandbox runs in another thread; the deadline is pytest's.


@asynccontextmanager
async def _hundred_requests(client: JsonClient) -> AsyncIterator[None]:
    """Start 100 requests, run the body, cancel those that are still there."""
    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(client.ask, KEYED)
        yield
        group.cancel_scope.cancel()


async def test_a_hundred_cancelled_requests_leave_the_client_able_to_do_the_next_twenty(
    sandbox: str, scenario: Scenario, wiring: Wiring, journal: Journal
) -> None:
    async with _client(sandbox, wiring, connections=4) as client:
        scenario.replace((Fault(operation=NAME, kind="hang", times=None),))
        async with _hundred_requests(client):
            await _until_journal_holds(journal, 4)

        scenario.replace(())
        await _twenty_more(client)


async def test_requests_cancelled_at_any_moment_leave_nothing_behind(sandbox: str, wiring: Wiring) -> None:
    async with _client(sandbox, wiring, connections=4) as client:
        for steps in range(60):
            async with _hundred_requests(client):
                for _ in range(steps):
                    await checkpoint()
        await _twenty_more(client)

        assert client._tokens.borrowed_tokens == 0
        assert _pool_size(client) <= 4


async def _twenty_more(client: JsonClient) -> None:
    answers: list[object] = []

    async def ask() -> None:
        answers.append(await client.ask(KEYED))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
    assert len(answers) == 20


def _pool_size(client: JsonClient) -> int:
    transport: Any = client._http._transport
    return len(transport._pool.connections)


async def test_every_error_is_ours(sandbox: str, scenario: Scenario, wiring: Wiring) -> None:
    kinds: list[FaultKind] = ["status", "html", "cut", "truncated"]
    for kind in kinds:
        scenario.replace((Fault(operation=NAME, kind=kind, times=None),))
        assert isinstance(await _error(_client(sandbox, wiring)), SourceError)
    with pytest.raises(SourceRefused):
        async with JsonClient("cards", "http://127.0.0.1:9", wiring=wiring) as client:
            await client.ask(Call(operation="sets", path="/\x00"))
    assert not issubclass(SourceError, httpx.HTTPError)
