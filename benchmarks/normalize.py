"""How fast one worker process normalises, beside one set-based statement over the same rows.

Both see the same raw rows in the same run, in turn. The floor reads what it can with SQL alone: no dirt is
understood, no note is kept, no item is counted and nothing is committed in between.
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.dirty_cards import Truth, dirty_catalogue
from benchmarks.figures import Figure, Scale, figure

SEED = 20260901
CARDS = 20_000
FLOOR = """
with sets as (
    insert into public.card_sets (game, source, source_set_id, name, series, printed_total, total)
    select 'pokemon', 'floor', r.payload ->> 'id', r.payload ->> 'name', r.payload ->> 'series',
           substring(r.payload ->> 'printedTotal' from '\\d{1,6}')::int,
           substring(r.payload ->> 'total' from '\\d{1,6}')::int
      from public.raw_imports r where r.kind = 'set' and jsonb_typeof(r.payload -> 'name') = 'string'
        on conflict do nothing
    returning id, source_set_id
), prints as (
    insert into public.card_prints (game, source, source_card_id, set_id, name, number, number_prefix,
        number_value, number_suffix, supertype, subtypes, types, hp, rarity, artist,
        regulation_mark, legalities, variants)
    select distinct on (r.payload ->> 'id')
           'pokemon', 'floor', r.payload ->> 'id', s.id, r.payload ->> 'name', r.payload ->> 'number',
           coalesce(substring(r.payload ->> 'number' from '^\\D+'), ''),
           substring(r.payload ->> 'number' from '\\d{1,6}')::int, '', r.payload ->> 'supertype',
           array(select jsonb_array_elements_text(case when jsonb_typeof(r.payload -> 'subtypes') = 'array'
                                                       then r.payload -> 'subtypes' else '[]' end)),
           array(select jsonb_array_elements_text(case when jsonb_typeof(r.payload -> 'types') = 'array'
                                                       then r.payload -> 'types' else '[]' end)),
           substring(r.payload ->> 'hp' from '\\d{1,6}')::int, r.payload ->> 'rarity',
           r.payload ->> 'artist', r.payload ->> 'regulationMark', coalesce(r.payload -> 'legalities', '{}'),
           array(select jsonb_object_keys(case when jsonb_typeof(r.payload #> '{tcgplayer,prices}') = 'object'
                                               then r.payload #> '{tcgplayer,prices}' else '{}' end))
      from public.raw_imports r join sets s on s.source_set_id = r.payload #>> '{set,id}'
     where r.kind = 'card' and jsonb_typeof(r.payload) = 'object'
       and jsonb_typeof(r.payload -> 'id') = 'string'
       and jsonb_typeof(r.payload -> 'name') = 'string' and r.payload ? 'number'
        on conflict do nothing
    returning id, source_card_id
), mapped as (
    insert into public.external_mappings (source, external_id, card_print_id)
    select 'floor', p.source_card_id, p.id from prints p
    returning 1
)
update public.raw_imports r set status = 'normalized', processed_at = now()
"""
EMPTY = "truncate public.raw_imports, public.external_mappings, public.card_prints, public.card_sets cascade"


@dataclass(frozen=True)
class WorkerRun:
    rows_a_second: float
    peak_mib: float
    summary: dict[str, dict[str, int]]


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Normalise dirty cards (20,000, or ``scale.rows``) with one worker, and with the floor, in turn."""
    cards = scale.rows or CARDS
    sets, records, truth = dirty_catalogue(cards, SEED)
    ours, bare = [], []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(scale.rounds or 3):
            fill(connection, sets, records)
            bare.append(_floor(connection))
            fill(connection, sets, records)
            ours.append(_worker(url, connection))
            check(ours[-1].summary, truth)
        fill(connection, sets, records[: cards // 4])
        quarter = _worker(url, connection)
    speeds, peaks = [run.rows_a_second for run in ours], [run.peak_mib for run in ours]
    return [
        figure("normalize, one worker, batches of 50", speeds, "rows/s", beside=bare),
        figure(
            "memory of the normalizing worker, most",
            peaks,
            "MiB",
            note=f"{quarter.peak_mib:.0f} MiB with a quarter of the rows",
        ),
    ]


def fill(
    connection: "psycopg.Connection[tuple[object, ...]]", sets: Sequence[object], cards: Sequence[object]
) -> None:
    connection.execute(EMPTY)
    with connection.cursor() as cursor:
        copy_rows = "copy public.raw_imports (source, kind, external_id, payload) from stdin"
        with cursor.copy(copy_rows) as copy:
            for kind, records in (("set", sets), ("card", cards)):
                for record in records:
                    own = record.get("id") if isinstance(record, dict) else None
                    copy.write_row(
                        ("pokemonapi", kind, own if isinstance(own, str) else None, json.dumps(record))
                    )
    connection.execute("vacuum analyze public.raw_imports")
    connection.execute("checkpoint")


def _floor(connection: "psycopg.Connection[tuple[object, ...]]") -> float:
    started = time.perf_counter()
    rows = connection.execute(FLOOR).rowcount
    return rows / (time.perf_counter() - started)


def _worker(url: str, connection: "psycopg.Connection[tuple[object, ...]]") -> WorkerRun:
    run = connection.execute(
        "select worker.start_run('normalize_batch', '{\"source\": \"pokemonapi\"}')"
    ).fetchone()
    assert run
    environ = os.environ | {"DATABASE_URL": url, "MIGRATIONS_URL": url, "WORKER_OPS__ENABLED": "false"}
    command = [sys.executable, "-m", "worker", "worker", "--drain"]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)
    peak = _peak_of(process)
    assert process.returncode == 0
    row = connection.execute("select state::text, summary from worker.runs where id = %s", run).fetchone()
    assert row
    state, summary = row
    assert state == "completed"
    assert isinstance(summary, dict)
    rows = summary["sets"]["processed"] + summary["cards"]["processed"]
    return WorkerRun(rows / summary["seconds"], peak, summary)


def _peak_of(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process; answer the most memory it had, in MiB."""
    peak = 0
    status = Path(f"/proc/{process.pid}/status")

    def look() -> None:
        nonlocal peak
        while process.poll() is None:
            for line in status.read_text(encoding="utf-8").splitlines() if status.exists() else []:
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]))
            time.sleep(0.05)

    watcher = threading.Thread(target=look)
    watcher.start()
    process.communicate()
    watcher.join()
    return (peak or resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def check(summary: dict[str, dict[str, int]], truth: Truth) -> None:
    """A fast wrong answer counts for nothing."""
    got = summary["cards"]
    assert (got["normalized"], got["errors"], got["conflicts"]) == (
        truth.readable,
        truth.unreadable,
        truth.conflicts,
    ), f"{got} is not {truth}"
