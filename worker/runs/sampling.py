"""What only the database knows, measured now and then for the metrics."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from worker import observe
from worker.db import Database, statements

SQL = statements(Path(__file__).with_name("sampling.sql"))
LIVE_RUN_STATES = ("pending", "running", "paused")
PAUSED_BY = ("operator", "budget", "org_budget", "price_overrun", "credential_revoked", "checkpoint_version")
OTHER = "other"
"""What paused a run is a label: an operator's own words for it are not."""


async def sample(db: Database, kinds: Sequence[str]) -> None:
    """Measure queues, runs, quotas and the table's health, once."""
    for queue in await db.fetch(SQL["queues"]):
        for state in ("scheduled", "pending", "running"):
            observe.QUEUE_DEPTH.labels(queue["queue"], state).set(queue[state])
        observe.QUEUE_OLDEST.labels(queue["queue"]).set(queue["oldest_pending_seconds"])
        observe.QUEUE_PAUSED.labels(queue["queue"]).set(queue["paused"])
    found = {row["state"]: row["count"] for row in await db.fetch(SQL["runs"])}
    for state in LIVE_RUN_STATES:
        observe.RUNS.labels(state).set(found.get(state, 0))
    await _sample_paused_runs(db)
    for quota in await db.fetch(SQL["quotas"]):
        observe.API_QUOTA.labels(quota["api"]).set(quota["remaining_calls"])
        observe.API_QUOTA_CALLS.labels(quota["api"]).set(quota["calls"])
    observe.ACCOUNTS_REVOKED.set(await db.fetchval(SQL["accounts_revoked"]))
    observe.JOBS_QUARANTINED.set(await db.fetchval(SQL["quarantined"]))
    observe.UNKNOWN_KINDS.set(await db.fetchval(SQL["unknown_kinds"], kinds))
    for source in await db.fetch(SQL["sources"]):
        observe.OBSERVATIONS.labels(source["name"], source["basis"])  # Its first are not to be missed.
    health = await db.fetchrow(SQL["health"])
    assert health is not None
    observe.OLDEST_XMIN.set(health["oldest_xmin_seconds"])
    observe.DEAD_TUPLES.set(health["dead_tuples"])


async def _sample_paused_runs(db: Database) -> None:
    found = Counter[str]()
    for row in await db.fetch(SQL["paused_runs"]):
        found[row["reason"] if row["reason"] in PAUSED_BY else OTHER] += row["count"]
    for reason in (*PAUSED_BY, OTHER):
        observe.RUNS_PAUSED.labels(reason).set(found[reason])
