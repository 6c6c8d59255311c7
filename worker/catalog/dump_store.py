"""Where a dump's bytes lie: in a folder, or in a ``.tar.gz`` that is read in place and never unpacked.

An archive may come from anywhere. Only plain files under plain relative names are seen; links and devices
are passed over, and nothing it claims makes us read more than we said we would.
"""

import gzip
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeAlias

from worker.errors import UserError

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of one decoded file; a card file of the largest real set has about half of one."""

LARGEST_ARCHIVE = 8 * 1024**3
LARGEST_PADDING = 64 * 1024 * 1024
CHUNK = 1024 * 1024
MOST_MEMBERS = 200_000
DEEPEST_FOLDER = 3  # leading folder / cards / en
ARCHIVE_ENDINGS = (".tar.gz", ".tgz")
DAMAGE = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError)


class NotADump(UserError):
    """Raised when a path holds nothing that could be read as a dump."""

    code = "not_a_dump"


class TooBig(Exception):
    """Raised when a file is larger than ``LARGEST_FILE``; no more of it was read than that."""


class Stored(NamedTuple):
    """A file of a dump: its name with forward slashes, and where in an unzipped archive it begins."""

    name: str
    offset: int
    size: int


class Listing(NamedTuple):
    """What a path holds; ``damage`` says why an archive could not be listed to its end."""

    files: tuple[Stored, ...]
    damage: str | None


Reader: TypeAlias = Callable[[Stored], bytes]
"""Reads one file; raises ``TooBig``, or one of ``DAMAGE``."""


def list_files(path: Path) -> Listing:
    """List what a folder or archive holds, an archive in its own order; ``NotADump`` for anything else."""
    if path.is_dir():
        return Listing(tuple(sorted(_files_in(path))), None)
    if not path.is_file():
        raise NotADump(f"{path} does not exist: give a folder or a .tar.gz")
    if not path.name.endswith(ARCHIVE_ENDINGS):
        raise NotADump(f"{path} is neither a folder nor a .tar.gz: give one of them")
    return _list_archive(path)


@contextmanager
def open_files(path: Path) -> Iterator[Reader]:
    """Lend a way to read what ``list_files`` found; quickest in the order of the listing."""
    if path.is_dir():
        yield lambda stored: _read_plain(path / stored.name)
        return
    with _BoundedGzip(path) as archive:
        yield lambda stored: _read_archived(archive, stored)


def _files_in(folder: Path) -> Iterator[Stored]:
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if len(inside.parts) < DEEPEST_FOLDER and name[0] != "."]
        for name in names:
            if (Path(place) / name).is_file():
                yield Stored((inside / name).as_posix(), 0, 0)


def _read_plain(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise TooBig
    return data


def _read_archived(archive: "_BoundedGzip", stored: Stored) -> bytes:
    if stored.size > LARGEST_FILE:
        raise TooBig
    archive.seek(stored.offset)
    data = archive.read(stored.size)
    if len(data) < stored.size:
        raise EOFError("the archive ends inside this file")
    return data


def _list_archive(path: Path) -> Listing:
    found: dict[str, Stored] = {}
    try:
        with _BoundedGzip(path) as unzipped, tarfile.open(fileobj=unzipped, mode="r:") as archive:
            for stored in _members(archive):
                found.pop(stored.name, None)  # In a tar the last file of a name is the one that counts.
                found[stored.name] = stored
            _read_padding(unzipped)
    except DAMAGE as error:
        return Listing(tuple(found.values()), f"the archive cannot be read to its end: {error}")
    return Listing(tuple(found.values()), None)


def _read_padding(unzipped: "_BoundedGzip") -> None:
    # Only at the very end of a zipped stream does its checksum tell that all before it was sound.
    for _ in range(LARGEST_PADDING // CHUNK):
        if not unzipped.read(CHUNK):
            return


def _members(archive: tarfile.TarFile) -> Iterator[Stored]:
    total = 0
    for count, member in enumerate(archive):
        total += member.size
        if member.size < 0 or total > LARGEST_ARCHIVE or count >= MOST_MEMBERS:
            raise tarfile.ReadError("it holds, or claims to hold, more than any dump")
        name = PurePosixPath(member.name)
        if member.isreg() and not member.issparse() and not name.is_absolute() and ".." not in name.parts:
            yield Stored(str(name), member.offset_data, member.size)


class _BoundedGzip(gzip.GzipFile):
    """Refuses to read as much in one go as a forged header may ask ``tarfile`` to."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= LARGEST_FILE:
            raise tarfile.ReadError("a header of the archive makes no sense")
        return super().read(size)
