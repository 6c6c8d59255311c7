"""``mintmark doctor``: look at everything a worker needs, and say what to do about what is wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import anyio
import asyncpg
import typer
from rich.markup import escape

from worker.app import Urls, database_urls
from worker.commands.doctor_selling import selling_checks
from worker.commands.findings import ANSWER_SECONDS, COULD_NOT_LOOK, Finding, connected, not_looked_at
from worker.commands.session import OUT, JsonFlag, print_json, settings
from worker.db import statements
from worker.migrate_drift import drift
from worker.pooler import is_pooled, is_shared

SQL = statements(Path(__file__).with_name("doctor.sql"))
OLDEST_POSTGRES = 150000
MOST_SKEW_SECONDS = 2.0
HEAR_SECONDS = 2.0
NO_POOLER = "none: connections are direct"
DEAF = "work is found by polling alone"
UNGIVEN = "what they are for can be given to nobody: docs/roles.md"
DIRECT = "set MIGRATIONS_URL to the database without the pooler"


Check = Callable[[Urls], Awaitable[Finding]]


def doctor(as_json: JsonFlag = False) -> None:
    """Check configuration, database, schema, roles, wake-up, pooler, clocks, keys; exit 1 if one is wrong."""
    loaded = settings()
    with database_urls(loaded) as urls:
        looked = anyio.run(_examine, urls, CHECKS | selling_checks(loaded))
    findings = [Finding("configuration", True, "every setting is known"), *looked]
    for finding in findings:
        if as_json:
            print_json(
                {"what": finding.what, "well": finding.well, "found": finding.found, "advice": finding.advice}
            )
        else:
            mark = "[green]ok[/]  " if finding.well else "[red]WRONG[/]"
            OUT.print(f"{mark} {finding.what:14} {escape(finding.found)}", highlight=False)
            if not finding.well:
                OUT.print(f"                     {escape(finding.advice)}", highlight=False)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


async def _examine(urls: Urls, checks: Mapping[str, Check]) -> list[Finding]:
    findings = []
    for name, check in checks.items():
        try:
            with anyio.fail_after(ANSWER_SECONDS * 2):
                findings.append(await check(urls))
        except COULD_NOT_LOOK as error:
            findings.append(not_looked_at(name, error))
    return findings


async def _database(urls: Urls) -> Finding:
    try:
        async with connected(urls.pooled) as connection:
            row = await connection.fetchrow(SQL["server"])
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        return Finding("database", False, type(error).__name__, "does DATABASE_URL name a server that is up?")
    assert row is not None
    found = f"Postgres {row['version']}, {'embedded' if urls.embedded else 'as configured'}"
    new_enough = row["number"] >= OLDEST_POSTGRES
    if not row["read_only"]:
        return Finding("database", new_enough, found, "mintmark needs Postgres 15 or newer")
    return Finding("database", False, f"{found}, read-only", "point DATABASE_URL at the primary")


async def _schema(urls: Urls) -> Finding:
    found = await anyio.to_thread.run_sync(drift, urls.direct)
    if found:
        return Finding(
            "schema", False, "; ".join(map(str, found)), "mintmark migrate; see docs/migrations.md"
        )
    return Finding("schema", True, "matches this version")


async def _kinds(urls: Urls) -> Finding:
    async with connected(urls.pooled) as connection:
        count = await connection.fetchval(SQL["kinds"])
    return Finding("kinds", count > 0, f"{count} published", "mintmark migrate publishes them")


async def _roles(urls: Urls) -> Finding:
    """Without a role all goes on, but for those who would have come with it."""
    async with connected(urls.pooled) as connection:
        row = await connection.fetchrow(SQL["roles"])
    assert row is not None
    groups = ["superuser"] if row["is_superuser"] else row["member_of"]
    found = f"runs as {row['login']} ({', '.join(groups) or 'none of our roles'})"
    if row["missing"]:
        found += f"; missing: {', '.join(row['missing'])}; {UNGIVEN}"
    return Finding("roles", True, found)


async def _wakeup(urls: Urls) -> Finding:
    """The call comes from where jobs come from: a pooler may bring back what a connection calls itself."""
    heard = asyncio.Event()
    async with connected(urls.direct) as listener, connected(urls.pooled) as caller:
        if await is_shared(urls.direct, listener):
            return Finding("wake-up", False, f"{DEAF}: LISTEN goes through a transaction pooler", DIRECT)
        await listener.add_listener("mintmark_doctor", lambda *_: heard.set())
        started = time.monotonic()
        await caller.execute(SQL["notify"])
        with anyio.move_on_after(HEAR_SECONDS):
            await heard.wait()
        took = time.monotonic() - started
    if heard.is_set():
        return Finding("wake-up", True, f"a notification came back in {took * 1000:.0f} ms")
    return Finding("wake-up", False, f"{DEAF}: no notification comes through", DIRECT)


async def _pooler(urls: Urls) -> Finding:
    """Work goes through any pooler; migrations need a session of their own."""
    async with connected(urls.pooled) as working, connected(urls.direct) as direct:
        pooled, shared = await is_pooled(working), await is_shared(urls.direct, direct)
    found = "DATABASE_URL goes through one: statements are not prepared" if pooled else NO_POOLER
    if shared:
        return Finding("pooler", False, f"{found}; migrations cannot go through it", DIRECT)
    return Finding("pooler", True, found)


async def _clocks(urls: Urls) -> Finding:
    async with connected(urls.pooled) as connection:
        before = datetime.now(UTC)
        there = await connection.fetchval(SQL["clock"])
        here = before + (datetime.now(UTC) - before) / 2
    skew = abs((there - here).total_seconds())
    text = f"{skew:.2f} s apart; the database's decides"
    return Finding("clocks", skew <= MOST_SKEW_SECONDS, text, "set this machine's clock by NTP")


CHECKS: dict[str, Check] = {
    "database": _database,
    "schema": _schema,
    "kinds": _kinds,
    "roles": _roles,
    "wake-up": _wakeup,
    "pooler": _pooler,
    "clocks": _clocks,
}
