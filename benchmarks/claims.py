"""What a claim costs behind rows that are dead and cannot be removed, as it is and with a cursor past them.

No worker: a snapshot is held, so many jobs are worked off before it may see that, and then 100 jobs are
claimed again and again by both statements in turn, each time rolled back.
"""

from collections.abc import Sequence

import psycopg

from benchmarks.figures import Figure, Scale, figure
from benchmarks.processes import Session
from benchmarks.snapshot import a_worker, claim_ms, held_snapshot
from worker.queue.cursor import ABOVE_ALL, BELOW_ALL
from worker.queue.jobs import SQL

DEAD = 600_000
SHARES = (0, 1 / 6, 1 / 2, 1)
CLAIMED = 100
LIVE = 20_000
ROUNDS = 15
WARM = 6
"""Claims before any is counted: from the sixth on the server keeps its plan."""
FILL = """
insert into worker.jobs (kind, payload, queue, max_attempts, state)
select 'noop', '{"i": 1}', 'noop', 5, 'pending' from generate_series(1, %s)
"""
CLAIM = """
update worker.jobs j set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, started_at = now()
 where j.id <= %s
"""
FINISH = "delete from worker.jobs j where j.id <= %s"
LIMITS = "select min(j.id), max(j.id) from worker.jobs j"


def measure(url: str, scale: Scale) -> Sequence[Figure]:
    """Measure behind none, a sixth, a half and all of ``scale.rows`` dead rows."""
    figures = []
    with psycopg.connect(url, autocommit=True) as session:
        worker = a_worker(session)
        for share in SHARES:
            dead = round((scale.rows or DEAD) * share)
            session.execute("truncate worker.jobs")
            session.execute(FILL, (dead + LIVE,))
            session.execute("vacuum analyze worker.jobs")
            with held_snapshot(url):
                last = _work_off(session, dead)

                def plain() -> float:
                    return claim_ms(session, worker, CLAIMED)

                def past(last: int = last) -> float:
                    places = [0], [last], [0, BELOW_ALL], [ABOVE_ALL, 0]
                    return claim_ms(session, worker, CLAIMED, statement=SQL["claim_behind"], places=places)

                for _ in range(WARM):
                    plain(), past()
                pairs = [(plain(), past()) for _ in range(scale.rounds or ROUNDS)]
            ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
            name = f"claim of {CLAIMED} behind {dead:,} dead rows"
            figures.append(figure(name, ours, "ms", beside=bare, note="the floor: with a cursor past them"))
    return figures


def _work_off(session: Session, dead: int) -> int:
    """Claim and finish the first ``dead`` jobs; answers the id of the last of them."""
    row = session.execute(LIMITS).fetchone()
    assert row
    last = int(str(row[0])) - 1 + dead
    session.execute(CLAIM, (last,))
    session.execute(FINISH, (last,))
    session.execute("analyze worker.jobs")
    return last
