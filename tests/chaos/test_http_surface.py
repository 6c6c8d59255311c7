"""Whoever finds the pages: nobody gets in who may not, nothing breaks, and nobody else has to wait."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
import httpx
import pytest

from tests.chaos.conftest import Times
from tests.queue.processes import ROOT, WorkerProcess
from tests.queue.scene import until
from tests.rig import as_worker
from tests.selling.market import HOUSE, Market
from tests.web.conftest import pages, shop
from tests.web.scene import PUBLIC_URL, VERIFICATION_TOKEN, Browser, Pages, state_of
from tests.web.strangers import CANARY, PARAMETERS, PATHS, SCRIPTS, made_up, told
from worker.accounts.consent import open_ticket
from worker.db import Database
from worker.web.connecting import CALLBACK_PATH, COOKIE, PROVIDER, START_PATH
from worker.web.notifications import CLOSED_PATH, REVOKED_PATH
from worker.web.pages import STYLE_HASH, page

pytestmark = pytest.mark.scorecard(35)
__all__ = ["pages", "shop"]  # Fixtures, which are known by being imported.

Record = Callable[[str, object], None]
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
EACH_ITS_OWN = {"date", "content-length", "x-request-id", "location", "set-cookie"}
HTML, JSON = {"content-type": "text/html; charset=utf-8"}, {"content-type": "application/json"}
TICKET = "a" * 43
ANSWERS: list[tuple[str, str, int, dict[str, str]]] = [
    ("GET", "/healthz", 200, JSON),
    ("HEAD", "/healthz", 200, JSON),
    ("POST", "/healthz", 405, {**HTML, "allow": "GET, HEAD"}),
    ("GET", "/", 404, HTML),
    ("GET", "/metrics", 404, HTML),
    ("GET", "/healthz/", 404, HTML),
    ("GET", START_PATH, 400, HTML),
    ("GET", f"{START_PATH}?ticket={TICKET}", 400, HTML),
    ("POST", f"{START_PATH}?ticket={TICKET}", 405, {**HTML, "allow": "GET"}),
    ("GET", CALLBACK_PATH, 400, HTML),
    ("GET", f"{CALLBACK_PATH}?state={TICKET}&code=v%5E1.1", 400, HTML),
    ("POST", CALLBACK_PATH, 405, {**HTML, "allow": "GET"}),
    ("HEAD", CALLBACK_PATH, 405, {**HTML, "allow": "GET"}),
    ("GET", CLOSED_PATH, 400, JSON),
    ("POST", CLOSED_PATH, 412, JSON),
    ("POST", REVOKED_PATH, 412, JSON),
    ("PUT", CLOSED_PATH, 405, {**HTML, "allow": "GET, HEAD, POST"}),
    ("BREW", CLOSED_PATH, 405, {**HTML, "allow": "GET, HEAD, POST"}),
]


async def test_who_has_nothing_gets_nothing_and_every_answer_has_exactly_its_headers(
    pages: Pages, record_property: Record
) -> None:
    requests = set()
    for method, path, status, more in ANSWERS:
        answer = await pages.web.request(method, path)

        own = {name: value for name, value in answer.headers.items() if name not in EACH_ITS_OWN}
        assert (answer.status_code, own) == (status, HEADERS | more), (method, path)
        requests.add(answer.headers["x-request-id"])
    began = await pages.start(Browser(), await pages.ticket())
    own = {name: value for name, value in began.headers.items() if name not in EACH_ITS_OWN}
    assert (began.status_code, own) == (302, HEADERS)

    assert len(requests) == len(ANSWERS)
    unhealthy = [status for _, path, status, _ in ANSWERS if not path.endswith("/healthz")]
    assert [one["status"] for one in pages.said("web_request")] == [*unhealthy, 302]
    assert await pages.accounts() == []
    record_property("figures", f"{len(ANSWERS)} without a right: none got in; headers exact")


async def test_what_a_request_calls_itself_is_not_believed(pages: Pages) -> None:
    answer = await pages.web.get("/", headers={"X-Request-ID": "mine", "X-Forwarded-For": "1.2.3.4"})

    assert len(answer.headers["x-request-id"]) == 32
    assert "mine" not in pages.lines.getvalue()


async def test_a_body_that_is_too_large_is_refused_before_and_while_it_comes(pages: Pages) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 4096

    announced = await pages.web.post(CLOSED_PATH, content=b"x" * (64 * 1024 + 1))
    streamed = await pages.web.post(CLOSED_PATH, content=endless())
    fits = await pages.web.post(CLOSED_PATH, content=b"x" * (64 * 1024))

    assert [one.status_code for one in (announced, streamed, fits)] == [413, 413, 412]


async def test_no_script_gets_onto_a_page_whatever_it_comes_in(pages: Pages, record_property: Record) -> None:
    count = 0
    for script in SCRIPTS:
        browser = Browser()
        state = state_of(await pages.begin(browser))
        errors = f"error={quote(script)}&error_description={quote(script)}"
        sent: list[tuple[str, dict[str, str]]] = [
            *((f"{path}?{name}={quote(script)}", {}) for path in PATHS for name in PARAMETERS),
            (f"{CALLBACK_PATH}?state={state}&{errors}", browser.headers()),
            (f"/{quote(script, safe='')}", {}),
            ("/", {"User-Agent": quote(script), "X-Request-ID": quote(script), "Referer": quote(script)}),
            (CALLBACK_PATH, {"Cookie": f"{COOKIE}={quote(script)}"}),
        ]
        for path, headers in sent:
            answer = await pages.web.get(path, headers=headers)
            count += 1

            assert answer.status_code in {200, 400, 404}, path
            assert "alert(1)" not in answer.text, path
            assert "evil" not in answer.headers.get("set-cookie", ""), path
            if answer.headers["content-type"].startswith("application/json"):
                assert set(answer.json()) <= {"error", "status", "challengeResponse"}
    record_property("figures", f"{count} with a script in them: none on a page")


def test_a_seller_whose_name_is_a_script_is_named_as_text() -> None:
    shown = page("id", 200, SCRIPTS[0], SCRIPTS[1]).body

    assert "<script>" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;alert(1)" in shown


@pytest.mark.timeout(300)
async def test_made_up_requests_break_nothing_and_store_nothing(
    pages: Pages, seed: int, times: Times, record_property: Record
) -> None:
    chance, statuses = random.Random(seed), Counter[int]()
    where = urlsplit(pages.url)
    requests = [made_up(chance) for _ in range(times(1500, 10_000))]
    turns = anyio.CapacityLimiter(32)

    async def send(request: bytes) -> None:
        async with turns:
            with anyio.fail_after(20):
                statuses[await told(str(where.hostname), int(where.port or 0), request)] += 1

    async with anyio.create_task_group() as group:
        for request in requests:
            group.start_soon(send, request)

    log = pages.lines.getvalue()
    assert {status for status in statuses if status >= 500} == set()
    assert set(statuses) <= {0, 200, 400, 404, 405, 408, 412, 413, 431}
    assert (CANARY in log, "<script>" in log, "web_failed" in log) == (False, False, False)
    assert await pages.accounts() == []
    assert await pages.db.fetchval("select count(*) from worker.oauth_states") == 0
    assert await pages.db.fetchval("select count(*) from worker.ebay_notifications") == 0
    assert await pages.tokens_asked() == 0
    assert (await pages.connect((await pages.seller())[1])).status_code == 200
    told_of = ", ".join(f"{status or 'hung up'}: {count}" for status, count in sorted(statuses.items()))
    record_property("figures", f"{len(requests)} made-up requests: {told_of}")


@contextmanager
def web_process(market: Market, url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """``mintmark web`` in a process of its own, and its log."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    environ |= market.variables() | {"PYTHONPATH": str(ROOT), "WORKER_LOG__FORMAT": "json"}
    environ |= {"DATABASE_URL": as_worker(url), "WORKER_WEB__PORT": "0", "WORKER_WEB__PUBLIC_URL": PUBLIC_URL}
    environ |= {"WORKER_EBAY__VERIFICATION_TOKEN": VERIFICATION_TOKEN}
    log = folder / "web.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "worker", "web"]
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=out, stderr=out)
        try:
            yield process, log
        finally:
            process.kill()
            process.wait()


def said(log: Path, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [one for one in lines if one["event"] == event]


@pytest.mark.timeout(120)
async def test_slow_sockets_hold_up_neither_the_pages_nor_a_workers_beats(
    db: Database, database_url: str, shop: Market, tmp_path: Path, record_property: Record
) -> None:
    worker = WorkerProcess(database_url, tmp_path, lease_seconds=5, heartbeat_seconds=0.5)
    try:
        with web_process(shop, database_url, tmp_path) as (process, log), ExitStack() as stack:
            await worker.ready()

            async def serves() -> list[dict[str, Any]]:
                assert process.poll() is None, log.read_text()
                return said(log, "web_port")

            [port] = await until(serves, seconds=30)
            where = urlsplit(port["url"])
            slow = [
                stack.enter_context(socket.create_connection((where.hostname, where.port)))
                for _ in range(200)
            ]
            slowest, least = await _live_through(db, port["url"], slow)
            closed = [one for one in slow if _is_closed(one)]
            async with httpx.AsyncClient(base_url=port["url"]) as web:
                assert (await web.get("/healthz")).status_code == 200
            process.send_signal(signal.SIGTERM)
            with anyio.fail_after(15):
                assert await anyio.to_thread.run_sync(process.wait) == 0
            assert said(log, "web_failed") == []
        assert worker.said("lease_lapsed") == []
        assert len(closed) == len(slow)
        assert least > 1
        record_property(
            "figures",
            f"200 slow sockets: slowest answer {slowest * 1000:.0f} ms, all closed within 13 s;"
            f" of a lease of 5 s never less than {least:.1f} s left",
        )
    finally:
        worker.end()


async def _live_through(db: Database, url: str, slow: list[socket.socket]) -> tuple[float, float]:
    """Ask and begin for thirteen seconds, while the others drip; the slowest answer, the least of a lease."""
    slowest, least, began = 0.0, 60.0, time.monotonic()
    async with httpx.AsyncClient(base_url=url, timeout=5) as web:
        for one in slow[:150]:
            _drip(one, b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        for one in slow[150:170]:
            _drip(one, f"POST {CLOSED_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n".encode())
        while time.monotonic() - began < 13:
            for one in slow[20:170]:
                _drip(one, b"x")
            ticket = (await open_ticket(db, PROVIDER, HOUSE, "u-1")).secret
            for path, status in (("/healthz", 200), (f"{START_PATH}?ticket={ticket}", 302)):
                asked = time.monotonic()
                assert (await web.get(path)).status_code == status
                slowest = max(slowest, time.monotonic() - asked)
            left = "select extract(epoch from min(w.lease_until) - now())::float from worker.workers w"
            least = min(least, await db.fetchval(left))
            await anyio.sleep(0.25)
    return slowest, least


def _drip(one: socket.socket, data: bytes) -> None:
    try:
        one.sendall(data)
    except OSError:
        return  # It has been closed, which is what is waited for.


def _is_closed(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        while one.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
