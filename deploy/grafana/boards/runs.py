"""The board of runs and budgets: what stands, what was spent on what, and what was refused."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.boards.panels import (
    JOB,
    KIND,
    MONEY,
    Alarm,
    Ask,
    bars,
    board,
    figure,
    graph,
    without_zeros,
)

OF_KIND = 'job=~"$job", kind=~"$kind"'
SPENT = f"sum by (kind) (increase(mintmark_run_spent_cents_total{{{OF_KIND}}}[$__range])) / 100"
WORKED = f'sum by (kind) (increase(mintmark_items_total{{{OF_KIND}, outcome="completed"}}[$__range]))'


def runs() -> Dashboard:
    """What runs do, what they cost, and what holds them."""
    made = board(
        "mintmark: runs and budgets",
        "mintmark-runs",
        "What runs do, what they cost, and what holds them. Single runs: `mintmark run list`.",
        JOB,
        KIND,
    )
    _standing(made.with_row(Row("What stands")))
    _money(made.with_row(Row("What it costs")))
    return made


def _standing(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Runs by state",
            "Those that have not ended. Pending that grows: more are started than may run at once "
            "(`max_concurrent_runs` of their org).",
            Ask('max by (state) (mintmark_runs{job=~"$job"})', "{{state}}"),
            stacked=True,
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Paused runs, by what paused them",
            "Money: raise the cap with `mintmark run resume ID --budget-cents`, or let it be. "
            "credential_revoked: have the seller connect again. checkpoint_version: roll the newer worker "
            "out, then resume.",
            Ask('max by (reason) (mintmark_runs_paused{job=~"$job"})', "{{reason}}"),
            alarms=[
                Alarm("MintmarkRunsPausedByBudget", above=1),
                Alarm("MintmarkCredentialRevoked", above=1),
            ],
            stacked=True,
            width=8,
        )
    )
    made.with_panel(
        graph(
            "Items by outcome, per second",
            "Failed items do not stop a run: `mintmark run show ID` lists them by code. Many skipped: the "
            "run has little left to do.",
            Ask(
                f"sum by (outcome) (rate(mintmark_items_total{{{OF_KIND}}}[$__rate_interval]))", "{{outcome}}"
            ),
            unit="ops",
            stacked=True,
            width=8,
        )
    )


def _money(made: Dashboard) -> None:
    made.with_panel(
        graph(
            "Spending, per hour",
            "By kind of run, at the pace of each moment. A kind that spends though nobody started it: look "
            "at the schedules (`mintmark schedule list`).",
            Ask(
                "sum by (kind) "
                f"(rate(mintmark_run_spent_cents_total{{{OF_KIND}}}[$__rate_interval])) * 3600 / 100",
                "{{kind}}",
            ),
            unit=MONEY,
        )
    )
    made.with_panel(
        bars(
            "Spent in this time",
            "By kind of run. What single runs cost, and what is reserved: `mintmark run list`.",
            Ask(without_zeros(SPENT), "{{kind}}"),
            unit=MONEY,
            width=6,
        )
    )
    made.with_panel(
        bars(
            "Price of an item",
            "What was spent, by items completed. It rises when calls fail after they were paid, or when "
            "fewer items come of one call.",
            Ask(without_zeros(f"{SPENT} / ({WORKED} > 0)"), "{{kind}}"),
            unit=MONEY,
            width=6,
        )
    )
    made.with_panel(
        figure(
            "Refused by a budget in this time",
            "Reservations that would have gone over a cap or a quota: each pauses or puts off what asked.",
            Ask('sum(increase(mintmark_budget_denied_total{job=~"$job"}[$__range]))'),
            width=8,
        )
    )
    made.with_panel(
        figure(
            "Enqueued by schedules in this time",
            "By kind. None where you expect some: `mintmark schedule list` says when each is due and what "
            "is wrong.",
            Ask(
                f"sum by (kind) (increase(mintmark_schedules_fired_total{{{OF_KIND}}}[$__range]))", "{{kind}}"
            ),
            width=16,
        )
    )
