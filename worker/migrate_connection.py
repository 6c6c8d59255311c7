"""The direct connection over which a schema is read and moved; no error of it shows a password."""

from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from worker.errors import BadSettings

CONNECT_SECONDS = 10
LOCK_SECONDS = 2.0  # An ALTER TABLE that waits makes every claim wait behind it.

# The second one ends a statement whose client was killed; else its locks would outlive it.
LIMITS = """
select set_config('lock_timeout', %s, false), set_config('client_connection_check_interval', '1s', false)
"""


def connect(url: str, *, lock_seconds: float = LOCK_SECONDS) -> psycopg.Connection[Any]:
    """Open a connection in autocommit, on which no statement waits longer than that for a lock.

    Raises ``BadSettings``, without a word of the URL, when it cannot be read.
    """
    if not _is_readable(url):
        raise BadSettings(
            "MIGRATIONS_URL, or DATABASE_URL, is not like postgresql://user:password@host:port/database; "
            "write special characters of the password as %40 for @, %2F for / and so on"
        )
    connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    connection.execute(LIMITS, (f"{lock_seconds * 1000:.0f}ms",))
    return connection


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
