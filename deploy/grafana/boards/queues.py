"""The board of queues: what waits, what is taken, how attempts end, and how the workers are."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.boards.panels import (
    BAD,
    GOOD,
    JOB,
    KIND,
    QUEUE,
    Alarm,
    Ask,
    board,
    figure,
    graph,
    states,
)

OF_QUEUE = 'job=~"$job", queue=~"$queue"'
OF_KIND = 'job=~"$job", kind=~"$kind"'


def queues() -> Dashboard:
    """Where work stands still, and why."""
    made = board(
        "mintmark: queues",
        "mintmark-queues",
        "What waits, what is taken, how attempts end, and how the workers are.",
        JOB,
        QUEUE,
        KIND,
    )
    _waiting(made.with_row(Row("What waits")))
    _working(made.with_row(Row("What is done")))
    _workers(made.with_row(Row("The workers")))
    return made


def _waiting(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Jobs by state",
            "Of the chosen queues together. Pending that grows wants workers; scheduled that grows is work "
            "put off: retries, spent quotas, tired APIs.",
            Ask(f"sum by (state) (max by (queue, state) (mintmark_queue_depth{{{OF_QUEUE}}}))", "{{state}}"),
            stacked=True,
        )
    )
    made.with_panel(
        graph(
            "How long the oldest waits",
            "Start workers that serve the queue, or give it slots of its own (`mintmark worker --queue Q`).",
            Ask(f"max by (queue) (mintmark_queue_oldest_seconds{{{OF_QUEUE}}})", "{{queue}}"),
            unit="s",
            alarms=[Alarm("MintmarkQueueOld", above=900)],
        )
    )
    made.with_panel(
        graph(
            "Pick-up: half, and 99 of 100",
            "From when a job may be claimed to its handler's start. Both high: too few slots. Only the "
            "upper one: bursts, or jobs whose key is taken.",
            *(
                Ask(
                    f"histogram_quantile({share}, sum by (le) "
                    f"(rate(mintmark_job_pickup_seconds_bucket{{{OF_QUEUE}}}[$__rate_interval])))",
                    name,
                )
                for share, name in ((0.5, "half"), (0.99, "99 of 100"))
            ),
            unit="s",
        )
    )
    made.with_panel(
        states(
            "Held by an operator",
            "Nothing of a held queue is claimed. Let it go on with `mintmark queue resume Q`.",
            Ask(f"max by (queue) (mintmark_queue_paused{{{OF_QUEUE}}})", "{{queue}}"),
            {0: ("open", GOOD), 1: ("held", BAD)},
            alarms=[Alarm("MintmarkQueuePaused")],
        )
    )


def _working(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Taken, per second",
            "By queue. Flat while jobs wait: all slots are busy, the queue is held, or no worker serves it.",
            Ask(
                f"sum by (queue) (rate(mintmark_jobs_claimed_total{{{OF_QUEUE}}}[$__rate_interval]))",
                "{{queue}}",
            ),
            unit="ops",
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Attempts by ending, per second",
            "Done and snooze are well. Retry and fail: look for the error code. Hand back: workers stop, or "
            "are too slow for their lease.",
            Ask(
                f"sum by (ending) (rate(mintmark_jobs_finished_total{{{OF_KIND}}}[$__rate_interval]))",
                "{{ending}}",
            ),
            unit="ops",
            stacked=True,
            width=8,
        )
    )
    made.with_panel(
        graph(
            "How long a handler takes, 95 of 100",
            "By kind. A kind that grows slower with its rate unchanged waits for an API or for Postgres.",
            Ask(
                "histogram_quantile(0.95, sum by (kind, le) "
                f"(rate(mintmark_job_duration_seconds_bucket{{{OF_KIND}}}[$__rate_interval])))",
                "{{kind}}",
            ),
            unit="s",
            width=8,
        )
    )
    made.with_panel(
        figure(
            "What went wrong in this time",
            "Rescued: workers died with jobs in hand. Dropped: a worker was too slow, and others had its "
            "jobs. Deaf: handlers that swallow their cancellation. Threads: still at work for nobody. "
            "Unknown kind: no worker knows what to do with these, so deploy one that does.",
            Ask(f"sum(increase(mintmark_jobs_rescued_total{{{OF_KIND}}}[$__range]))", "rescued"),
            Ask('sum(increase(mintmark_lease_lost_total{job=~"$job"}[$__range]))', "results dropped"),
            Ask(f"sum(increase(mintmark_handlers_deaf_total{{{OF_KIND}}}[$__range]))", "deaf handlers"),
            Ask('sum(mintmark_threads_abandoned{job=~"$job"})', "threads let go"),
            Ask('max(mintmark_jobs_quarantined{job=~"$job"})', "set aside"),
            Ask('min(mintmark_jobs_unknown_kind{job=~"$job"})', "of unknown kind"),
            alarms=[
                Alarm("MintmarkJobsRescued", above=1),
                Alarm("MintmarkLeasesLost", above=1),
                Alarm("MintmarkHandlerWontStop", above=1),
                Alarm("MintmarkJobsQuarantined", above=1),
                Alarm("MintmarkKindUnknown", above=1),
            ],
            width=24,
        )
    )


def _workers(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "How late the event loop is",
            "By worker. Tenths of a second: a handler computes or blocks on the loop. At half a lease the "
            "worker ends itself. Move that work to a thread or a process (docs/adding-a-handler.md).",
            Ask('max by (instance) (mintmark_loop_lag_seconds{job=~"$job"})', "{{instance}}"),
            unit="s",
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Since the last claim round",
            "By worker; a second is well. One that climbs does not claim although it should: ask its "
            "/healthz.",
            Ask('max by (instance) (mintmark_claim_age_seconds{job=~"$job"})', "{{instance}}"),
            unit="s",
            alarms=[Alarm("MintmarkClaimLoopStuck", above=60)],
            width=8,
        )
    )
    made.with_panel(
        states(
            "How workers learn of new work",
            "One that polls begins new work up to poll_seconds later. See that MIGRATIONS_URL leads "
            "straight to Postgres: `mintmark doctor`.",
            Ask('max by (instance) (mintmark_wakeup_mode{mode="poll", job=~"$job"})', "{{instance}}"),
            {0: ("is told", GOOD), 1: ("polls", BAD)},
            alarms=[Alarm("MintmarkListenDown")],
            width=8,
        )
    )
