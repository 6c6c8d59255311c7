"""How a database stands to the migrations folder; only reads, and needs no lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import psycopg

from worker.errors import Unavailable
from worker.migrate_connection import in_a_line, reading
from worker.migrate_files import MigrationFile, migration_files

APPLIED = """
select migration_id, applied_at_utc, content_hash
  from worker._yoyo_migration left join worker.migration_hashes using (migration_id)
 order by applied_at_utc, migration_id
"""


class Difference(StrEnum):
    """The three ways in which a database and the folder can differ."""

    NOT_IN_FOLDER = "was applied, but is not in this version"
    NOT_APPLIED = "is in this version, but was not applied"
    CHANGED = "was changed after it was applied"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference; as text, a sentence."""

    migration_id: str
    difference: Difference

    def __str__(self) -> str:
        """Name the migration and how it differs."""
        return f"migration {self.migration_id} {self.difference}"


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """One migration and when it was applied (UTC); None when it was not."""

    migration_id: str
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Applied:
    at: datetime
    content_hash: str | None  # None when yoyo's own command applied it.


def listing(url: str, *, directory: Path | None = None) -> list[MigrationStatus]:
    """List every migration that the folder or the database knows, in the order of their names.

    Raises ``Unavailable`` when the database does not answer.
    """
    applied = _applied(url)
    names = sorted({file.id for file in migration_files(directory)} | set(applied))
    return [MigrationStatus(name, applied[name].at if name in applied else None) for name in names]


def drift(url: str, *, directory: Path | None = None) -> list[Drift]:
    """Name every way in which the database differs from the folder; an empty list is agreement.

    Raises ``Unavailable`` when the database does not answer.
    """
    applied = _applied(url)
    files = {file.id: file for file in migration_files(directory)}
    names = sorted(files.keys() | applied.keys())
    found = ((name, _difference(files.get(name), applied.get(name))) for name in names)
    return [Drift(name, difference) for name, difference in found if difference is not None]


def _difference(file: MigrationFile | None, applied: _Applied | None) -> Difference | None:
    if file is None:
        return Difference.NOT_IN_FOLDER
    if applied is None:
        return Difference.NOT_APPLIED
    changed = applied.content_hash is not None and applied.content_hash != file.content_hash
    return Difference.CHANGED if changed else None


def _applied(url: str) -> Mapping[str, _Applied]:
    try:
        with reading(url) as connection:
            made = "select to_regclass('worker._yoyo_migration') is not null"
            if connection.execute(made).fetchone() != (True,):
                return {}
            rows = connection.execute(APPLIED).fetchall()
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {in_a_line(error, url)}") from None
    return {name: _Applied(at.replace(tzinfo=UTC), content) for name, at, content in rows}
