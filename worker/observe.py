"""One page of observations: every metric and every log event has its name here and nowhere else.

Takes plain values, so that any room may report and no room names a metric. ``EVENTS`` is the
operator's vocabulary; ``docs/events.md`` is compared with it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from worker.events import EVENTS
from worker.logs import LEVELS, LONGEST_WORDS, configure_logging, least, traceback_of, words
from worker.tally import Distribution, Tally

__all__ = ["EVENTS", "configure_logging", "words"]

disable_created_metrics()  # type: ignore[no-untyped-call]  # A second series for each: when it began, which nobody asks.
REGISTRY = CollectorRegistry(auto_describe=True)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)

LONGEST_CODE = 100

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"mintmark_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"mintmark_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str) -> Histogram:
    return Histogram(f"mintmark_{name}", text, labels, registry=REGISTRY, buckets=SECONDS)


def _tally(name: str, text: str, *labels: str) -> Tally:
    return Tally(f"mintmark_{name}", text, labels, REGISTRY)


def _distribution(name: str, text: str, label: str) -> Distribution:
    return Distribution(f"mintmark_{name}", text, label, SECONDS, REGISTRY)


JOBS_CLAIMED = _tally("jobs_claimed_total", "Jobs this worker took.", "queue")
JOBS_FINISHED = _tally("jobs_finished_total", "Attempts that ended, by ending.", "kind", "ending")
JOB_DURATION = _distribution("job_duration_seconds", "From a handler's start to its end.", "kind")
JOB_PICKUP = _distribution(
    "job_pickup_seconds", "From when a job could be claimed to its handler's start.", "queue"
)
QUEUE_DEPTH = _gauge("queue_depth", "Jobs that have not ended, by state.", "queue", "state")
QUEUE_OLDEST = _gauge("queue_oldest_seconds", "Age of the oldest pending job.", "queue")
QUEUE_PAUSED = _gauge("queue_paused", "Whether an operator holds the queue: 0 no, 1 yes.", "queue")
RUNS = _gauge("runs", "Runs by state.", "state")
RUNS_PAUSED = _gauge("runs_paused", "Paused runs, by what paused them.", "reason")
RUN_SPENT = _counter("run_spent_cents_total", "Cents spent by runs.", "kind")
OBSERVATIONS = _counter("observations_total", "Price observations that are new.", "source", "basis")
PRICE_AGE = _gauge("price_age_seconds", "Since prints were priced last, by quantile.", "quantile")
API_QUOTA = _gauge("api_quota_remaining", "Calls that are left of a provider's day.", "api")
API_QUOTA_CALLS = _gauge("api_quota_calls", "Calls that a provider allows in its day.", "api")
ACCOUNTS_REVOKED = _gauge("accounts_revoked", "Accounts that are out of use until they are connected again.")
BUDGET_DENIED = _counter("budget_denied_total", "Spending refused because a budget would be exceeded.")
ITEMS = _counter("items_total", "Items worked on, by outcome.", "kind", "outcome")
LEASE_LOST = _counter("lease_lost_total", "Writes dropped because the job was somebody else's by then.")
HANDLERS_DEAF = _counter("handlers_deaf_total", "Handlers that went on after they were cancelled.", "kind")
JOBS_RESCUED = _counter("jobs_rescued_total", "Jobs taken from dead workers.", "kind")
JOBS_QUARANTINED = _gauge(
    "jobs_quarantined", "Jobs set aside in the last day, and not retried; counted up to 100."
)
CLAIM_AGE = _gauge("claim_age_seconds", "Since a claim round ended; 0 while nothing shall be claimed.")
WAKEUP_MODE = _gauge("wakeup_mode", "1 for the way this worker learns of new work.", "mode")
THREADS_ABANDONED = _gauge(
    "threads_abandoned", "Threads at work for attempts that have been cut off; each takes up a place."
)
LOOP_LAG = _gauge("loop_lag_seconds", "How late the event loop's last tick was.")
OLDEST_XMIN = _gauge("db_oldest_xmin_seconds", "Age of the oldest transaction that holds back vacuum.")
DEAD_TUPLES = _gauge("jobs_dead_tuples", "Dead rows in the jobs table, as Postgres estimates them.")
UNKNOWN_KINDS = _gauge("jobs_unknown_kind", "Pending jobs of kinds that this worker does not know.")
SCHEDULES_FIRED = _counter("schedules_fired_total", "Jobs enqueued by schedules.", "kind")
ALERTS = _counter("alerts_total", "Alerts, by what became of them at a channel.", "channel", "outcome")
ALERTS_WAITING = _gauge("alerts_waiting", "Alerts that some channel has not had; counted up to 10,000.")
API_REQUESTS = _counter(
    "api_requests_total", "Requests to other people's APIs, by status class.", "api", "status"
)
API_SECONDS = _histogram("api_request_seconds", "From asking to the whole answer.", "api")
API_BREAKER = _gauge(
    "api_breaker", "Whether an API is left alone because it fails: 0 no, 1 yes, 2 it is being tried.", "api"
)
SPANS = _counter("spans_total", "Spans, by whether the collector took them: sent or lost.", "outcome")
ENDINGS = ("done", "snooze", "retry", "cancel", "fail", "hand_back")
BREAKER_STATES = {"closed": 0, "open": 1, "half_open": 2}


def begin_at_zero(*, kinds: Iterable[str], scheduled: Iterable[str], channels: Iterable[str]) -> None:
    """Begin counters that must not miss their first: of a series that comes with it, no increase is seen."""
    for kind in kinds:
        for ending in ENDINGS:
            JOBS_FINISHED.add((kind, ending), 0)
        JOBS_RESCUED.labels(kind)
        HANDLERS_DEAF.labels(kind)
        RUN_SPENT.labels(kind)
    for kind in scheduled:
        SCHEDULES_FIRED.labels(kind)
    for channel in channels:
        ALERTS.labels(channel, "delivered")


def say(event: str, *, level: str = "info", **facts: Any) -> None:
    """Log one event of ``EVENTS`` with its facts."""
    assert event in EVENTS, event
    getattr(_log, level)(event, **facts)


def jobs_claimed(*, queue: str, count: int) -> None:
    """Count jobs that this worker took."""
    if count:
        JOBS_CLAIMED.add((queue,), count)


def job_finished(
    *,
    kind: str,
    queue: str,
    job: int,
    attempt: int,
    ending: str,
    waited: float,
    seconds: float,
    run: object = None,
    code: str | None = None,
    why: str | None = None,
    trace: dict[str, str] | None = None,
) -> None:
    """Write the one line of an attempt, and move the metrics that say the same.

    ``waited``: seconds from when it could be claimed to its handler's start; ``seconds``: on to its end.
    """
    JOBS_FINISHED.add((kind, ending))
    JOB_PICKUP.add(queue, waited)
    JOB_DURATION.add(kind, seconds)
    level = "warning" if ending in {"retry", "fail"} else "info"
    if LEVELS[level] < least.level:
        return  # Thousands of jobs a second: not even asking the logger shows.
    facts = {
        "run": run and str(run),
        "code": code and code[:LONGEST_CODE],
        "why": why and why[:LONGEST_WORDS],
        **(trace or {}),
    }
    say(
        "job_finished",
        level=level,
        kind=kind,
        queue=queue,
        job=job,
        attempt=attempt,
        ending=ending,
        seconds=round(seconds, 4),
        **{name: fact for name, fact in facts.items() if fact is not None},
    )


def handler_crashed(*, kind: str, job: int, error: BaseException) -> None:
    """Log what a handler raised, with its traceback."""
    _log.error("job_crashed_handler", kind=kind, job=job, exception=traceback_of(error))


def handler_deaf(*, kind: str, job: int) -> None:
    """Count and log a handler that was cancelled and goes on all the same."""
    HANDLERS_DEAF.labels(kind).inc()
    say("handler_deaf", level="error", kind=kind, job=job)


def lease_lost(*, kind: str, job: int) -> None:
    """Count and log a result that was dropped."""
    LEASE_LOST.inc()
    say("lease_lost", level="warning", kind=kind, job=job)


def rescued(*, kind: str, job: int, quarantined: bool) -> None:
    """Count a job taken from a dead worker; say so when it is set aside."""
    JOBS_RESCUED.labels(kind).inc()
    if quarantined:
        say("job_quarantined", level="error", kind=kind, job=job)


def thread_abandoned(*, kind: str, job: int, function: str, free: int) -> None:
    """Count and log a thread for whose answer nobody waits any more; ``free`` places for threads are left."""
    THREADS_ABANDONED.inc()
    say(
        "thread_abandoned",
        level="warning" if free else "error",
        kind=kind,
        job=job,
        function=function,
        free=free,
    )


def thread_returned(*, kind: str, job: int, function: str) -> None:
    """Log that a thread that was abandoned has ended."""
    THREADS_ABANDONED.dec()
    say("thread_returned", kind=kind, job=job, function=function)


def items(*, kind: str, outcome: str, count: int) -> None:
    """Count items that reached an outcome."""
    if count:
        ITEMS.labels(kind, outcome).inc(count)


def spent(*, kind: str, cents: float) -> None:
    """Count cents that a run spent."""
    if cents:
        RUN_SPENT.labels(kind).inc(cents)


def observations(*, source: str, basis: str, count: int) -> None:
    """Count observations that were not there before."""
    if count:
        OBSERVATIONS.labels(source, basis).inc(count)


def price_ages(ages: Mapping[str, float]) -> None:
    """Say how old prices are, in seconds by quantile; nothing where there are none."""
    for quantile, seconds in ages.items():
        PRICE_AGE.labels(quantile).set(seconds)


def budget_denied(*, run: str, why: str) -> None:
    """Count and log a refused reservation; ``why`` is ``budget``, ``org_budget`` or ``quota``."""
    BUDGET_DENIED.inc()
    say("budget_spent", level="warning", run=run, why=why)


def schedule_fired(*, schedule: str, kind: str, job: int, count: int, late: float) -> None:
    """Count and log jobs that a schedule enqueued; ``job`` is the last, ``late`` in seconds of the first."""
    SCHEDULES_FIRED.labels(kind).inc(count)
    say("schedule_fired", schedule=schedule, kind=kind, job=job, count=count, late_seconds=round(late, 3))


def schedule_refused(*, schedule: str, kind: str, why: str) -> None:
    """Log that the job of a schedule would not be, or was not, taken."""
    say("schedule_refused", level="warning", schedule=schedule, kind=kind, why=why)


def wakeup_mode(mode: str, *, why: str) -> None:
    """Say how this worker learns of new work, ``listen`` or ``poll``, and why so."""
    for known in ("listen", "poll"):
        WAKEUP_MODE.labels(known).set(known == mode)
    say("wakeup_mode", level="info" if mode == "listen" else "warning", mode=mode, why=why)


def api_request(api: str, status: str, seconds: float) -> None:
    """Count one request to somebody else's API; ``status`` is a class such as ``2xx`` or ``timeout``."""
    API_REQUESTS.labels(api, status).inc()
    API_SECONDS.labels(api).observe(seconds)


def api_breaker(*, api: str, state: str, again: bool = False) -> None:
    """Say that an API's breaker is ``open``, ``half_open`` or ``closed``; not so if it opens ``again``."""
    API_BREAKER.labels(api).set(BREAKER_STATES[state])
    if state != "half_open" and not again:
        say("api_breaker", level="warning", api=api, state=state)
