"""The board of other people's APIs: do they answer, how fast, what is left of their quotas?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.boards.panels import (
    BAD,
    GOOD,
    JOB,
    Alarm,
    Ask,
    bars,
    board,
    figure,
    graph,
    states,
    variable,
)

API = variable("api", "API", "mintmark_api_requests_total")
OF_API = 'job=~"$job", api=~"$api"'


def apis() -> Dashboard:
    """What we need of others, and how we get it."""
    made = board(
        "mintmark: APIs and quotas",
        "mintmark-apis",
        "Do other people's APIs answer, how fast, and what is left of their quotas?",
        JOB,
        API,
    )
    _asked(made.with_row(Row("What we ask")))
    _allowed(made.with_row(Row("What we may")))
    _told(made.with_row(Row("Alerts that mintmark itself sends")))
    return made


def _asked(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Requests by status, per second",
            "429: slower, please; the limiter heeds it. 401 and 403: a credential. 5xx, timeout, garbled: "
            "theirs to mend; jobs are put off meanwhile.",
            Ask(
                f"sum by (status) (rate(mintmark_api_requests_total{{{OF_API}}}[$__rate_interval]))",
                "{{status}}",
            ),
            unit="reqps",
            stacked=True,
        )
    )
    made.with_panel(
        graph(
            "How long an answer takes, 95 of 100",
            "By API. Near the deadline (`WORKER_EBAY__DEADLINE_SECONDS`) calls are cut off, and asked again.",
            Ask(
                "histogram_quantile(0.95, sum by (api, le) "
                f"(rate(mintmark_api_request_seconds_bucket{{{OF_API}}}[$__rate_interval])))",
                "{{api}}",
            ),
            unit="s",
        )
    )
    made.with_panel(
        graph(
            "Share of requests that fail",
            'By API, over five minutes; "too often" is not counted. From about a half on, a worker leaves '
            "the API alone for a while.",
            Ask("api:mintmark_api_requests_failed:ratio_rate5m", "{{api}}"),
            unit="percentunit",
        )
    )
    made.with_panel(
        states(
            "Left alone",
            "At the worker that is worst off. It ends by itself when the API answers again. If it does not "
            "end, see the provider's status page, then the log for api_breaker.",
            Ask(
                f"max by (api) (mintmark_api_breaker{{{OF_API}}}) "
                f"or 0 * sum by (api) (mintmark_api_requests_total{{{OF_API}}})",
                "{{api}}",
            ),
            {0: ("asked", GOOD), 1: ("left alone", BAD), 2: ("being tried", "orange")},
            alarms=[Alarm("MintmarkApiLeftAlone")],
        )
    )


def _allowed(made: Dashboard) -> None:
    left = f"min by (api) (mintmark_api_quota_remaining{{{OF_API}}})"
    allowed = f"max by (api) (mintmark_api_quota_calls{{{OF_API}}})"
    made.with_panel(
        bars(
            "Left of the day's quotas",
            "Below a tenth, think of what the rest of the day is to be for. At zero, jobs wait for the "
            "provider's next day: `mintmark quota list`.",
            Ask(f"{left} / ({allowed} > 0)", "{{api}}"),
            unit="percentunit",
            alarms=[Alarm("MintmarkQuotaNearlySpent", below=0.1)],
            most=1,
        )
    )
    made.with_panel(
        graph(
            "Calls that are left",
            "By API. A line that meets zero before the provider's day is over wants fewer runs, or a larger "
            "quota.",
            Ask(left, "{{api}}"),
        )
    )
    made.with_panel(
        figure(
            "Accounts to reconnect",
            "Their sellers took their consent back, or eBay did. Runs that need them are paused: "
            "`mintmark account list`, then send the seller a link.",
            Ask('max(mintmark_accounts_revoked{job=~"$job"})'),
            alarms=[Alarm("MintmarkCredentialRevoked", above=1)],
            height=8,
        )
    )


def _told(made: Dashboard) -> None:
    made.with_panel(
        figure(
            "Waiting to be sent",
            "A channel takes nothing, or its hour is used up; the log says alert_channel_down and why. "
            "`mintmark alert list` shows them.",
            Ask('max(mintmark_alerts_waiting{job=~"$job"})'),
            alarms=[Alarm("MintmarkAlertsWaiting", above=1)],
            width=8,
        )
    )
    made.with_panel(
        figure(
            "Sent in this time",
            "By channel. Given up: a channel took nothing for a day; test it with `mintmark alert test`.",
            Ask(
                'sum by (channel, outcome) (increase(mintmark_alerts_total{job=~"$job"}[$__range]))',
                "{{channel}}: {{outcome}}",
            ),
            width=16,
        )
    )
