"""The throwaway Postgres of one test session, held by a process of its own; a pytest plugin.

That process starts the server (or uses ``TEST_DATABASE_URL``), makes the template database, prints where
they are, and waits for its standard input to close: so the server ends with the session, however that ends.
Workers of pytest-xdist are told where it is; a session in which no test asks for a database starts none.
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

ROOT = Path(__file__).parents[1]
FAST = {  # Nothing here has to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
}
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 2 << 30
OWNER = "owner"
WORKER_ROLE = os.environ.get("TEST_WORKER_ROLE", "mintmark_worker")
"""What the login may do with which the tests' workers come; "owner": they come with the tests' own login."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the session's databases are made: ``url`` may create them, ``template`` is migrated."""

    url: str
    template: str

    def database_url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


def as_worker(url: str) -> str:
    """The same database, for a worker: with a login that has no rights but those of ``WORKER_ROLE``.

    Through whatever lies between; a database that is not of the session's server is left to its owner.
    """
    parts = urlsplit(url)
    session = re.match(r"/(mintmark_test_\d+_[0-9a-f]{6})", parts.path)
    if session is None or WORKER_ROLE == OWNER:
        return url
    login, at = worker_login(session[1]), parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}:{login}@{at}"))


def worker_login(template: str) -> str:
    """The login of a session's workers, which is its password too."""
    return f"{template}_worker"


SERVER = pytest.StashKey[Server]()
HELD = pytest.StashKey[ExitStack]()


def prepare_template(url: str) -> None:
    """Bring the template to where a user's database stands after ``mintmark migrate``."""
    # Only the process that holds the server needs to load these.
    from worker.app import Urls, migrate_and_publish  # noqa: PLC0415
    from worker.observe import configure_logging  # noqa: PLC0415
    from worker.settings import Settings  # noqa: PLC0415

    configure_logging("error", "json")
    asyncio.run(migrate_and_publish(Settings(), Urls(url, url, embedded=False)))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[HELD] = ExitStack()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[HELD].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["server"] = json.dumps(asdict(_server(node.config)))


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Server:
    return _server(pytestconfig)


@pytest.fixture(scope="session")
def new_database(server: Server) -> Iterator[Callable[[str], AbstractContextManager[str]]]:
    """Make a database for as long as a block lasts; ``"migrated"`` or ``"empty"``."""
    templates = {"migrated": server.template, "empty": "template0"}
    with psycopg.connect(server.url, autocommit=True) as admin:

        @contextmanager
        def made(kind: str) -> Iterator[str]:
            name = f"{server.template}_{os.getpid()}_{secrets.token_hex(4)}"
            admin.execute(f'create database "{name}" template "{templates[kind]}" strategy file_copy')
            try:
                yield server.database_url(name)
            finally:
                admin.execute(f'drop database "{name}" with (force)')

        yield made


def _server(config: pytest.Config) -> Server:
    if SERVER not in config.stash:
        told = getattr(config, "workerinput", None)
        config.stash[SERVER] = Server(**json.loads(told["server"])) if told else _start(config)
    return config.stash[SERVER]


def _start(config: pytest.Config) -> Server:
    try:
        return config.stash[HELD].enter_context(_held_server())
    except RuntimeError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.INTERNAL_ERROR)


@contextmanager
def _held_server() -> Iterator[Server]:
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            start_new_session=True,  # Ctrl-C is for the session; this one is told when that has ended.
        ) as holder,
    ):
        assert holder.stdout
        line = holder.stdout.readline()
        if not line:
            said.seek(0)
            raise RuntimeError(f"the test database could not be made: {said.read()}")
        yield Server(**json.loads(line))


@contextmanager
def _server_url() -> Iterator[str]:
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    from worker.embedded import embedded_postgres  # noqa: PLC0415  # An extra.

    folder = Path(tempfile.mkdtemp(prefix="mm-", dir=_quick_folder()))
    try:
        with embedded_postgres(folder / "pg", options=FAST) as url:
            yield url
    finally:
        shutil.rmtree(folder)


def _quick_folder() -> Path | None:
    # A new database is some 350 new files: 12 ms in memory, 150 ms on a disk.
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES
    return MEMORY if roomy and os.access(MEMORY, os.W_OK) else None


def hold() -> None:
    """Be the process that ``_held_server`` starts."""
    with _server_url() as url, psycopg.connect(url, autocommit=True) as admin:
        server = Server(url, f"mintmark_test_{os.getpid()}_{secrets.token_hex(3)}")
        admin.execute(f'create database "{server.template}"')
        try:
            prepare_template(server.database_url(server.template))
            _make_login(admin, worker_login(server.template))
            print(json.dumps(asdict(server)), flush=True)  # noqa: T201  # This is how the session hears of it.
            sys.stdin.read()
        finally:
            _drop_all(admin, server.template)


def _make_login(admin: "psycopg.Connection[tuple[str]]", login: str) -> None:
    if WORKER_ROLE != OWNER:
        admin.execute(f"create role {login} login password '{login}' in role {WORKER_ROLE}".encode())


def _drop_all(admin: "psycopg.Connection[tuple[str]]", prefix: str) -> None:
    found = admin.execute("select datname from pg_database where starts_with(datname, %s)", (prefix,))
    for (name,) in found.fetchall():
        admin.execute(f'drop database "{name}" with (force)')
    admin.execute(f"drop role if exists {worker_login(prefix)}".encode())


if __name__ == "__main__":
    hold()
