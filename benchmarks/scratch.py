"""A database of its own for each benchmark, on the server that shall be measured; dropped at the end."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import anyio
import psycopg

from benchmarks.noop import publish
from worker.app import Urls, migrate_and_publish
from worker.settings import Settings


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """Make a migrated database that knows the shipped kinds and ``noop``; yield its URL.

    ``server_url`` may name any database of the server.
    """
    name = f"mintmark_bench_{os.getpid()}_{secrets.token_hex(3)}"
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
        try:
            anyio.run(migrate_and_publish, Settings(), Urls(url, url, embedded=False))
            anyio.run(publish, url)
            yield url
        finally:
            admin.execute(f'drop database "{name}" with (force)')
