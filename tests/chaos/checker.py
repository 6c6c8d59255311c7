"""The one judge of all faults: compares the journal, which no database holds, with what the database says."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.chaos.journal import Journal
from worker.db import Database, Record

ENDED = "select id, fence, state::text, attempt, crashes from worker.job_history order by id"
LIVE = "select id from worker.jobs order by id"
WRITES = "select job, fence, step from public.trial_writes order by job, seq"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. Lists are of job ids; all but ``states`` and the numbers should be empty."""

    acknowledged: int
    lost: list[int]
    """Acknowledged, and neither alive nor ended."""
    unended: list[int]
    twice: list[int]
    """Ended more than once, or both ended and alive."""
    stale: list[int]
    """A write was accepted with a fence that was no longer, or not yet, the job's."""
    repeated: list[int]
    """A step was committed more than once, or out of order."""
    vanished: list[int]
    """A commit that its handler saw is not in the database, or a completed job misses a step."""
    unheld: list[int]
    """Completed under a fence whose holder never came to the end."""
    tries_used: int
    """Attempts beyond the first, over all jobs."""
    crashes: int
    states: Mapping[str, int] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """Name every promise that was broken; empty when all held."""
        lists = ("lost", "unended", "twice", "stale", "repeated", "vanished", "unheld")
        return [f"{name}: {found[:10]}" for name in lists if (found := getattr(self, name))]

    def figures(self) -> str:
        """Say in short what was tried and found."""
        ended = sum(self.states.values())
        return (
            f"{self.acknowledged} jobs acknowledged, {ended} ended, {len(self.lost)} lost,"
            f" {len(self.twice)} finished twice, {len(self.stale)} stale writes, {self.tries_used} tries used"
        )


async def check(db: Database, journal: Journal) -> Verdict:
    """Judge everything that was enqueued, worked and ended in this database."""
    ended, live = await db.fetch(ENDED), [row["id"] for row in await db.fetch(LIVE)]
    writes = await db.fetch(WRITES)
    acknowledged = {entry.job for entry in journal.entries("acknowledged")}
    found = Counter([row["id"] for row in ended] + live)
    return Verdict(
        acknowledged=len(acknowledged),
        lost=sorted(acknowledged - set(found)),
        unended=live,
        twice=[id_ for id_, count in found.items() if count > 1],
        stale=_stale(writes, {row["id"]: row["fence"] for row in ended}),
        repeated=_repeated(writes),
        vanished=_vanished(writes, journal),
        unheld=_unheld(ended, journal),
        tries_used=sum(max(0, row["attempt"] - 1) for row in ended),
        crashes=sum(row["crashes"] for row in ended),
        states=Counter(row["state"] for row in ended),
    )


def _by_job(writes: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for row in writes:
        found.setdefault(row["job"], []).append(row)
    return found


def _stale(writes: Iterable[Record], last: Mapping[int, int]) -> list[int]:
    return [
        job
        for job, rows in _by_job(writes).items()
        if (fences := [row["fence"] for row in rows]) != sorted(fences)
        or fences[-1] > last.get(job, fences[-1])
    ]


def _repeated(writes: Iterable[Record]) -> list[int]:
    return [
        job for job, rows in _by_job(writes).items() if [row["step"] for row in rows] != [*range(len(rows))]
    ]


def _vanished(writes: Iterable[Record], journal: Journal) -> list[int]:
    stored = {(row["job"], row["step"]) for row in writes}
    return sorted({entry.job for entry in journal.entries("commit") if (entry.job, entry.step) not in stored})


def _unheld(ended: Iterable[Record], journal: Journal) -> list[int]:
    said = {(entry.job, entry.fence) for entry in journal.entries("end")}
    return [
        row["id"] for row in ended if row["state"] == "completed" and (row["id"], row["fence"]) not in said
    ]
