"""What each call of a worker costs the server: measured one by one, on a queue of this server's own.

Processor time is what Linux gave to the server's processes (``/proc``, in ns), so the server must be on this
machine. Waiting is what is left of the clock.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg
from psycopg import RawCursor

from benchmarks.processes import Process, Session, noop_workers
from benchmarks.snapshot import a_worker
from worker.errors import UserError
from worker.queue.jobs import ANY_PRIORITY
from worker.queue.jobs import SQL as JOBS
from worker.queue.lease import SQL as WORKERS

BATCHES = (1, 10, 100, 500)
ROUNDS = 40
LOCKED = 4_000
LISTENERS = 40
NOTIFICATIONS = 500
IDLE_WORKERS = 4
IDLE_SECONDS = 15.0
SETTLE_SECONDS = 3.0
FILL = """
insert into worker.jobs (kind, payload, queue, max_attempts, state)
select 'noop', '{"i": 1}', 'noop', 5, 'pending' from generate_series(1, %s)
"""
NO_CHANNEL = "select pg_notify('mintmark_bench', '')"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: of the server's processor, and by the clock."""

    cpu: float
    wall: float


class ServerTime:
    """The processor time of a server's processes, found by their parent."""

    def __init__(self, session: Session) -> None:
        row = session.execute("select pg_backend_pid(), current_setting('data_directory')").fetchone()
        assert row
        try:
            self._postmaster = _parent(int(str(row[0])))
        except FileNotFoundError:
            raise UserError(
                "the fleet's costs are read from /proc: the server must be on this machine"
            ) from None

    def mark(self) -> dict[int, int]:
        """What each of them has used so far; to be handed to ``since``."""
        folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdecimal()]
        ours = [folder for folder in folders if _parent_of(folder) == self._postmaster]
        return {int(folder.name): _used(folder) for folder in ours}

    def since(self, mark: dict[int, int]) -> float:
        """Seconds used since; without what those used that have ended meanwhile."""
        return sum(used - mark.get(pid, 0) for pid, used in self.mark().items()) / 1e9


def _parent(pid: int) -> int:
    parent = _parent_of(Path(f"/proc/{pid}"))
    if parent is None:
        raise FileNotFoundError(pid)
    return parent


def _parent_of(folder: Path) -> int | None:
    try:
        stat = (folder / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[1])


def _used(folder: Path) -> int:
    try:
        return int((folder / "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def used_by(started: Sequence[Process]) -> float:
    """The processor time of all threads of some processes so far; seconds."""
    threads = [thread for one in started for thread in Path(f"/proc/{one.pid}/task").iterdir()]
    return sum(map(_used, threads)) / 1e9


@dataclass(frozen=True, slots=True)
class Line:
    """A cost that grows with the number of jobs in a call."""

    call: float
    job: float


@dataclass(frozen=True, slots=True)
class ServerCosts:
    """What the server was measured to spend; seconds."""

    claim: Line
    finish: Line
    skip: float
    empty: float
    beat: float
    wake: float
    idle: float
    worker_idle: float
    """Of a worker that waits, in a second: of its own process, not of the server."""
    flush: float
    trip: float


def measure_server(url: str) -> ServerCosts:
    """Measure each call in the database of a URL, whose queue is emptied."""
    with psycopg.connect(url, autocommit=True) as session:
        idle, worker_idle = _idle(url, session)
        calls = _Calls(session)
        claims, finishes = calls.claims_and_finishes()
        beat, nothing = calls.beat(), calls.nothing()
        return ServerCosts(
            claim=fit({jobs: one.cpu for jobs, one in claims.items()}),
            finish=fit({jobs: one.cpu for jobs, one in finishes.items()}),
            skip=calls.skip(url),
            empty=calls.empty().cpu,
            beat=beat.cpu,
            wake=calls.wake(url),
            idle=idle,
            worker_idle=worker_idle,
            flush=max(0.0, (beat.wall - beat.cpu) - (nothing.wall - nothing.cpu)),
            trip=max(0.0, nothing.wall - nothing.cpu),
        )


def fit(points: "dict[int, float]") -> Line:
    """Through the smallest and the largest batch: what lies between has to be near it, and is."""
    low, high = min(points), max(points)
    job = (points[high] - points[low]) / (high - low)
    return Line(max(0.0, points[low] - low * job), job)


def _idle(url: str, session: Session) -> tuple[float, float]:
    """A second of one worker that waits: of the server, and of the worker itself."""
    used = ServerTime(session)
    with noop_workers(url, slots=10, processes=IDLE_WORKERS) as started:
        time.sleep(SETTLE_SECONDS)
        began, server, ours = time.monotonic(), used.mark(), used_by(started)
        time.sleep(IDLE_SECONDS)
        each = (time.monotonic() - began) * IDLE_WORKERS
        return used.since(server) / each, (used_by(started) - ours) / each


class _Calls:
    def __init__(self, session: Session) -> None:
        self._session, self._used = session, ServerTime(session)
        self._worker: UUID = a_worker(session)

    def _spent(self, call: Callable[[], object], times: int) -> Spent:
        """The mean of the processor's time, and the median of the clock's."""
        call()
        walls, before = [], self._used.mark()
        for _ in range(times):
            began = time.perf_counter()
            call()
            walls.append(time.perf_counter() - began)
        return Spent(self._used.since(before) / times, median(walls))

    def _run(self, statement: str, *arguments: object) -> Sequence[tuple[object, ...]]:
        return RawCursor(self._session).execute(statement.encode(), arguments, prepare=True).fetchall()

    def claims_and_finishes(self) -> "tuple[dict[int, Spent], dict[int, Spent]]":
        """Claim so many and finish them, again and again; both commit."""
        claims, finishes = {}, {}
        for jobs in BATCHES:
            rounds = ROUNDS if jobs > 10 else ROUNDS * 5
            self._fill(jobs * (rounds + 2))
            held: list[tuple[list[int], list[int]]] = []

            def claim(jobs: int = jobs, held: list[tuple[list[int], list[int]]] = held) -> None:
                rows = self._run(JOBS["claim"], "noop", ["noop"], jobs, self._worker, *ANY_PRIORITY)
                held.append(([int(str(row[0])) for row in rows], [int(str(row[1])) for row in rows]))

            claims[jobs] = self._spent(claim, rounds)
            waiting = iter(held)
            finishes[jobs] = self._spent(
                lambda waiting=waiting: self._run(JOBS["complete"], *next(waiting)),  # type: ignore[misc]
                rounds,
            )
        return claims, finishes

    def skip(self, url: str) -> float:
        """A claim of ten behind rows that another transaction has claimed, for each of those."""
        self._fill(LOCKED + 1_000)
        free = self._claim_rolled_back()
        with _claimed_by_another(url, self._worker, LOCKED):
            behind = self._claim_rolled_back()
        return max(0.0, (behind.cpu - free.cpu) / LOCKED)

    def _claim_rolled_back(self) -> Spent:
        def claim() -> None:
            with self._session.transaction(force_rollback=True):
                self._run(JOBS["claim"], "noop", ["noop"], 10, self._worker, *ANY_PRIORITY)

        return self._spent(claim, ROUNDS)

    def empty(self) -> Spent:
        """A claim that finds nothing."""
        self._session.execute("truncate worker.jobs")
        ask = ("noop", ["noop"], 10, self._worker, *ANY_PRIORITY)
        return self._spent(lambda: self._run(JOBS["claim"], *ask), ROUNDS * 10)

    def beat(self) -> Spent:
        """A heartbeat: the smallest commit there is."""
        return self._spent(lambda: self._run(WORKERS["beat"], self._worker, "1 day"), ROUNDS * 10)

    def nothing(self) -> Spent:
        """There and back."""
        return self._spent(lambda: self._run("select 1"), ROUNDS * 10)

    def wake(self, url: str) -> float:
        """A notification that nobody waits for, for each connection that listens to something."""
        alone = self._spent(lambda: self._run(NO_CHANNEL), NOTIFICATIONS)
        with _listeners(url):
            heard = self._spent(lambda: self._run(NO_CHANNEL), NOTIFICATIONS)
        return max(0.0, (heard.cpu - alone.cpu) / LISTENERS)

    def _fill(self, jobs: int) -> None:
        self._session.execute("truncate worker.jobs, worker.job_history")
        self._session.execute(FILL, (jobs,))
        self._session.execute("vacuum analyze worker.jobs")


@contextmanager
def _claimed_by_another(url: str, worker: UUID, jobs: int) -> Iterator[None]:
    with psycopg.connect(url) as other:
        arguments = ("noop", ["noop"], jobs, worker, *ANY_PRIORITY)
        RawCursor(other).execute(JOBS["claim"].encode(), arguments)
        yield
        other.rollback()


@contextmanager
def _listeners(url: str) -> Iterator[None]:
    listening = [psycopg.connect(url, autocommit=True) for _ in range(LISTENERS)]
    try:
        for place, connection in enumerate(listening):
            connection.execute(f"listen mintmark_bench_{place}".encode())
        yield
    finally:
        for connection in listening:
            connection.close()
