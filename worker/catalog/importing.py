"""Importing: records from files or pages into ``raw_imports``, with an account of what was bad."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.catalog.dump import BadFile, BadRecord, DumpFile, read_dump
from worker.catalog.imports import RecordKind, store
from worker.catalog.strict_json import BadJson, check_texts
from worker.db import Database

CHUNK = 500
DUMP_SOURCE = "pokemonapi"
"""A dump holds the same records as the API, under the same ids."""


@dataclass(slots=True)
class ImportReport:
    """What an import did: records seen and new by kind, and a sentence for each thing that was bad."""

    seen: dict[RecordKind, int] = field(default_factory=lambda: {"set": 0, "card": 0})
    new: dict[RecordKind, int] = field(default_factory=lambda: {"set": 0, "card": 0})
    bad: list[str] = field(default_factory=list)


async def import_dump(
    db: Database, path: Path, *, on_file: Callable[[str], None] = lambda _: None
) -> ImportReport:
    """Import a dump; files and records that cannot be read are named in the report, the others go on.

    Raises ``NotADump`` when the path holds neither sets nor cards.
    """
    report = ImportReport()
    for part in read_dump(path):
        if isinstance(part, DumpFile):
            await keep(db, report, DUMP_SOURCE, part.kind, part.records, part.set_hint)
        elif isinstance(part, BadRecord):
            report.bad.append(f"{part.name}, record {part.index}: {part.message}")
        else:
            report.bad.append(f"{part.name}: {part.message}")
        if isinstance(part, (DumpFile, BadFile)):
            on_file(part.name)
    return report


async def keep(
    db: Database,
    report: ImportReport,
    source: str,
    kind: RecordKind,
    records: Sequence[object],
    set_hint: str | None = None,
) -> None:
    """Store records and add them to the report; those that no database could hold are reported as bad."""
    good = [record for record in records if _is_storable(record, report)]
    report.seen[kind] += len(good)
    for start in range(0, len(good), CHUNK):
        report.new[kind] += await store(db, source, kind, good[start : start + CHUNK], set_hint)


def _is_storable(record: object, report: ImportReport) -> bool:
    try:
        check_texts(record)
    except BadJson as error:
        report.bad.append(str(error))
        return False
    return True
