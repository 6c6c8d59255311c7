"""An owner who is no superuser and may make no roles, as managed databases give one."""

from collections.abc import Iterator
from typing import Any

import anyio
import anyio.to_thread
import psycopg
import pytest

from tests.roles.conftest import with_login
from tests.runs.scene import drain, run_row, start, until
from worker.app import Urls, migrate_and_publish
from worker.db import open_database
from worker.embedded import embedded_postgres
from worker.migrate import migrate, rollback
from worker.migrate_files import migration_files
from worker.settings import Settings

PLAIN = "plain"
FAST = {"fsync": "off", "max_connections": "40", "shared_buffers": "16MB"}


@pytest.fixture
def admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which nobody has made our roles yet, and a database that belongs to a plain login."""
    with embedded_postgres(tmp_path_factory.mktemp("pg") / "pg", options=FAST) as url:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"create role {PLAIN} login password '{PLAIN}'".encode())
            admin.execute(f"create database {PLAIN} owner {PLAIN}".encode())
        yield url.replace("/postgres?", f"/{PLAIN}?")


async def test_it_migrates_without_the_roles_works_and_gives_rights_to_those_made_later(
    admin_url: str,
) -> None:
    url = with_login(admin_url, PLAIN)

    assert "0009-roles" in await migrate_and_publish(Settings(), Urls(url, url, embedded=False))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        roles = "select rolname from pg_roles where rolname like 'mintmark%' order by 1"
        assert admin.execute(roles).fetchall() == []
        async with open_database(url, size=2) as db:
            run = await start(db, "demo", {"items": 2})
            await drain(url)
            assert (await run_row(db, run))["state"] == "completed"

            admin.execute(
                "create role mintmark_worker; create role ann login password 'ann' in role mintmark_worker"
            )
            await db.execute("select worker.grant_roles()")
            run = await start(db, "demo", {"items": 2})
            await drain(with_login(admin_url, "ann"))
            assert (await run_row(db, run))["state"] == "completed"

        since = [file.id for file in migration_files() if file.id >= "0009"]
        assert rollback(url, len(since)) == since[::-1]
        assert migrate(url) == since
        assert admin.execute(roles).fetchall() == [("mintmark_worker",)]
        admin.execute("drop owned by mintmark_worker; drop role ann; drop role mintmark_worker")


async def test_another_database_that_makes_the_roles_in_the_same_moment_is_waited_for(admin_url: str) -> None:
    with psycopg.connect(admin_url) as other, psycopg.connect(admin_url, autocommit=True) as looking:
        other.execute("create role mintmark_producer")
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: anyio.to_thread.run_sync(migrate, admin_url))
            await until(lambda: waits_for_the_role(looking))
            other.commit()

        made = looking.execute("select count(*) from pg_roles where rolname like 'mintmark%'").fetchone()
        assert made == (4,)


async def waits_for_the_role(looking: "psycopg.Connection[Any]") -> bool:
    found = looking.execute(
        "select count(*) from pg_stat_activity"
        " where wait_event_type = 'Lock' and query like '-- Roles and tenancy%'"
    ).fetchone()
    return found == (1,)
