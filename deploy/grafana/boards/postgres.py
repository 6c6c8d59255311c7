"""The board of Postgres, as far as the queue feels it; the server's own health is its exporter's to tell."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.boards.panels import JOB, Alarm, Ask, board, graph


def postgres() -> Dashboard:
    """What slows the queue's table down, and whether it shows yet."""
    made = board(
        "mintmark: Postgres",
        "mintmark-postgres",
        "What slows the queue's table down, and whether it shows yet.",
        JOB,
    )
    _causes(made.with_row(Row("What slows it down")))
    _effects(made.with_row(Row("Does it show?")))
    return made


def _causes(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Oldest snapshot",
            "For so long nothing that died can be cleaned away. Find it in pg_stat_activity by "
            "backend_xmin: a forgotten transaction, a long report, a dump. End it, or let it run on a "
            "replica.",
            Ask('max(mintmark_db_oldest_xmin_seconds{job=~"$job"})', "oldest"),
            unit="s",
            alarms=[Alarm("MintmarkOldestXmin", above=900)],
        )
    )
    made.with_panel(
        graph(
            "Dead rows in the jobs table",
            "As Postgres estimates them. A saw is well: autovacuum comes and goes. A line that only climbs "
            "is held by an old snapshot, or vacuum is too slow.",
            Ask('max(mintmark_jobs_dead_tuples{job=~"$job"})', "dead rows"),
            alarms=[Alarm("MintmarkDeadTuples", above=200_000)],
        )
    )


def _effects(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Jobs in the table",
            "All that have not ended, of all queues. Finished jobs leave it: what grows here is backlog.",
            Ask(
                'sum by (state) (max by (queue, state) (mintmark_queue_depth{job=~"$job"}))',
                "{{state}}",
            ),
            stacked=True,
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Attempts written down, per second",
            "By all workers. It falls while jobs wait and workers are idle: statements take longer; see "
            "pg_stat_statements.",
            Ask('sum(rate(mintmark_jobs_finished_total{job=~"$job"}[$__rate_interval]))', "attempts"),
            unit="ops",
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Slowest claim round",
            "Above poll_seconds, claims wait for locks, for a pooler's connections, or read through dead "
            "rows.",
            Ask('max(mintmark_claim_age_seconds{job=~"$job"})', "slowest worker"),
            unit="s",
            alarms=[Alarm("MintmarkClaimLoopStuck", above=60)],
            width=8,
        )
    )
