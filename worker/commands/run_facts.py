"""Everything that is known of one run, read at once."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from worker.commands.following import event_from
from worker.db import Database, statements
from worker.errors import Refused, UserError

SQL = statements(Path(__file__).with_name("run.sql"))


async def find_run(db: Database, text: str) -> UUID:
    """Find the one run whose id begins so; raises ``Refused`` (MM004) for none or several."""
    if not text:
        raise UserError("a run's id, or its first characters, must be given; see: mintmark run list")
    found = [row["id"] for row in await db.fetch(SQL["find_runs"], text.lower())]
    if len(found) != 1:
        what = "no run's id begins" if not found else "several runs' ids begin"
        raise Refused(f"{what} with {text!r}; see: mintmark run list", code="MM004")
    return UUID(str(found[0]))


async def facts_of(db: Database, run: UUID, *, most_jobs: int) -> dict[str, Any]:
    """A run with its jobs (not more than so many, the live ones first), items, spending and log."""
    row = await db.fetchrow(SQL["run"], run)
    assert row is not None
    jobs = [dict(job) for job in await db.fetch(SQL["run_jobs"], run, most_jobs)]
    return dict(row) | {
        "params": json.loads(row["params"]),
        "summary": json.loads(row["summary"]) if row["summary"] else None,
        "job_count": jobs[0]["in_all"] if jobs else 0,
        "jobs": [_job(job) for job in jobs],
        "items": [dict(one) for one in await db.fetch(SQL["run_outcomes"], run)],
        "spending": [dict(one) for one in await db.fetch(SQL["run_spending"], run)],
        "events": [event_from(one) for one in await db.fetch(SQL["run_events"], run, 0)],
    }


def _job(row: dict[str, Any]) -> dict[str, Any]:
    del row["in_all"]
    return row | {"checkpoint": json.loads(row["checkpoint"]) if row["checkpoint"] else None}
