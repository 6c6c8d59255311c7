"""Places for runs, as a machine that Hypothesis drives: two orgs, their runs, and whoever steers them."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.looks import LOOKS, empty
from tests.queue.scene import alive, claimed, enqueue, let_die
from worker.db import Database, Record
from worker.errors import Refused, StopWork
from worker.queue.contract import Job
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.rescue import rescue
from worker.queue.states import JobState
from worker.runs.closing import Closer
from worker.runs.work import Work

T = TypeVar("T")
MOST_RUNS = 8


class PlacesMachine(RuleBasedStateMachine):
    """Jobs are claimed and begun apart, so that anything can come between the two."""

    runner: ClassVar[asyncio.Runner]
    db: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.jobs, self.closer = Jobs(self.db), Closer(self.db, {})
        self.orgs: list[UUID] = []
        self.runs: list[UUID] = []
        self.claimed: list[tuple[UUID, Job]] = []
        self.at_work: list[tuple[UUID, Job]] = []
        self.running: dict[UUID, int] = {}

    def do(self, asked: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(asked)

    @initialize()
    def begin_anew(self) -> None:
        self.do(empty(self.db))
        self.orgs = [self.do(self.db.fetchval(LOOKS["org"], f"org {number}")) for number in range(2)]
        for org in self.orgs:
            self.set_places_of(org, 1)
        for _ in range(3):  # A crowd: one has the place, the others wait.
            self.start(0, 1)
        self.claim(3)
        while self.claimed:
            self.begin(0)

    def set_places_of(self, org: UUID, places: int) -> None:
        self.do(self.db.execute("select worker.set_org($1, max_concurrent_runs => $2)", org, places))

    @rule(org=st.integers(0, 1), places=st.sampled_from([1, 1, 2, 3]))
    def set_places(self, org: int, places: int) -> None:
        self.set_places_of(self.orgs[org], places)

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(org=st.sampled_from([0, 0, 0, 1]), jobs=st.sampled_from([1, 1, 2]))
    def start(self, org: int, jobs: int) -> None:
        run = self.do(self.db.fetchval("select worker.start_run('errand', org_id => $1)", self.orgs[org]))
        for _ in range(jobs - 1):
            self.do(enqueue(self.db, run_id=run))
        self.runs.append(run)

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        for _ in range(limit):
            worker = self.do(alive(self.db))
            self.claimed += [(worker, job) for job in self.do(claimed(self.db, worker))]

    @precondition(lambda self: self.claimed)
    @rule(at=st.integers(0))
    def begin(self, at: int) -> None:
        worker, job = self.claimed.pop(at % len(self.claimed))
        run = self._run(job)
        earlier = self.do(self.db.fetch(LOOKS["waiting_before"], run["org_id"], run["created_at"]))
        free = self.free_places(run["org_id"])
        work = Work(self.db, job, stopping=lambda: False)
        try:
            nothing_to_do = self.do(work.enter())
        except StopWork as told:
            return self._put_back(job, told.why)
        if work.is_first:
            assert len(earlier) < free, "somebody had waited longer, and there was no place for both"
        if nothing_to_do is not None:
            return self._end(job, JobState.CANCELLED)
        return self.at_work.append((worker, job))

    def free_places(self, org: UUID) -> int:
        places = {
            row["org_id"]: row["places"] - row["running"] for row in self.do(self.db.fetch(LOOKS["places"]))
        }
        return int(places[org])

    def _run(self, job: Job) -> Record:
        found = self.do(self.db.fetchrow(LOOKS["place"], job.run_id))
        assert found is not None
        return found

    def _put_back(self, job: Job, why: str) -> None:
        if not self.do(self.jobs.put_back([PutBack(job, timedelta(0), counted=False, reason=why)])):
            self._end(job, JobState.CANCELLED)

    def _end(self, job: Job, state: JobState, *, closes: bool = True) -> None:
        assert self.do(self.jobs.finish([Finished(job, state)])) == {job.id}
        if closes:
            self.do(self.closer.after_finish([job]))

    @precondition(lambda self: self.at_work)
    @rule(at=st.integers(0))
    def stop(self, at: int) -> None:
        self._put_back(self.at_work.pop(at % len(self.at_work))[1], "stopping")

    @precondition(lambda self: self.at_work)
    @rule(at=st.integers(0), failed=st.booleans(), closes=st.booleans())
    def finish(self, at: int, *, failed: bool, closes: bool) -> None:
        _, job = self.at_work.pop(at % len(self.at_work))
        self._end(job, JobState.FAILED if failed else JobState.COMPLETED, closes=closes)

    @precondition(lambda self: self.claimed or self.at_work)
    @rule(at=st.integers(0))
    def kill(self, at: int) -> None:
        held = [*self.claimed, *self.at_work]
        dead, job = held[at % len(held)]
        self.do(let_die(self.db, dead))
        self.do(rescue(self.db))
        self.claimed = [one for one in self.claimed if one[1].id != job.id]
        self.at_work = [one for one in self.at_work if one[1].id != job.id]

    @precondition(lambda self: self.runs)
    @rule(door=st.sampled_from(["pause_run", "resume_run", "cancel_run", "retry_failed"]), at=st.integers(0))
    def steer(self, door: str, at: int) -> None:
        self._ask(f"select worker.{door}($1)", self.runs[at % len(self.runs)])

    @precondition(lambda self: self.runs)
    @rule(door=st.sampled_from(["cancel_job", "retry_job"]), at=st.integers(0))
    def steer_job(self, door: str, at: int) -> None:
        jobs = self.do(self.db.fetch("select id from worker.job_status order by id"))
        self._ask(f"select worker.{door}($1)", jobs[at % len(jobs)]["id"])

    def _ask(self, statement: str, what: object) -> None:
        try:
            self.do(self.db.execute(statement, what))
        except Refused as refused:
            assert refused.code == "MM003", refused  # noqa: PT017 - anything else is a fault.

    @rule()
    def sweep(self) -> None:
        self.do(self.closer.sweep())

    @rule()
    def go_on_until_nothing_moves(self) -> None:
        """After it whoever still waits does so for a place that is taken."""
        for _ in range(2 * MOST_RUNS + 2):
            self.sweep()
            self.claim(1)
            while self.claimed:
                self.begin(0)
                self.claim(1)
            self.never_more_than_there_are_places()
        assert self.do(self.db.fetch(LOOKS["waits_in_vain"])) == []

    @invariant()
    def never_more_than_there_are_places(self) -> None:
        for row in self.do(self.db.fetch(LOOKS["places"])):
            before = self.running.get(row["org_id"], 0)
            assert row["running"] <= max(row["places"], before), "a run began without a place"
            self.running[row["org_id"]] = row["running"]

    @invariant()
    def only_who_is_pending_waits(self) -> None:
        assert self.do(self.db.fetch(LOOKS["waits_wrongly"])) == []
