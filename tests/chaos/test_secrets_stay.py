"""Row 34: secrets are planted wherever we are given any, and looked for wherever we say something."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import anyio
import httpx
import psycopg
import pytest

from tests.chaos.canaries import Canaries, all_rows, forged, told_lines, watching_statements
from tests.commands.conftest import Cli, bare
from tests.queue.processes import QUEUE
from tests.queue.scene import until
from tests.selling.market import PREFIX, ROOT, Market, connect_sellers, market
from worker.accounts.accounts import place
from worker.accounts.vault import new_key, read_ring
from worker.db import open_database

__all__ = ["bare"]  # A fixture, which is known by being imported.

ORDERS, REFRESH = "ebay_fulfillment.get_orders", "ebay_oauth.refresh_token"
FORGED = '\r\n{"event": "forged"}\r\n\x1b[31mred'
LEAST = 40
TOKENS = "select a.id, a.ebay_user_id, a.access_token, a.refresh_token from public.ebay_accounts a"
START = "select worker.start_run(%s, %s)"
STATE = "select r.state::text from worker.runs r where r.id = %s"
ENDED = ("completed", "failed", "paused", "cancelled")


@dataclass
class Program:
    """One of our programs in a process of its own, and what it wrote."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    async def said(self, event: str) -> dict[str, Any]:
        """Wait until it has said something; answers the last of it."""

        async def have() -> list[str]:
            assert self.process.poll() is None, self.text()
            return [line for line in self.text().splitlines() if f'"event": "{event}"' in line]

        found: dict[str, Any] = json.loads((await until(have, seconds=60))[-1])
        return found


@contextmanager
def program(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[Program]:
    """Run one for as long as the block lasts."""
    log = folder / f"{arguments[0]}.log"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", *arguments],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(ROOT)} | environment,
            stdout=out,
            stderr=out,
        )
        try:
            yield Program(process, log)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def login(database_url: str, canaries: Canaries) -> Iterator[str]:
    """The database, for a worker whose password is a secret."""
    password = canaries.new("the database's password")
    name = f"canary_{password[-12:]}"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"create role {name} login password '{password}' in role mintmark_worker".encode())
    try:
        parts = urlsplit(database_url)
        at = parts.netloc.rpartition("@")[2]
        yield urlunsplit(parts._replace(netloc=f"{name}:{password}@{at}"))
    finally:
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute(f"drop role {name}".encode())


@pytest.fixture
def shop(tmp_path: Path, canaries: Canaries) -> Iterator[Market]:
    """Three sellers, one with a name that would forge a line; our secrets are canaries."""
    with market(tmp_path, sellers=3, orders=60) as running:
        secret = canaries.new("the application's secret")
        known = running.application
        form = {"client_id": known.client_id, "client_secret": secret, "ru_name": known.ru_name}
        order(running, "applications", {**form, "accepted_url": "http://127.0.0.1:8081/oauth/ebay/callback"})
        environment = dict(running.environment) | {f"{PREFIX}CLIENT_SECRET": secret}
        ring = f"{new_key('one')},{new_key('two')}"
        for name, key in re.findall(r"(\w+):([^,]+)", ring):
            canaries.keep(f"the key {name}", key)
        yield replace(running, environment=environment, ring=ring)


def order(shop: Market, what: str, body: object) -> Any:
    answer = httpx.post(f"{shop.url}/_sandbox/{what}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def environment_of(shop: Market, login: str, canaries: Canaries) -> dict[str, str]:
    """All that a program of ours can be given, with a secret wherever one may stand."""
    hook = f"{shop.url}/hook"
    return shop.variables() | {
        **{f"WORKER_QUEUE__{name}": value for name, value in QUEUE.items()},
        "DATABASE_URL": login,
        "MIGRATIONS_URL": login,
        "WORKER_LOG__FORMAT": "json",
        "WORKER_LOG__LEVEL": "debug",
        "WORKER_OPS__PORT": "0",
        "WORKER_WEB__PORT": "0",
        "WORKER_ALERTS__ALLOW_PRIVATE": "true",
        "WORKER_ALERTS__WEBHOOK_URL": f"{hook}/{canaries.new('the webhook')}",
        "WORKER_ALERTS__SLACK_URL": f"{hook}/{canaries.new('slack')}?key={canaries.new('its key')}",
        "WORKER_ALERTS__DISCORD_URL": f"http://bot:{canaries.new('discord')}@127.0.0.1:1/x",
        "WORKER_ALERTS__MAIL_HOST": "127.0.0.1",
        "WORKER_ALERTS__MAIL_PORT": "1",
        "WORKER_ALERTS__MAIL_USERNAME": "us",
        "WORKER_ALERTS__MAIL_PASSWORD": canaries.new("the mail's password"),
        "WORKER_ALERTS__MAIL_FROM": "us@example.com",
        "WORKER_ALERTS__MAIL_TO": "ops@example.com",
        "WORKER_POKEMONAPI__API_KEY": canaries.new("a card API's key"),
        "WORKER_EBAY__VERIFICATION_TOKEN": canaries.new("the verification token"),
        "AWS_SECRET_ACCESS_KEY": canaries.new("what is not ours"),
    }


@dataclass
class Office:
    """Everybody who is at work, and what they are put through."""

    url: str
    shop: Market
    canaries: Canaries

    def run(self, statement: str, *values: object) -> Any:
        with psycopg.connect(self.url, autocommit=True) as owner:
            cursor = owner.execute(statement.encode(), values)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def sync(self, kind: str = "seller_sync", **params: object) -> str:
        """Read the sellers, and wait until that is over; answers how it ended."""
        run = self.run(START, kind, json.dumps(params))

        async def is_over() -> str | None:
            state: str = self.run(STATE, run)
            return state if state in ENDED else None

        return str(anyio.run(lambda: until(is_over, seconds=90)))

    def keep_tokens(self, when: str) -> None:
        """Watch for the tokens that are good now."""
        vault = read_ring(self.shop.ring)
        with psycopg.connect(self.url) as owner:
            for id_, seller, *ciphertexts in owner.execute(TOKENS.encode()).fetchall():
                for column, secret in zip(("access_token", "refresh_token"), ciphertexts, strict=True):
                    token = vault.decrypt(bytes(secret), place(id_, column))
                    self.canaries.keep(f"the {column} of {seller} {when}", token)

    def connect(self) -> dict[str, UUID]:
        async def all_of_them() -> dict[str, UUID]:
            async with open_database(self.url, size=4) as db:
                return await connect_sellers(db, self.shop, sorted(await self.shop.books()))

        return anyio.run(all_of_them)

    def play(self, *faults: dict[str, Any]) -> None:
        order(self.shop, "scenario", {"faults": list(faults)})

    def go_through_all(self, accounts: dict[str, UUID], worker: Program) -> list[str]:
        """Success, garbage, words of ours that come back, crashes, an outage, and refusals in the end."""
        endings = [self.sync()]
        for fault in self.bad_answers():
            self.play({"operation": ORDERS, "times": 3, **fault})
            endings.append(self.sync(since="2026-01-01T00:00:00Z"))
        self.play({"operation": REFRESH, "times": 2, **self.echo("the token endpoint")})
        order(self.shop, "tokens", {"expire": {}})
        endings.append(self.sync())
        self.keep_tokens("later")
        endings.append(self.crash(accounts, worker))
        self.run(
            "select count(pg_terminate_backend(a.pid)) from pg_stat_activity a"
            " where a.datname = current_database() and a.pid <> pg_backend_pid()"
            "   and a.application_name like %s",
            "mintmark%",
        )
        endings.append(self.sync())
        order(self.shop, "tokens", {"revoke": {}})
        endings.append(self.sync())
        return endings

    def crash(self, accounts: dict[str, UUID], worker: Program) -> str:
        """Let storing a token fail in a way that nobody has thought of, in the middle of a job."""
        self.run("alter table public.ebay_accounts add constraint odd check (token_version < 0) not valid")
        order(self.shop, "tokens", {"expire": {}})
        run = self.run(START, "account_sync", json.dumps({"account_id": str(min(accounts.values()))}))
        anyio.run(worker.said, "job_crashed_handler")
        self.run("alter table public.ebay_accounts drop constraint odd")
        self.run("select worker.cancel_run(%s)", run)
        return "crashed"

    def bad_answers(self) -> list[dict[str, Any]]:
        html = f"<html>{self.canaries.new('a page')}{FORGED}</html>"
        return [
            self.echo("an API"),
            {"kind": "body", "status": 500, "text": html, "content_type": "text/html"},
            {"kind": "body", "status": 200, "text": f'{{"orders": "{self.canaries.new("an order")}"}}'},
            {"kind": "truncated"},
            {"kind": "redirect", "location": f"{self.shop.url}/{self.canaries.new('a redirect')}"},
        ]

    def echo(self, who: str) -> dict[str, Any]:
        """An error body that says things back which were secret."""
        named = {name: f"{self.canaries.new(f'{who}: {name}')}{FORGED}" for name in ("id", "words", "detail")}
        errors = [{"errorId": named["id"], "message": named["words"], "longMessage": named["detail"]}]
        text = json.dumps({"errors": errors, "error": named["id"], "error_description": named["words"]})
        return {"kind": "body", "status": 400, "text": text}


def knock(url: str, canaries: Canaries, *paths: str) -> str:
    """Ask a port of ours for these paths with secrets in headers and query; answers all it said."""
    told = []
    for path in paths:
        headers = {
            "Authorization": f"Bearer {canaries.new(f'a bearer token for {path}')}",
            "Cookie": f"__Host-mintmark-oauth={canaries.new(f'a cookie for {path}')}",
            "X-Request-ID": canaries.new(f"a request's id for {path}"),
        }
        query = {name: canaries.new(f"{name} for {path}") for name in ("code", "state", "ticket", "error")}
        answer = httpx.get(f"{url}{path}", headers=headers, params=query, timeout=30)
        told.append(f"{answer.headers}\n{answer.text}")
    return "\n".join(told)


def commands(cli: Cli, accounts: dict[str, UUID], canaries: Canaries) -> dict[str, str]:
    """What the command line says of everything, also where it is used wrongly."""
    account = min(accounts.values())
    looks = ("account list", "account log", "alert list", "run list", "job list", "kinds", "quota list")
    asked: list[tuple[str, ...]] = [(*look.split(), *form) for look in looks for form in ((), ("--json",))]
    asked += [("doctor", "--json"), ("account", "refresh", str(account)), ("account", "rekey")]
    asked += [("enqueue", "demo", json.dumps({"seconds": canaries.new("a payload")}))]
    asked += [("enqueue", "demo", json.dumps({"password": canaries.new("a password in a payload")}))]
    said = {" ".join(one[:2]) + str(number): cli(*one) for number, one in enumerate(asked)}
    texts = {name: f"{one.out}\n{one.err}" for name, one in said.items()}
    wrong = {
        "WORKER_SECRETS__KEYS": f"one:{canaries.new('half a key')}",
        "WORKER_ALERTS__WEBHOOK_URL": f"ftp://{canaries.new('a bad webhook')}/x",
        "WORKER_EBAY__VERIFICATION_TOKEN": f"{canaries.new('a bad token')} !",
        "DATABASE_URL": f"postgresql://bob:{canaries.new('a bad password')}@127.0.0.1:half/shop",
    }
    for name, value in wrong.items():
        before = os.environ[name]
        one = cli("doctor", **{name: value})
        cli("kinds", **{name: before})
        assert one.code != 0
        texts[f"doctor with a wrong {name}"] = f"{one.out}\n{one.err}"
    return texts


@pytest.mark.timeout(600)
@pytest.mark.scorecard(34)
def test_no_secret_comes_to_light_and_nobody_writes_into_our_log(
    bare: Cli,
    database_url: str,
    login: str,
    shop: Market,
    canaries: Canaries,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    environment = environment_of(shop, login, canaries)
    first = min(anyio.run(shop.books))
    order(shop, "world", {"rename": {"seller": first, "username": f"anna{FORGED}"}})
    office = Office(database_url, shop, canaries)
    accounts = office.connect()
    office.keep_tokens("at first")
    with (
        watching_statements(database_url) as statements,
        program(tmp_path, environment, "worker") as worker,
        program(tmp_path, environment, "web") as web,
    ):
        anyio.run(worker.said, "worker_started")
        endings = office.go_through_all(accounts, worker)
        ops = anyio.run(worker.said, "ops_port")["url"]
        pages = anyio.run(web.said, "web_port")["url"]
        answers = {
            "the ops port": knock(ops, canaries, "/metrics", "/healthz", "/readyz", "/nowhere"),
            "the pages": knock(
                pages, canaries, "/oauth/ebay/start", "/oauth/ebay/callback", "/healthz", "/%0d%0a%1b[31m"
            ),
        }
        said = commands(lambda *given, **env: bare(*given, **{**environment, **env}), accounts, canaries)
        assert worker.process.poll() is web.process.poll() is None
    logs = {"the worker's log": worker.text(), "the log of the pages": web.text()}

    shown = logs | answers | said
    places = shown | all_rows(database_url) | {"what was asked": "\n".join(statements)}
    assert canaries.found_in(places) == set()
    assert len(canaries.planted) >= LEAST
    assert "job_crashed_handler" in logs["the worker's log"]
    assert not any("\x1b" in text for text in shown.values())
    lines = [line for log in told_lines(logs).values() for line in log]
    assert not any(forged(json.loads(line)) for line in lines)
    assert endings[0] == "completed", endings
    record_property(
        "figures",
        f"{len(canaries.planted)} secrets; {len(lines)} lines of logs, {len(said)} commands,"
        f" {len(statements)} statements seen, {len(all_rows(database_url))} tables: 0 hits, 0 lines forged",
    )
