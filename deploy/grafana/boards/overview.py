"""The board for the wall: is it healthy, is it keeping up, what does it cost?

It asks for what is recorded (``deploy/prometheus/rules/recorded.yml``) where it can: many look at it,
all day.
"""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.boards.panels import (
    FIRING,
    MONEY,
    Alarm,
    Ask,
    bars,
    board,
    figure,
    graph,
    listing,
    without_zeros,
)

WORKERS = 'up{job="mintmark-worker"}'
WAITING_FOR_SOMEBODY = "budget|org_budget|price_overrun|credential_revoked|checkpoint_version"


def overview() -> Dashboard:
    """Few figures, each of which leads to a board or a page that knows more."""
    made = board(
        "mintmark: overview",
        "mintmark-overview",
        "Is it healthy, is it keeping up, what does it cost? The other boards say why.",
    )
    _healthy(made.with_row(Row("Is it healthy?")))
    _keeping_up(made.with_row(Row("Is it keeping up?")))
    _cost(made.with_row(Row("What does it cost, and what is it worth?")))
    return made


def _healthy(made: Dashboard) -> None:
    made.with_panel(
        figure(
            "Workers that answer",
            "Of those that are there to be scraped. Fewer than you run: look at the instances under Status, "
            "Targets in Prometheus, then at the log of the one that is missing. None: nothing is worked.",
            Ask(f"sum({WORKERS})", "answer"),
            Ask(f"count({WORKERS})", "are known"),
            alarms=[Alarm("MintmarkNoWorker", below=1), Alarm("MintmarkWorkerDown", below=1)],
        )
    )
    made.with_panel(
        figure(
            "Longest since a claim",
            "Seconds since the slowest worker's claim round ended. Above a minute it claims nothing "
            "although it should: ask its /healthz what does not live, and let it be started anew.",
            Ask("max(mintmark_claim_age_seconds)"),
            unit="s",
            alarms=[Alarm("MintmarkClaimLoopStuck", above=60)],
        )
    )
    made.with_panel(
        figure(
            "Jobs set aside",
            "Workers died of them three times in a row. Read why with `mintmark job show ID`, mend it, then "
            "`mintmark job retry ID`.",
            Ask("max(mintmark_jobs_quarantined)"),
            alarms=[Alarm("MintmarkJobsQuarantined", above=1)],
        )
    )
    made.with_panel(
        listing(
            "Alarms that fire",
            "Each alarm has a page that says what it means and what to do first: `docs/runbooks/`, by its "
            "name.",
            Ask(FIRING),
            ("alertname", "severity", "queue", "kind", "instance", "reason", "api"),
            nothing="None fires.",
        )
    )


def _keeping_up(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Jobs that wait",
            "By queue. A line that rises for an hour is more work than the workers do: see how long the "
            "oldest waits, then the Queues board.",
            Ask('queue_state:mintmark_queue_depth:max{state="pending"}', "{{queue}}"),
            width=8,
        )
    )
    made.with_panel(
        graph(
            "How long the oldest waits",
            "Start workers, or see what the jobs in hand wait for (APIs, Postgres). A queue that an "
            "operator holds grows old too: `mintmark queue list`.",
            Ask("queue:mintmark_queue_oldest_seconds:max", "{{queue}}"),
            unit="s",
            alarms=[Alarm("MintmarkQueueOld", above=900)],
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Pick-up, 99th percentile",
            "From when a job may be claimed to its handler's start, of those that did start. Seconds here "
            "with few jobs waiting mean that workers poll instead of being told, or that Postgres is slow.",
            Ask("queue:mintmark_job_pickup_seconds:p99_rate5m", "{{queue}}"),
            unit="s",
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Taken and ended, per second",
            "Far more taken than done: attempts are put off or handed back. Nothing taken while jobs wait: "
            "no worker serves that queue, or its slots are full.",
            Ask("sum(queue:mintmark_jobs_claimed:rate5m)", "taken"),
            Ask("sum by (ending) (kind_ending:mintmark_jobs_finished:rate5m)", "{{ending}}"),
            unit="ops",
            width=12,
        )
    )
    made.with_panel(
        graph(
            "Share of attempts that fail",
            "Of one kind, over a quarter of an hour. `mintmark job list --state failed` names the error "
            "codes; docs/errors.md says what each asks of you.",
            Ask("kind:mintmark_jobs_failed:ratio_rate15m", "{{kind}}"),
            unit="percentunit",
            alarms=[Alarm("MintmarkJobsFail", above=0.2)],
            width=12,
        )
    )


def _cost(made: Dashboard) -> None:
    made.with_panel(
        bars(
            "Spent in the last hour",
            "By kind of run. More than you expect: find the run under Runs and budgets, pause it "
            "(`mintmark run pause ID`), and look at its estimate.",
            Ask(without_zeros("kind:mintmark_run_spent_cents:increase1h / 100"), "{{kind}}"),
            unit=MONEY,
        )
    )
    made.with_panel(
        figure(
            "Runs that wait for somebody",
            "Paused because money, a consent or a newer worker is missing. They keep what they have: "
            "`mintmark run list --state paused` says what each waits for.",
            Ask(f'sum(max by (reason) (mintmark_runs_paused{{reason=~"{WAITING_FOR_SOMEBODY}"}}))'),
            alarms=[
                Alarm("MintmarkRunsPausedByBudget", above=1),
                Alarm("MintmarkCredentialRevoked", above=1),
            ],
            height=8,
        )
    )
    made.with_panel(
        bars(
            "Left of the day's quotas",
            "Share of the calls that a provider allows in its day. At zero, jobs wait for its next day: "
            "spread the runs that ask it most, or ask the provider for more.",
            Ask("api:mintmark_api_quota_left:ratio", "{{api}}"),
            unit="percentunit",
            alarms=[Alarm("MintmarkQuotaNearlySpent", below=0.1)],
            most=1,
        )
    )
    made.with_panel(
        figure(
            "Age of prices, 95 of 100",
            "All but one print in twenty have a price that is younger. Older than promised: see Prices and "
            "freshness, which sources went dry.",
            Ask('max(mintmark_price_age_seconds{quantile="0.95"})'),
            unit="s",
            alarms=[Alarm("MintmarkPricesOld", above=7 * 86400)],
            height=8,
        )
    )
