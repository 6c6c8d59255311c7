"""The demo's market: a stand-in for eBay and our web process, each in a process, and a browser's way."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from worker.accounts.vault import new_key
from worker.app import Urls
from worker.errors import MintmarkError

SANDBOX_PORT = 8090
START_SECONDS = 30.0
STOP_SECONDS = 15
LOOK_SECONDS = 0.05
ANSWER_SECONDS = 20.0
SEED = 7
SELLERS = 24
ORDERS = 1200
PREFIX = "WORKER_EBAY__"
CALLBACK = "/oauth/ebay/callback"


@dataclass(frozen=True, slots=True)
class DemoMarket:
    """The stand-in that is running: its URL, and the variables that lead workers to it."""

    url: str
    environment: Mapping[str, str]

    def order(self, path: str, body: object) -> None:
        """Order something of the stand-in."""
        answer = ask("POST", f"{self.url}{path}", json.dumps(body), {"Content-Type": "application/json"})
        if answer.status != http.client.OK:
            raise MintmarkError(f"the sandbox refused {path}: {answer.status}")

    def sellers(self) -> list[tuple[str, str]]:
        """Who sells most there: user ids and usernames, the largest first."""
        books = json.loads(ask("GET", f"{self.url}/_sandbox/books").text)
        largest = sorted(books.values(), key=lambda book: (-book["orders"], book["user_id"]))
        return [(book["user_id"], book["username"]) for book in largest]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser is answered."""

    status: int
    headers: Mapping[str, str]
    text: str


@contextmanager
def running_market(folder: Path) -> Iterator[DemoMarket]:
    """Run the stand-in; what we keep of its tokens is encrypted under a key beside the demo's data."""
    size = ["--seed", str(SEED), "--sellers", str(SELLERS), "--orders", str(ORDERS)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    log = folder / "demo-sandbox.log"
    # The same port again, if it can be had: accounts of an earlier demo are then those of this one.
    for port in (SANDBOX_PORT, 0):
        command = [*_us("sandbox"), "--json", *size, "--port", str(port)]
        with _process(command, environ, log) as process:
            assert process.stdout is not None
            if line := process.stdout.readline():
                told = json.loads(line)
                keys = {"WORKER_SECRETS__KEYS_FILE": str(_keys(folder).absolute())}
                yield DemoMarket(told["url"], {**told["environment"], **keys})
                return
    raise MintmarkError(f"the sandbox did not start; see {log}")


@contextmanager
def running_pages(market: DemoMarket, urls: Urls, folder: Path) -> Iterator[str]:
    """Run our web process and make it known at the stand-in; yields its URL."""
    log = folder / "demo-web.log"
    said_before = log.stat().st_size if log.exists() else 0
    environ = os.environ | {**market.environment, "DATABASE_URL": urls.pooled, "MIGRATIONS_URL": urls.direct}
    environ |= {"WORKER_WEB__PORT": "0", "WORKER_WEB__HOST": "127.0.0.1", "WORKER_LOG__FORMAT": "json"}
    environ["WORKER_WEB__PUBLIC_URL"] = "http://127.0.0.1"
    with _process(_us("web"), environ, log) as process:
        url = _url_said(process, log, said_before)
        names = ("CLIENT_ID", "CLIENT_SECRET", "RU_NAME")
        known = {name.lower(): market.environment[PREFIX + name] for name in names}
        market.order("/_sandbox/applications", {**known, "accepted_url": url + CALLBACK})
        yield url


def consent(start_url: str, username: str) -> Answer:
    """Go the way of a seller's browser: our link, the provider's page, the form, and back to us."""
    start = ask("GET", start_url)
    page = start.headers["location"]
    form = {**dict(parse_qsl(urlsplit(page).query)), "username": username, "decision": "agree"}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    agreed = ask("POST", page.partition("?")[0], urlencode(form), kind)
    cookies = SimpleCookie(start.headers["set-cookie"])
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    return ask("GET", agreed.headers["location"], headers={"Cookie": cookie})


def ask(method: str, url: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask a server on this machine, and follow nothing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, dict(headers or {}))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def _us(command: str) -> list[str]:
    return [sys.executable, "-m", "worker", command]


@contextmanager
def _process(
    command: Sequence[str], environ: Mapping[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process whose talk goes into a log; it is stopped at the end, by force if it does not obey."""
    with log.open("ab") as talk:
        # A session of its own: Ctrl-C is for us, and we stop all in order.
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments.
            command, env=environ, stdout=subprocess.PIPE, stderr=talk, start_new_session=True
        )
        with process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


def _url_said(process: "subprocess.Popen[bytes]", log: Path, said_before: int) -> str:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        for line in log.read_bytes()[said_before:].splitlines():
            if b'"web_port"' in line:
                url: str = json.loads(line)["url"]
                return url
        time.sleep(LOOK_SECONDS)
    raise MintmarkError(f"the web process did not start; see {log}")


def _keys(folder: Path) -> Path:
    file = folder / "demo-keys"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new_key("demo"), encoding="ascii")
    return file
