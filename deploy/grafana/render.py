"""How a row of boards.py becomes Grafana's JSON: variables, layout, units, colours.

The model is grafana-foundation-sdk's, so a field that Grafana does not know cannot be written.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat as stats, timeseries
from grafana_foundation_sdk.builders import text as texts
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as looks, dashboard as model, heatmap as heats
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

CATALOGUE = Path(__file__).parents[2] / "src/metrics/name.rs"
SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
MATCHERS = {
    "@S": 'job=~"$job",instance=~"$instance"',
    "@Q": 'job=~"$job",instance=~"$instance",queue=~"$queue"',
    "@R": 'job=~"$job",instance=~"$instance",source=~"$source"',
}
METRIC = re.compile(r"dozvon_[a-z_]+")


@dataclass
class Panel:
    """One row of the table."""

    kind: str
    title: str
    definition: str = ""
    targets: list = field(default_factory=list)
    unit: str = ""
    thresholds: list = field(default_factory=list)
    description: str = ""
    w: int = 24
    h: int = 8
    words: dict = field(default_factory=dict)
    names: bool = False
    today: bool = False


class Board:
    """A board: name of its file, title, what it is for, variables, refresh, time shown, panels."""

    def __init__(self, name, title, about, variables, refresh, since, *panels):
        self.name, self.title, self.about, self.variables = name, title, about, variables
        self.refresh, self.since, self.panels = refresh, since, panels


def row(title):
    """A headline."""
    return Panel("row", title, h=1)


def text(title, markdown):
    """Words, as Markdown."""
    return Panel("text", title, description=markdown.strip(), h=6)


def _panel(kind):
    def make(title, definition, targets, unit, thresholds, description, **more):
        return Panel(kind, title, definition, targets, unit, thresholds, description, **more)

    return make


stat, bars, lines = _panel("stat"), _panel("bars"), _panel("lines")


def heat(title, definition, targets, unit, description):
    """A heat map of a histogram; its colours are a scale, not thresholds."""
    return Panel("heat", title, definition, targets, unit, [], description, h=9)


def metrics_of(expr):
    """The metrics that a query reads, a histogram by its own name."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in METRIC.findall(expr)}


def published():
    """The metrics that this version publishes."""
    return set(re.findall(r'"(dozvon_[a-z_]+)"', CATALOGUE.read_text(encoding="utf-8").split("#[cfg(test)]")[0]))


def query(expr):
    """A query with its matchers written out."""
    for short, matchers in MATCHERS.items():
        expr = expr.replace(short, matchers)
    return expr


def _variable(name, label, definition):
    variable = dashboard.QueryVariable(name).label(label).query(definition).datasource(SOURCE)
    variable = variable.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)
    return variable.multi(True).include_all(True).all_value(".+").current(
        model.VariableOption(text="All", value="$__all", selected=True)
    )


def _variables(names):
    every = [
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _variable("job", "job", "label_values(dozvon_build_info, job)"),
        _variable("instance", "instance", 'label_values(dozvon_build_info{job=~"$job"}, instance)'),
    ]
    more = {
        "queue": _variable("queue", "Queue", "label_values(dozvon_queue_open{%s}, queue)" % MATCHERS["@S"]),
        "source": _variable("source", "Source", "label_values(dozvon_ingest_events_total{%s}, source)" % MATCHERS["@S"]),
        "window": dashboard.CustomVariable("window").label("Window").values("1m,5m,15m,1h").current(
            model.VariableOption(text="15m", value="15m", selected=True)
        ),
    }
    return every + [more[name] for name in names]


def _thresholds(steps):
    steps = [model.Threshold(color=color, value=value) for color, value in steps]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _mappings(words):
    options = {
        str(value): model.ValueMappingResult(text=word, color=color, index=index)
        for index, (value, (word, color)) in enumerate(words.items())
    }
    return [model.ValueMap(options=options)]


def _reduce():
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _builder(panel):
    color = dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS)
    if panel.kind == "stat":
        builder = stats.Panel().reduce_options(_reduce()).color_mode(looks.BigValueColorMode.BACKGROUND)
        builder = builder.graph_mode(looks.BigValueGraphMode.NONE).color_scheme(color)
        if panel.names:
            builder = builder.text_mode(looks.BigValueTextMode.NAME)
    elif panel.kind == "bars":
        builder = bargauge.Panel().reduce_options(_reduce()).orientation(looks.VizOrientation.HORIZONTAL)
        builder = builder.display_mode(looks.BarGaugeDisplayMode.BASIC).color_scheme(color).min(0)
    elif panel.kind == "lines":
        builder = timeseries.Panel().line_width(2).fill_opacity(5).show_points(looks.VisibilityMode.NEVER)
        builder = builder.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
        style = looks.GraphTresholdsStyleMode.DASHED if len(panel.thresholds) > 1 else looks.GraphTresholdsStyleMode.OFF
        builder = builder.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
        builder = builder.tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI))
        builder = builder.legend(common.VizLegendOptions().placement(looks.LegendPlacement.BOTTOM).show_legend(True))
    else:
        colors = heatmap.HeatmapColorOptions().mode(heats.HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
        builder = heatmap.Panel().calculate(False).color(colors.scale(heats.HeatmapColorScale.EXPONENTIAL).exponent(0.5))
        builder = builder.scale_distribution(common.ScaleDistributionConfig().type(looks.ScaleDistribution.LINEAR))
        builder = builder.y_axis(heatmap.YAxisConfig().unit(panel.unit)).rows_frame(heatmap.RowsHeatmapOptions().value("visits"))
    if panel.words:
        builder = builder.mappings(_mappings(panel.words))
    if panel.thresholds:
        builder = builder.thresholds(_thresholds(panel.thresholds))
    if panel.unit == "percentunit":
        builder = builder.min(0).max(1).decimals(1)
    elif panel.unit == "short" and panel.kind != "lines":
        # Prometheus extrapolates an increase to the edges of its window: 3.98 calls are 4.
        builder = builder.decimals(2 if panel.definition == "T4" and "a call" in panel.title else 0)
    if panel.today:
        builder = builder.time_from("now/d")
    builder = builder.unit(panel.unit).no_value("no data").datasource(SOURCE)
    at_once = panel.kind in ("stat", "bars")
    for ref, (expr, legend) in zip("ABCDEFGH", panel.targets):
        target = prometheus.Dataquery().ref_id(ref).expr(query(expr)).legend_format(legend or panel.title).datasource(SOURCE)
        target = target.instant() if at_once else target.range()
        target = target.format(PromQueryFormat.HEATMAP if panel.kind == "heat" else PromQueryFormat.TIME_SERIES)
        builder = builder.with_target(target)
    return builder


def _meaning(panel):
    metric = panel.definition.startswith("dozvon_")
    return f"{panel.description}\n\n" + (f"Metric {panel.definition}" if metric else f"Definition {panel.definition}")


def build(board):
    """The board's model."""
    there = published()
    builder = dashboard.Dashboard(f"dozvon: {board.title}").uid(f"dozvon-{board.name}").description(board.about)
    builder = builder.tags(["dozvon"]).timezone("browser").readonly().refresh(board.refresh).time(board.since, "now")
    builder = builder.tooltip(model.DashboardCursorSync.CROSSHAIR).variables(_variables(board.variables))
    links = dashboard.DashboardLink("Boards").type(model.DashboardLinkType.DASHBOARDS).tags(["dozvon"])
    builder = builder.link(links.keep_time(True).include_vars(True).icon("external link"))
    x = y = height = 0
    for number, panel in enumerate(board.panels, 1):
        if any(metrics_of(expr) - there for expr, _ in panel.targets):
            continue
        if x + panel.w > 24:
            x, y, height = 0, y + height, 0
        place = model.GridPos(x=x, y=y, w=panel.w, h=panel.h)
        x, height = x + panel.w, max(height, panel.h)
        if panel.kind == "row":
            builder = builder.with_row(dashboard.Row(panel.title).id(number).grid_pos(place))
        elif panel.kind == "text":
            words = texts.Panel().mode(TextMode.MARKDOWN).content(panel.description).title(panel.title).grid_pos(place).id(number)
            builder = builder.with_panel(words.description("The commands that list the calls behind these figures."))
        else:
            drawn = _builder(panel).title(panel.title).description(_meaning(panel)).grid_pos(place).id(number)
            builder = builder.with_panel(drawn)
    return builder.build()


def encode(board):
    """The board's file, as text."""
    return json.dumps(board, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write(boards, folder):
    """Writes each board's file."""
    for board in boards:
        (folder / f"{board.name}.json").write_text(encode(build(board)), encoding="utf-8")
