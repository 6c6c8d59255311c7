"""The board of prices: how old they are, and which sources still bring something."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.boards.panels import JOB, Alarm, Ask, bars, board, figure, graph, variable

SOURCE_NAME = variable("source", "Source", "mintmark_observations_total")
OF_SOURCE = 'job=~"$job", source=~"$source"'
PROMISE = [Alarm("MintmarkPricesOld", above=7 * 86400)]
SHARES = {"0.5": "half of the prints", "0.95": "95 of 100", "1": "the oldest"}


def prices() -> Dashboard:
    """Is what we say of a card's price still true, and on what does it stand?"""
    made = board(
        "mintmark: prices and freshness",
        "mintmark-prices",
        "How old prices are, and which sources still bring observations. A price's evidence: `mintmark "
        "price PRINT --evidence`.",
        JOB,
        SOURCE_NAME,
    )
    _freshness(made.with_row(Row("How fresh prices are")))
    _sources(made.with_row(Row("What they stand on")))
    return made


def _freshness(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Age of prices",
            "Half rises: collecting stands still. Only the oldest: prints that nobody sells; that is how it "
            "is. 95 of 100 is what is promised.",
            *(
                Ask(f'max(mintmark_price_age_seconds{{job=~"$job", quantile="{share}"}})', name)
                for share, name in SHARES.items()
            ),
            unit="s",
            alarms=PROMISE,
            width=16,
        )
    )
    made.with_panel(
        figure(
            "Age that 95 of 100 keep",
            "Older than promised: see below which source went dry, then the schedules and the quotas.",
            Ask('max(mintmark_price_age_seconds{job=~"$job", quantile="0.95"})'),
            unit="s",
            alarms=PROMISE,
            width=8,
            height=8,
        )
    )


def _sources(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "New observations, per hour",
            "By source and by what they are: sold, ask or guide. A source that falls to nothing: its "
            "schedule, its quota, its API (APIs and quotas).",
            Ask(
                "sum by (source, basis) "
                f"(rate(mintmark_observations_total{{{OF_SOURCE}}}[$__rate_interval])) * 3600",
                "{{source}}: {{basis}}",
            ),
            width=16,
        )
    )
    made.with_panel(
        bars(
            "New observations in a day",
            "By source. None in a day: nothing new is offered there, or we do not ask.",
            Ask(f"sum by (source) (increase(mintmark_observations_total{{{OF_SOURCE}}}[24h]))", "{{source}}"),
        )
    )
