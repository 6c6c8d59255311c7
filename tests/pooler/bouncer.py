"""A PgBouncer before the tests' Postgres; a test that needs one is skipped, visibly, where there is none."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_SECONDS = 10
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Bouncer:
    """A PgBouncer at work: ``url`` leads through it; what it has said stands in ``log``."""

    url: str
    log: Path


@contextmanager
def pgbouncer(url: str, *, mode: str = "transaction", size: int = 3, clients: int = 500) -> Iterator[Bouncer]:
    """Put a PgBouncer with so many backends, and so many clients, before the Postgres of ``url``."""
    if PROGRAM is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer, or make pgbouncer)")
    folder = Path(tempfile.mkdtemp(prefix="mm-"))
    process, bouncer = _started(folder, partial(_config, url, mode=mode, size=size, clients=clients), url)
    try:
        yield bouncer
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _started(
    folder: Path, config_for: Callable[..., str], url: str
) -> tuple["subprocess.Popen[bytes]", Bouncer]:
    log = folder / "log"
    for _ in range(ATTEMPTS):  # Somebody else may take the port between our asking and its opening.
        with socket.create_server(("127.0.0.1", 0)) as asked:
            port = asked.getsockname()[1]
        config = folder / "pgbouncer.ini"
        config.write_text(config_for(port=port))
        with log.open("ab") as out:
            process = subprocess.Popen([str(PROGRAM), *_as_whom(url), str(config)], stdout=out, stderr=out)
        through = f"postgresql://{_user(url)}@127.0.0.1:{port}{urlsplit(url).path}"
        if _answers(process, through):
            return process, Bouncer(through, log)
        process.kill()
        process.wait()
    raise RuntimeError(f"PgBouncer did not start: {log.read_text()}")


def _config(url: str, *, port: int, mode: str, size: int, clients: int) -> str:
    parts, asked = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    host, server_port = asked.get("host", parts.hostname), asked.get("port", parts.port or 5432)
    password = f" password={parts.password}" if parts.password else ""
    return f"""
[databases]
* = host={host} port={server_port} user={_user(url)}{password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = {clients}
server_login_retry = 1
"""


def _user(url: str) -> str:
    return urlsplit(url).username or "postgres"


def _as_whom(url: str) -> list[str]:
    """It refuses to be root; and a socket for its owner alone is opened by nobody but its owner."""
    if os.geteuid() != 0:
        return []
    asked = dict(parse_qsl(urlsplit(url).query))
    way = Path(asked.get("host", "/")) / f".s.PGSQL.{asked.get('port', 5432)}"
    owner = pwd.getpwuid(way.stat().st_uid).pw_name if way.exists() else "nobody"
    return ["-u", "nobody" if owner == "root" else owner]


def _answers(process: "subprocess.Popen[bytes]", through: str) -> bool:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(through, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.02)  # Nothing tells when its port is open.
        else:
            return True
    return False
