"""Secrets that are planted, and every place where one could come to light."""

import base64
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

COLUMNS = """
select t.table_schema, t.table_name from information_schema.tables t
 where t.table_schema in ('public', 'worker') and t.table_type = 'BASE TABLE' order by 1, 2
"""
ACTIVITY = """
select a.query || ' ' || a.application_name from pg_stat_activity a
 where a.datname = current_database() and a.pid <> pg_backend_pid()
"""
LOOK_SECONDS = 0.02


@dataclass
class Canaries:
    """Secrets by name; each is like none of the others, and found in any form it may take."""

    planted: dict[str, str] = field(default_factory=dict)

    def new(self, name: str, *, before: str = "") -> str:
        """Make a secret up."""
        return self.keep(name, f"{before}cAnary{secrets.token_hex(16)}")

    def keep(self, name: str, secret: str) -> str:
        """Watch for a secret that somebody else made."""
        self.planted[name] = secret
        return secret

    def found_in(self, places: Mapping[str, str]) -> set[tuple[str, str]]:
        """Where which of them came to light."""
        return {
            (name, place)
            for name, secret in self.planted.items()
            for form in _forms(secret)
            for place, text in places.items()
            if form in text
        }


def _forms(secret: str) -> set[str]:
    encoded = secret.encode()
    in_base64 = base64.b64encode(encoded).decode().rstrip("=")[:-2]
    return {secret, quote(secret, safe=""), encoded.hex(), in_base64, repr(secret)[1:-1]}


def all_rows(url: str) -> dict[str, str]:
    """Every row of every table as text, the bytes of a column as hex."""
    with psycopg.connect(url) as connection:
        return {
            f"{schema}.{table}": "\n".join(
                row for (row,) in connection.execute(_rows_of(schema, table)).fetchall()
            )
            for schema, table in connection.execute(COLUMNS).fetchall()
        }


def _rows_of(schema: str, table: str) -> sql.Composed:
    return sql.SQL("select t::text from {} t").format(sql.Identifier(schema, table))


@contextmanager
def watching_statements(url: str) -> Iterator[set[str]]:
    """Look all the while at what the database is asked; yields what was seen."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.wait(LOOK_SECONDS):
                seen.update(text for (text,) in connection.execute(ACTIVITY).fetchall() if text)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def told_lines(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The lines of logs, by log."""
    return {name: [line for line in text.splitlines() if line] for name, text in texts.items()}


def forged(event: Any) -> bool:
    """Tell whether a line of a log was written by whoever we asked."""
    return isinstance(event, dict) and event.get("event") == "forged"
