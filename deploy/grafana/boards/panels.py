"""The kinds of panels and variables that our boards are made of: a board says only what it asks, and why.

All times are UTC, all data comes from the data source that ``$datasource`` names. A panel says in its
description what to do when it looks bad, and names the page of every alarm that watches what it shows.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    ThresholdsConfig,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

TAG = "mintmark"
SOURCE = DataSourceRef("prometheus", "${datasource}")
FIRING = 'ALERTS{alertstate="firing", alertname=~"Mintmark.+"}'
MONEY = "currencyUSD"
"""Of what is counted in cents, once it is divided by 100."""
COUNT = "short"
"""Whole numbers."""
GOOD, BAD, NEUTRAL = "green", "red", "text"
TALL, LOW = 8, 5

Panel: TypeAlias = timeseries.Panel | stat.Panel | bargauge.Panel | statetimeline.Panel | table.Panel


class Ask(NamedTuple):
    """A question in PromQL, and what each series of its answer is called."""

    expression: str
    legend: str = ""


class Alarm(NamedTuple):
    """An alarm of ``deploy/prometheus/rules`` that watches what a panel shows, and from where on it is bad.

    ``above`` is the first value that is bad: 1 where the rule says ``> 0`` of something that is counted.
    """

    name: str
    above: float | None = None
    below: float | None = None


def board(title: str, uid: str, description: str, *variables: QueryVariable) -> Dashboard:
    """An empty board, which leads to the others and marks on its graphs when alarms fired."""
    made = Dashboard(title).uid(uid).description(description).tags([TAG])
    made.timezone("utc").time("now-3h", "now").refresh("30s").readonly()
    made.tooltip(DashboardCursorSync.CROSSHAIR)
    chosen = VariableOption(True, "Prometheus", "prometheus")
    made.with_variable(
        DatasourceVariable("datasource").label("Data source").type("prometheus").current(chosen)
    )
    for variable in variables:
        made.with_variable(variable)
    others = DashboardLink("mintmark").type(DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True)
    others.placement("")  # In the bar, where they are seen; the SDK would put them into a menu.
    fired = AnnotationQuery().name("Alarms").datasource(SOURCE).enable(True).icon_color(BAD)
    return made.link(others).annotation(fired.expr(FIRING).title_format("{{alertname}}"))


def variable(name: str, label: str, metric: str) -> QueryVariable:
    """A choice among the values that a label of a metric has; at first all of them."""
    asked = f"label_values({metric}, {name})"
    made = QueryVariable(name).label(label).datasource(SOURCE).definition(asked)
    made.query({"query": asked, "refId": f"{name}s"}).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    made.sort(VariableSort.ALPHABETICAL_ASC).multi(True).include_all(True).all_value(".*")
    return made.current(VariableOption(True, ["All"], ["$__all"]))


JOB = variable("job", "Scrape job", "mintmark_wakeup_mode")
QUEUE = variable("queue", "Queue", "mintmark_queue_depth")
KIND = variable("kind", "Kind", "mintmark_jobs_finished_total")


def graph(
    title: str,
    what_to_do: str,
    *asks: Ask,
    unit: str = COUNT,
    alarms: Sequence[Alarm] = (),
    stacked: bool = False,
    width: int = 12,
) -> timeseries.Panel:
    """Lines over time; a dashed line where an alarm looks."""
    made = timeseries.Panel().title(title).description(_described(what_to_do, alarms))
    made.datasource(SOURCE).span(width).height(TALL).unit(unit).min(0)
    if unit == COUNT:
        made.decimals(0)
    made.thresholds(_thresholds(alarms)).line_width(2).show_points(VisibilityMode.NEVER)
    dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
    made.thresholds_style(dashed if _has_limit(alarms) else dashed.mode(GraphThresholdsStyleMode.OFF))
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(True)
    made.legend(legend.placement(LegendPlacement.BOTTOM))
    made.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    if stacked:
        made.fill_opacity(40).stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    for letter, ask in zip("ABCDEFGH", asks, strict=False):
        made.with_target(_query(ask, letter).range())
    return made


def figure(
    title: str,
    what_to_do: str,
    *asks: Ask,
    unit: str = COUNT,
    alarms: Sequence[Alarm] = (),
    width: int = 4,
    height: int = LOW,
) -> stat.Panel:
    """One figure, or a few side by side, as they are now."""
    made = stat.Panel().title(title).description(_described(what_to_do, alarms))
    made.datasource(SOURCE).span(width).height(height).unit(unit).thresholds(_thresholds(alarms))
    if unit == COUNT:
        made.decimals(0)  # An increase is worked out between scrapes: 2.01 is two.
    made.graph_mode(BigValueGraphMode.NONE).reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    made.color_mode(BigValueColorMode.VALUE if _has_limit(alarms) else BigValueColorMode.NONE)
    for letter, ask in zip("ABCDEFGH", asks, strict=False):
        made.with_target(_query(ask, letter).instant())
    return made


def bars(
    title: str,
    what_to_do: str,
    *asks: Ask,
    unit: str = COUNT,
    alarms: Sequence[Alarm] = (),
    width: int = 8,
    most: float | None = None,
) -> bargauge.Panel:
    """A bar for each series as it is now; ``most`` is where a bar is full."""
    made = bargauge.Panel().title(title).description(_described(what_to_do, alarms))
    made.datasource(SOURCE).span(width).height(TALL).unit(unit).min(0).thresholds(_thresholds(alarms))
    made.display_mode(BarGaugeDisplayMode.BASIC).orientation(VizOrientation.HORIZONTAL)
    made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    if unit == COUNT:
        made.decimals(0)
    if most is not None:
        made.max(most)
    for letter, ask in zip("ABCDEFGH", asks, strict=False):
        made.with_target(_query(ask, letter).instant())
    return made


def states(
    title: str,
    what_to_do: str,
    ask: Ask,
    meanings: Mapping[int, tuple[str, str]],
    *,
    alarms: Sequence[Alarm] = (),
    width: int = 12,
) -> statetimeline.Panel:
    """A band for each series over time; ``meanings`` has a word and a colour for each value."""
    made = statetimeline.Panel().title(title).description(_described(what_to_do, alarms))
    made.datasource(SOURCE).span(width).height(TALL).show_value(VisibilityMode.AUTO).row_height(0.8)
    results = {
        str(value): ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(meanings.items())
    }
    return made.mappings([ValueMap(options=results)]).with_target(_query(ask, "A").range())


def listing(
    title: str,
    what_to_do: str,
    ask: Ask,
    columns: Sequence[str],
    *,
    nothing: str,
    width: int = 12,
    height: int = LOW,
) -> table.Panel:
    """A row for each series that there is now: its labels ``columns``; ``nothing`` if there is none."""
    made = table.Panel().title(title).description(what_to_do).datasource(SOURCE).span(width).height(height)
    shown = {"include": {"names": list(columns)}}
    made.with_transformation(DataTransformerConfig("filterFieldsByName", options=shown))
    made.override_by_name(columns[0], [DynamicConfigValue("custom.minWidth", 220)])
    return made.no_value(nothing).with_target(_query(ask, "A").instant().format(PromQueryFormat.TABLE))


def without_zeros(expression: str) -> str:
    """The series above zero; where there is none, their sum: the panel says zero then, and not "No data"."""
    return f"({expression}) > 0 or sum({expression}) == 0"


def _query(ask: Ask, letter: str) -> Dataquery:
    made = Dataquery().expr(ask.expression).ref_id(letter)
    return made.legend_format(ask.legend) if ask.legend else made


def _described(what_to_do: str, alarms: Sequence[Alarm]) -> str:
    pages = ", ".join(f"`docs/runbooks/{name}.md`" for name in dict.fromkeys(alarm.name for alarm in alarms))
    return f"{what_to_do}\n\nIf its alarm fires: {pages}" if pages else what_to_do


def _has_limit(alarms: Sequence[Alarm]) -> bool:
    return any(alarm.above is not None or alarm.below is not None for alarm in alarms)


def _thresholds(alarms: Sequence[Alarm]) -> ThresholdsConfig:
    """Bad from an alarm's limit on; a panel has limits on one side only."""
    above = sorted({alarm.above for alarm in alarms if alarm.above is not None})
    below = sorted({alarm.below for alarm in alarms if alarm.below is not None})
    assert not (above and below), "bad on both sides cannot be shown"
    steps = [Threshold(value=None, color=BAD if below else GOOD if above else NEUTRAL)]
    steps += [Threshold(value=value, color=BAD) for value in above]
    steps += [Threshold(value=value, color=GOOD) for value in below]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
