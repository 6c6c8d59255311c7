"""Move the schema forward and back, so that a killed or blocked migration never needs a hand.

Files, their headers and the bookkeeping tables are yoyo's (the tables stand in schema ``worker``). Three of
its habits are not kept: it marks a migration as applied in a second transaction, which a crash can miss; its
lock is a row, which outlives its owner; and it guesses where statements end, and prints their rows. Here a
file is sent whole and marked in its own transaction, under an advisory lock of a direct connection.
"""

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend

from worker.errors import Unavailable, UserError
from worker.migrate_connection import LOCK_SECONDS, connect, in_a_line
from worker.migrate_files import ROLLBACK, MigrationFile, migration_files

ADVISORY_KEY = int.from_bytes(b"mintmark", "big")
BACKOFF_SECONDS = (2, 4, 8)
TURN_SECONDS = 60  # How long one process waits until another's migrations are through.
DOMAIN_SCHEMA = "public"  # Where a name without a schema is made.

OUR_TABLES = """
create schema if not exists worker;
create table if not exists worker.migration_hashes (
    migration_id text primary key,
    content_hash text not null,
    applied_at timestamptz not null default now()
)
"""
REMEMBER = """
insert into worker.migration_hashes (migration_id, content_hash) values (%s, %s)
on conflict (migration_id) do update set content_hash = excluded.content_hash, applied_at = now()
"""
FORGET = "delete from worker.migration_hashes where migration_id = %s"

Sleep = Callable[[float], None]


class MigrationFailed(UserError):
    """Raised when the database refused a migration; names the file, and the line where known."""

    code = "migration_failed"


def migrate(
    url: str,
    *,
    directory: Path | None = None,
    sleep: Sleep = time.sleep,
    lock_seconds: float = LOCK_SECONDS,
) -> list[str]:
    """Apply what is not yet applied, each file in a transaction of its own; return the applied ids in order.

    A file that says ``-- transactional: false`` is run statement by statement outside any transaction, and
    must bear being run again. Lock timeouts and lost connections are tried again after 2, 4 and 8 seconds.
    Raises ``MigrationFailed``, or ``Unavailable`` when the database or a lock could not be had in time.
    """
    files = migration_files(directory)
    applied: list[str] = []

    def attempt() -> None:
        with _turn(url, sleep, lock_seconds) as backend:
            known = set(backend.get_applied_migration_hashes())
            for file in files:
                if file.hash not in known:
                    backend.apply(file)
                    applied.append(file.id)

    _patiently(attempt, url, sleep)
    return applied


def rollback(url: str, count: int, *, directory: Path | None = None, sleep: Sleep = time.sleep) -> list[str]:
    """Undo the last ``count`` applied migrations, newest first; return their ids in that order.

    Raises ``UserError`` when the database holds a migration that is not in the folder: it may stand on what
    would be undone, and its own rollback is not here. Otherwise like ``migrate``.
    """
    if count < 1:
        raise UserError("the number of migrations to roll back must be 1 or more")
    files = migration_files(directory)
    undone: list[str] = []

    def attempt() -> None:
        with _turn(url, sleep, LOCK_SECONDS) as backend:
            known = set(backend.get_applied_migration_hashes())
            if known - {file.hash for file in files}:
                raise UserError(
                    "the database has migrations that this version does not: roll back with that one"
                )
            applied = [file for file in files if file.hash in known]
            for file in applied[::-1][: count - len(undone)]:
                backend.undo(file)
                undone.append(file.id)

    _patiently(attempt, url, sleep)
    return undone


def _patiently(attempt: Callable[[], None], url: str, sleep: Sleep) -> None:
    for pause in (*BACKOFF_SECONDS, None):
        try:
            return attempt()
        except psycopg.OperationalError as error:
            if pause is None:
                said = in_a_line(error, url)
                raise Unavailable(f"tried {len(BACKOFF_SECONDS) + 1} times to migrate: {said}") from None
            sleep(pause)
        except psycopg.Error as error:
            raise MigrationFailed(f"the database refused: {in_a_line(error, url)}") from None
    return None


@contextmanager
def _turn(url: str, sleep: Sleep, lock_seconds: float) -> Iterator["_Backend"]:
    with _Backend(connect(url, lock_seconds=lock_seconds)) as backend:
        backend.wait_for_turn(sleep)
        backend.prepare()
        yield backend


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo ships no types.
    """yoyo's bookkeeping on one direct connection, which holds the lock and runs the files as well."""

    schema = "worker"

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._opened = connection
        super().__init__("", "_yoyo_migration")

    def connect(self, dburi: str) -> psycopg.Connection[Any]:  # noqa: ARG002  # yoyo's signature.
        """Take what is open: yoyo reads URLs by other rules than the driver's."""
        return self._opened

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:  # noqa: ARG002  # yoyo's signature.
        """Stand in for yoyo's lock row: whoever is here holds the advisory lock."""
        yield

    def list_tables(self, **_: Any) -> list[str]:
        """Name the tables beside yoyo's own."""
        found = self.connection.execute(
            "select tablename from pg_tables where schemaname = %s", (self.schema,)
        )
        return [name for (name,) in found.fetchall()]

    def get_log_data(
        self, migration: MigrationFile | None = None, operation: str = "apply"
    ) -> dict[str, Any]:
        """Say who moved what; yoyo would fail for a system user without a name and may wait for DNS."""
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self.connection.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }

    def wait_for_turn(self, sleep: Sleep) -> None:
        """Take the lock, asking once a second: a session that waits inside it would hold up CONCURRENTLY."""
        for _ in range(TURN_SECONDS):
            if self.execute(f"select pg_try_advisory_lock({ADVISORY_KEY})").fetchone()[0]:
                return
            sleep(1)
        raise Unavailable(f"another process has been migrating this database for {TURN_SECONDS} s; try again")

    def prepare(self) -> None:
        """Make the bookkeeping tables, and clear a lock row that a dead yoyo process may have left."""
        self.connection.execute(OUR_TABLES)
        if self.lock_table in self.list_tables():
            self.break_lock()
        self.ensure_internal_schema_updated()

    def apply(self, file: MigrationFile) -> None:
        """Run a file and mark it as applied, both or neither where it is transactional."""
        if not file.transactional:
            self._run_bare(file)
        with self.transaction():
            if file.transactional:
                self._run(file.path.name, file.text)
            self.log_migration(file, "apply")
            self.mark_one(file, log=False)
            self.connection.execute(REMEMBER, (file.id, file.content_hash))

    def undo(self, file: MigrationFile) -> None:
        """Run a file's rollback, always in a transaction, and forget that it was applied."""
        if file.rollback is None:
            raise UserError(f"{file.id} cannot be rolled back: its {ROLLBACK} file is missing")
        with self.transaction():
            self._run(file.id + ROLLBACK, file.rollback)
            self.log_migration(file, "rollback")
            self.unmark_one(file, log=False)
            self.connection.execute(FORGET, (file.id,))

    def _run(self, name: str, text: str) -> None:
        self.connection.execute(f"set local search_path to {DOMAIN_SCHEMA}")
        with _failure_named(name, text):
            # Without parameters psycopg sends the text as it is: many statements, and % means itself.
            self.connection.execute(text.encode())
        self.connection.execute(f"set local search_path to {self.schema}")

    def _run_bare(self, file: MigrationFile) -> None:
        self.connection.execute(f"set search_path to {DOMAIN_SCHEMA}")
        for statement in file.statements:
            with _failure_named(file.path.name, statement):
                self.connection.execute(statement.encode())
        self.init_connection(self.connection)


@contextmanager
def _failure_named(name: str, text: str) -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError:
        raise  # It may go better later.
    except psycopg.Error as error:
        before = text[: int(error.diag.statement_position or 1) - 1]
        place = f"line {before.count(chr(10)) + 1}: " if before else ""
        raise MigrationFailed(f"{name} was refused, {place}{error.diag.message_primary or error}") from error
