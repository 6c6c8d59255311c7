"""The server that figures are true of: its version, what it promises of a commit, and our cores."""

import os
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

DURABILITY = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
SIZES = ("shared_buffers", "max_wal_size")


@dataclass(frozen=True, slots=True)
class Server:
    """``cores`` are those that this process may use; a server elsewhere has its own."""

    server_version: str
    durability: dict[str, str]
    sizes: dict[str, str]
    cores: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in (self.durability | self.sizes).items())
        return f"Postgres {self.server_version}, {self.cores} cores; {told}"


def look_at(url: str) -> Server:
    """Ask the server of a URL."""
    with psycopg.connect(url) as connection:

        def setting(name: str) -> str:
            row = connection.execute("select current_setting(%s)", (name,)).fetchone()
            assert row
            return str(row[0])

        return Server(
            setting("server_version"),
            {name: setting(name) for name in DURABILITY},
            {name: setting(name) for name in SIZES},
            len(os.sched_getaffinity(0)),
        )
