"""The queue as a machine that Hypothesis drives: whatever it does, in whatever order, what must hold holds.

Hypothesis calls plain functions, so the machine has an event loop of its own. Each history begins with empty
tables in one database.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.looks import LOOKS, empty
from tests.queue.scene import alive, claimed, enqueue, let_die
from worker.db import Database
from worker.errors import Refused
from worker.queue.contract import Job
from worker.queue.jobs import Finished, Jobs, PutBack
from worker.queue.rescue import rescue
from worker.queue.states import JobState

T = TypeVar("T")
LATER = datetime(2999, 1, 1, tzinfo=UTC)
QUEUES = ("default", "other")
OWN_ENDS = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)
"""How a worker may end a job by itself."""


class QueueMachine(RuleBasedStateMachine):
    """Producers, three workers, an operator and the keeper, one at a time."""

    runner: ClassVar[asyncio.Runner]
    db: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self.db)
        self.made: set[int] = set()
        self.terminal: dict[int, tuple[Any, ...]] = {}
        self.held: list[Job] = []
        self.lost: list[Job] = []
        self.workers: list[UUID] = []
        self.runs: list[UUID] = []

    def do(self, asked: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(asked)

    def ask(self, call: str, *arguments: Any) -> bool:
        """Call a door; False when it refuses the move, which it may."""
        try:
            self.do(self.db.execute(f"select worker.{call}", *arguments))
        except Refused as refused:
            assert refused.code == "MM003", refused  # noqa: PT017 - anything else is a fault.
            return False
        return True

    @initialize()
    def begin(self) -> None:
        self.do(empty(self.db))
        self.workers = [self.do(alive(self.db)) for _ in range(3)]
        start = "select worker.put_run($1, '{}', null, null, null, gen_random_uuid())"
        for _ in range(2):
            self.do(self.db.execute(start, "errand"))
        self.runs = [row["id"] for row in self.do(self.db.fetch("select id from worker.runs"))]

    @rule(
        dedupe=st.sampled_from([None, None, "a", "b"]),
        key=st.sampled_from([None, "k", "l"]),
        run=st.sampled_from([None, None, 0, 1]),
        later=st.booleans(),
        priority=st.integers(-1, 1),
        queue=st.sampled_from(QUEUES),
    )
    def enqueue(
        self, dedupe: str | None, key: str | None, run: int | None, *, later: bool, priority: int, queue: str
    ) -> None:
        named: dict[str, Any] = {
            "dedupe_key": dedupe,
            "concurrency_key": key,
            "priority": priority,
            "queue": queue,
        }
        named |= {"run_at": LATER if later else None, "run_id": None if run is None else self.runs[run]}
        try:
            self.made.add(self.do(enqueue(self.db, **named)))
        except Refused as refused:
            assert "takes no more jobs" in str(refused)  # noqa: PT017 - anything else is a fault.

    @rule(who=st.integers(0, 2), limit=st.integers(1, 3), queue=st.sampled_from(QUEUES))
    def claim(self, who: int, limit: int, queue: str) -> None:
        got = self.do(claimed(self.db, self.workers[who], queue=queue, limit=limit))
        self.held += got
        if len(got) < limit:
            assert self.do(self.db.fetch(LOOKS["claimable"], queue)) == [], "something was left behind"

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0), state=st.sampled_from(OWN_ENDS))
    def finish(self, at: int, state: JobState) -> None:
        job = self.held.pop(at % len(self.held))
        assert self.do(self.jobs.finish([Finished(job, state, "r", "c", "m")])) == {job.id}
        self._tidy(job)

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0), later=st.booleans(), counted=st.booleans())
    def put_back(self, at: int, *, later: bool, counted: bool) -> None:
        job = self.held.pop(at % len(self.held))
        back = PutBack(job, timedelta(hours=1) if later else timedelta(0), counted, "r")
        if not self.do(self.jobs.put_back([back])):
            assert self.do(self.jobs.finish([Finished(job, JobState.CANCELLED, "cancelled")])) == {job.id}
        self._tidy(job)

    def _tidy(self, job: Job) -> None:
        if job.concurrency_key:
            self.do(self.jobs.free_keys([job.concurrency_key]))

    @rule(who=st.integers(0, 2), taken_over=st.booleans())
    def kill(self, who: int, *, taken_over: bool) -> None:
        dead = self.workers[who]
        held = "select id from worker.jobs where worker_id = $1 and state = 'running'"
        ids = {row["id"] for row in self.do(self.db.fetch(held, dead))}
        self.do(let_die(self.db, dead))
        self.workers[who] = self.do(alive(self.db))
        rescued = self.do(rescue(self.db))
        assert {job.id for job in rescued.all()} == ids
        self.do(self.jobs.free_keys({job.concurrency_key for job in rescued.all() if job.concurrency_key}))
        self.lost += [job for job in self.held if job.id in ids]
        self.held = [job for job in self.held if job.id not in ids]
        for queue in QUEUES if taken_over else ():
            self.claim((who + 1) % 3, 3, queue)

    @precondition(lambda self: self.lost)
    @rule()
    def write_too_late(self) -> None:
        backs = [PutBack(job, timedelta(0), counted=True, reason="late") for job in self.lost]
        assert self.do(self.jobs.put_back(backs)) == set()
        assert self.do(self.jobs.complete(self.lost)) == set()
        assert self.do(self.jobs.finish([Finished(job, JobState.FAILED) for job in self.lost])) == set()

    @rule(
        door=st.sampled_from(["pause_run", "resume_run", "cancel_run", "retry_failed"]), run=st.integers(0, 1)
    )
    def steer(self, door: str, run: int) -> None:
        self._ask_with_retries(f"{door}($1)", self.runs[run])

    @rule(door=st.sampled_from(["pause_queue", "resume_queue"]), queue=st.sampled_from(QUEUES))
    def steer_queue(self, door: str, queue: str) -> None:
        self.ask(f"{door}($1)", queue)

    @precondition(lambda self: self.made)
    @rule(door=st.sampled_from(["cancel_job", "retry_job"]), at=st.integers(0))
    def steer_job(self, door: str, at: int) -> None:
        self._ask_with_retries(f"{door}($1)", sorted(self.made)[at % len(self.made)])

    def _ask_with_retries(self, call: str, what: object) -> None:
        ended = self.terminal
        if self.ask(call, what) and call.startswith("retry"):  # The one way out of an end.
            live = {row["id"] for row in self.do(self.db.fetch("select id from worker.jobs"))}
            self.terminal = {id_: row for id_, row in ended.items() if id_ not in live}

    @rule()
    def fall_due(self) -> None:
        self.do(self.db.execute("update worker.jobs set run_at = now() where state = 'scheduled'"))
        self.do(self.jobs.fall_due(100))

    @rule()
    def sweep_keys(self) -> None:
        self.do(self.jobs.free_keys(self.do(self.jobs.waiting_keys(100))))

    @invariant()
    def what_must_hold_holds(self) -> None:
        for look in (
            "two_holders",
            "two_of_a_key",
            "without_worker",
            "blocked_at_work",
            "in_both",
            "beyond_cap",
        ):
            assert self.do(self.db.fetch(LOOKS[look])) == [], look

    @invariant()
    def every_job_is_somewhere_once(self) -> None:
        rows = self.do(self.db.fetch("select id from worker.job_status order by id"))
        assert [row["id"] for row in rows] == sorted(self.made)

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        rows = {row["id"]: tuple(row) for row in self.do(self.db.fetch(LOOKS["terminal"]))}
        assert {id_: rows.get(id_) for id_ in self.terminal} == self.terminal
        self.terminal = rows

    @invariant()
    def who_holds_a_job_still_does(self) -> None:
        held = self.do(self.db.fetch("select id, fence from worker.jobs where state = 'running'"))
        assert {(row["id"], row["fence"]) for row in held} == {(job.id, job.fence) for job in self.held}
