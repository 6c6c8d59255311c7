"""The connections over which a schema is read and moved; no error of theirs shows a password."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from worker.errors import BadSettings

CONNECT_SECONDS = 4
READ_SECONDS = 5.0
LOOKS = 5
LOCK_SECONDS = 2.0  # An ALTER TABLE that waits makes every claim wait behind it.

# The second one ends a statement whose client was killed; else its locks would outlive it.
LIMITS = """
select set_config('lock_timeout', %s, false), set_config('client_connection_check_interval', '1s', false)
"""


def connect(url: str, *, lock_seconds: float = LOCK_SECONDS) -> psycopg.Connection[Any]:
    """Open a connection in autocommit, on which no statement waits longer than that for a lock.

    Raises ``BadSettings``, without a word of the URL, when it cannot be read, or when it goes through a
    transaction pooler: the lock that keeps two migrations apart belongs to a session, and there is none.
    """
    connection = _open(url)
    if _is_shared(connection, url):
        connection.close()
        raise BadSettings(
            "MIGRATIONS_URL, or DATABASE_URL where that is not set, goes through a transaction pooler, and "
            "migrations need a session of their own: set MIGRATIONS_URL to the database without the pooler"
        )
    connection.execute(LIMITS, (f"{lock_seconds * 1000:.0f}ms",))
    return connection


@contextmanager
def reading(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a connection for a few reads, all answered within ``READ_SECONDS``; a pooler may be between.

    Past that it is cut, and what waits on it raises ``psycopg.OperationalError``: the driver has no limit of
    its own for an answer that never comes.
    """
    with _open(url) as connection:
        cutter = threading.Timer(READ_SECONDS, _cut, [connection])
        cutter.daemon = True
        cutter.start()
        try:
            yield connection
        finally:
            cutter.cancel()


def _cut(connection: psycopg.Connection[Any]) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def _open(url: str) -> psycopg.Connection[Any]:
    if not _is_readable(url):
        raise BadSettings(
            "MIGRATIONS_URL, or DATABASE_URL, is not like postgresql://user:password@host:port/database; "
            "write special characters of the password as %40 for @, %2F for / and so on"
        )
    return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS, prepare_threshold=None)


def _is_shared(connection: psycopg.Connection[Any], url: str) -> bool:
    """Tell, in the way of ``worker/pooler.py``, whether a transaction pooler is between."""
    if _backend(connection) == connection.info.backend_pid:
        return False
    mine, others = set[int](), set[int]()
    with reading(url) as other:
        for _ in range(LOOKS):
            mine.add(_backend(connection))
            others |= {_backend(other), _backend(other)}
            mine.add(_backend(connection))
    return len(mine) > 1 or len(others) > 1 or mine == others


def _backend(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def in_a_line(error: psycopg.Error, url: str) -> str:
    """Give what the driver says in one line, with the URL's password taken out should it stand there."""
    password = conninfo_to_dict(url).get("password")
    line = " ".join((error.diag.message_primary or str(error)).split())
    return line.replace(str(password), "***") if password else line


def _is_readable(url: str) -> bool:
    # A password that is not escaped is cut in two, and the driver shows the half that it took for a host.
    try:
        conninfo_to_dict(url)
        login, _, hosts = urlsplit(url).netloc.rpartition("@")
    except (psycopg.ProgrammingError, ValueError):
        return False
    after_address = (host.rpartition("]")[2] for host in hosts.split(","))
    ports = [text.partition(":")[2] for text in after_address]
    return "@" not in login and all(port.isdecimal() for port in ports if port)
