"""The migrations folder, read: ``NNNN-name.sql`` beside ``NNNN-name.rollback.sql``, with yoyo's headers."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from yoyo.migrations import get_migration_hash, parse_metadata_from_sql_comments, read_sql_migration

from worker.errors import UserError

FILE_NAME = re.compile(r"\d{4}-[a-z0-9-]+")
ROLLBACK = ".rollback.sql"


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One migration as it stands in the folder; ``id`` is the file's name without ``.sql``.

    ``rollback`` is None when its file is missing; ``depends`` is None when the header is.
    """

    id: str
    path: Path
    text: str
    rollback: str | None
    depends: frozenset[str] | None
    transactional: bool

    @property
    def hash(self) -> str:
        """The key by which yoyo's tables know this migration: made from its name, not from its text."""
        return str(get_migration_hash(self.id))

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text, the same whichever line endings a checkout has."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The text cut into statements by yoyo, for a file that cannot be sent whole."""
        return list(read_sql_migration(str(self.path))[2])


def migrations_directory() -> Path:
    """Find the migrations: inside the installed package, or beside it in a checkout."""
    installed = Path(__file__).parent / "migrations"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "migrations"


def migration_files(directory: Path | None = None) -> list[MigrationFile]:
    """Read every migration, in the order in which they are applied: that of their names.

    Raises ``UserError`` for a badly named file and for a ``-- depends:`` on anything but an earlier file.
    """
    paths = sorted((directory or migrations_directory()).glob("*.sql"))
    files = [_read(path) for path in paths if not path.name.endswith(ROLLBACK)]
    for position, file in enumerate(files):
        earlier = {other.id for other in files[:position]}
        if unknown := (file.depends or frozenset()) - earlier:
            names = ", ".join(sorted(unknown))
            raise UserError(f"{file.path.name} depends on {names}: there is no such earlier file")
    return files


def _read(path: Path) -> MigrationFile:
    if not FILE_NAME.fullmatch(path.stem):
        raise UserError(f"{path.name} is not named like a migration, 0001-what-it-does.sql")
    text = path.read_text(encoding="utf-8")
    headers = parse_metadata_from_sql_comments(text)[0]
    undo = path.with_suffix(ROLLBACK)
    return MigrationFile(
        id=path.stem,
        path=path,
        text=text,
        rollback=undo.read_text(encoding="utf-8") if undo.exists() else None,
        depends=frozenset(headers["depends"].split()) if "depends" in headers else None,
        transactional=headers.get("transactional", "true").strip().lower() != "false",
    )
