"""Reading a dump of the catalogue: files of sets, then files of cards, each on its own.

These layouts are known, each also inside one leading folder, as in the archive of a repository::

    sets.json  |  sets/en.json  |  sets/<set>.json
    cards/<set>.json  |  cards/en/<set>.json

Decks and other languages are passed over. What is wrong with a file or a record is told as a value, and the
others go on.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from worker.catalog import strict_json
from worker.catalog.dump_store import (
    DAMAGE,
    LARGEST_FILE,
    Listing,
    NotADump,
    Reader,
    Stored,
    TooBig,
    list_files,
    open_files,
)

__all__ = ["BadFile", "BadRecord", "DumpFile", "NotADump", "count_files", "read_dump"]

Kind: TypeAlias = Literal["set", "card"]

LANGUAGES = frozenset(
    "de es es-mx fr id it ja ko nl pl pt pt-br pt-pt ru th zh zh-cn zh-tw".split()  # noqa: SIM905
)
SPACE = re.compile(r"[ \t\n\r]*")
# Only finds where a record ends; what it holds is for strict_json to judge.
BOUNDARIES = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A readable file; ``set_hint`` is the set that a file of cards is named after."""

    name: str
    kind: Kind
    set_hint: str | None
    records: list[object]


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file none of which could be read; ``code`` is stable, ``message`` says what to do."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that was left out of its ``DumpFile``; ``index`` counts from 0 within the file."""

    name: str
    index: int
    code: str
    message: str


class Found(NamedTuple):
    """A file that belongs to a dump."""

    stored: Stored
    kind: Kind
    set_hint: str | None


def count_files(path: Path) -> int:
    """Count the files that ``read_dump`` will tell of; raises ``NotADump`` as it does."""
    listing = list_files(path)
    return len(_belonging(path, listing)) + (listing.damage is not None)


def read_dump(path: Path) -> Iterator[DumpFile | BadFile | BadRecord]:
    """Read a folder or a ``.tar.gz``, sets first; a file's bad records follow it.

    Raises ``NotADump``, at once and not on the first step, when the path is missing or holds neither sets
    nor cards. Every file is told of exactly once, as a ``DumpFile`` or as a ``BadFile``.
    """
    listing = list_files(path)
    return _read(path, _belonging(path, listing), listing.damage)


def _read(path: Path, files: Sequence[Found], damage: str | None) -> Iterator[DumpFile | BadFile | BadRecord]:
    with open_files(path) as read:
        for found in files:
            yield from _read_file(found, read)
    if damage is not None:
        yield BadFile(path.name, "damaged_archive", f"{damage}: fetch it again")


def _belonging(path: Path, listing: Listing) -> list[Found]:
    by_folder: dict[str, list[Found]] = {}
    for stored in listing.files:
        parts = tuple(stored.name.split("/"))
        for folder, inner in (("", parts), (parts[0], parts[1:])):
            if not folder.startswith(".") and (place := _place(inner)) is not None:
                by_folder.setdefault(folder, []).append(Found(stored, *place))
                break
    return _in_order(_one_dump(path, by_folder, listing.damage))


def _place(parts: Sequence[str]) -> tuple[Kind, str | None] | None:
    """Tell what a file is by its path inside the dump; None when it is no part of one."""
    stem, _, ending = parts[-1].rpartition(".") if parts else ("", "", "")
    if ending != "json" or not stem or stem.startswith("."):
        return None
    match parts[:-1]:
        case [] if stem == "sets":
            return "set", None
        case ["sets"] if stem not in LANGUAGES:
            return "set", None
        case ["cards"] | ["cards", "en"]:
            return "card", stem
        case _:
            return None


def _one_dump(path: Path, by_folder: dict[str, list[Found]], damage: str | None) -> list[Found]:
    if "" in by_folder:
        return by_folder[""]
    if len(by_folder) > 1:
        raise NotADump(f"{path} holds several dumps ({', '.join(sorted(by_folder))}): name one of them")
    if not by_folder:
        why = damage or "it has neither sets.json nor sets/ nor cards/"
        raise NotADump(f"{path} is not a dump of sets and cards: {why}")
    return next(iter(by_folder.values()))


def _in_order(files: list[Found]) -> list[Found]:
    sets = [found for found in files if found.kind == "set"]
    # Beside en.json, the other files of sets/ are the same sets once more.
    english = [found for found in sets if found.stored.name.endswith("sets/en.json")]
    return (english or sets) + [found for found in files if found.kind == "card"]


def _read_file(found: Found, read: Reader) -> Iterator[DumpFile | BadFile | BadRecord]:
    name, bad = found.stored.name, list[BadRecord]()
    text = _text(name, read, found.stored)
    records = text if isinstance(text, BadFile) else _records(name, text, bad)
    if isinstance(records, BadFile):
        yield records
        return
    yield DumpFile(name, found.kind, found.set_hint, records)
    yield from bad


def _text(name: str, read: Reader, stored: Stored) -> str | BadFile:
    try:
        text = read(stored).decode("utf-8-sig")
    except TooBig:
        return BadFile(name, "too_big", f"it has more than {LARGEST_FILE >> 20} MiB: split it")
    except UnicodeDecodeError as error:
        return BadFile(name, "not_utf8", f"it is not UTF-8 at byte {error.start}: save it as UTF-8")
    except DAMAGE as error:
        return BadFile(name, "unreadable", f"it cannot be read ({error}): fetch it again")
    if text.lstrip().startswith("<"):
        return BadFile(name, "html", "it is a web page or XML, not JSON: download it again")
    return text


def _records(name: str, text: str, bad: list[BadRecord]) -> list[object] | BadFile:
    try:
        records = strict_json.loads(text)
    except strict_json.BadJson as error:
        if error.code == strict_json.BadJson.code:
            return BadFile(name, "not_json", f"it is {error}: download it again")
        try:
            records = _one_by_one(name, text, bad)
        except (ValueError, RecursionError):
            return BadFile(name, "not_json", f"{error}; and where its records end cannot be told: mend it")
    if not isinstance(records, list):
        return BadFile(name, "not_a_list", "it holds something other than a list of records: wrap it in [ ]")
    return records


def _one_by_one(name: str, text: str, bad: list[BadRecord]) -> list[object] | None:
    """Read the records of a list apart, so that a bad one costs only itself; None when it is no list."""
    start = _past_space(text, 0)
    if text[start : start + 1] != "[":
        return None
    records: list[object] = []
    for index, record in enumerate(_slices(text, _past_space(text, start + 1))):
        try:
            records.append(strict_json.loads(record))
        except strict_json.BadJson as error:
            bad.append(BadRecord(name, index, error.code, str(error)))
    return records


def _slices(text: str, at: int) -> Iterator[str]:
    while True:
        _, end = BOUNDARIES.raw_decode(text, at)
        yield text[at:end]
        at = _past_space(text, end)
        if text[at : at + 1] == "]" and _past_space(text, at + 1) == len(text):
            return
        if text[at : at + 1] != ",":
            raise ValueError("neither a comma nor the end of the list")
        at = _past_space(text, at + 1)


def _past_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return at if found is None else found.end()
