"""The books of runs as tests read them: every counter beside the sum of the ledger that it must equal."""

from uuid import UUID

from tests.runs.scene import Asked
from worker.db import Record

RUNS_OFF = """
select r.id, r.reserved_cents, r.spent_cents, l.held, l.gone
  from worker.runs r cross join lateral (
       select coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held,
              coalesce(sum(l.cents) filter (where l.state in ('settled', 'unknown')), 0) as gone
         from worker.ledger l where l.run_id = r.id) l
 where (r.reserved_cents, r.spent_cents) is distinct from (l.held, l.gone)
    or r.spent_cents + r.reserved_cents > r.budget_cap_cents + r.overrun_cents
"""
DAYS_OFF = """
select d.org_id, d.day, d.reserved_cents, d.spent_cents, l.held, l.gone
  from worker.org_days d cross join lateral (
       select coalesce(sum(l.highest_cents) filter (where l.state = 'held'), 0) as held,
              coalesce(sum(l.cents) filter (where l.state in ('settled', 'unknown')), 0) as gone
         from worker.ledger l where l.org_id = d.org_id and l.day = d.day) l
 where (d.reserved_cents, d.spent_cents) is distinct from (l.held, l.gone)
"""
QUOTAS_OFF = """
select q.api, q.used_calls, l.calls
  from worker.api_quotas q cross join lateral (
       select coalesce(sum(l.calls), 0) as calls from worker.ledger l
        where l.api = q.api and l.quota_resets_at = q.resets_at and l.state <> 'released') l
 where q.used_calls <> l.calls
"""
ITEMS_OFF = """
select r.id, r.processed_items, r.failed_items, r.skipped_items, i.processed, i.failed, i.skipped
  from worker.runs r cross join lateral (
       select count(*) filter (where i.state in ('completed', 'failed', 'skipped')) as processed,
              count(*) filter (where i.state = 'failed') as failed,
              count(*) filter (where i.state = 'skipped') as skipped
         from worker.items i where i.run_id = r.id) i
 where (r.processed_items, r.failed_items, r.skipped_items)
       is distinct from (i.processed, i.failed, i.skipped)
"""
LEDGER = "select l.step, l.state::text, l.cents from worker.ledger l where l.run_id = $1 order by l.id"


async def balanced(db: Asked) -> bool:
    """Fail unless every counter equals its sum; for use with ``assert``, and with ``until``."""
    for statement in (RUNS_OFF, DAYS_OFF, QUOTAS_OFF, ITEMS_OFF):
        off = [dict(row) for row in await db.fetch(statement)]
        assert not off, off
    return True


async def ledger(db: Asked, run: UUID) -> list[Record]:
    """Step, state and cents of each reservation of a run, in the order of reserving."""
    return await db.fetch(LEDGER, run)
