"""Draws the boards as one would see them, from a real Prometheus' answers, with the boards' own colours and units.

No Grafana: plain HTML and SVG, to look at layout, colours and words before anybody puts a board up. A simulated day is
made as in tests/python/history.py.

    python tests/tools/boards_picture.py DOZVON PROMETHEUS PROMTOOL FOLDER
    chromium --headless --screenshot=floor.png --window-size=1600,2200 FOLDER/floor.html
"""

import html
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from boards_truth import BOARDS, substitute  # noqa: E402
from history import ROOT, START, STUCK_AT, simulated_day  # noqa: E402

CELL_W, CELL_H = 64, 32
# Grafana's dark theme: its named colours and the first of its classic palette.
NAMED = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2"}
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a"]


def shown(value, defaults):
    """A value in its unit, or its word."""
    for mapping in defaults.get("mappings", []):
        if (word := mapping["options"].get(f"{value:g}")):
            return word["text"], NAMED[word["color"]]
    color = "#ccccdc"
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step.get("value") is None or value >= step["value"]:
            color = NAMED[step["color"]]
    unit = defaults.get("unit", "")
    if unit == "percentunit":
        return f"{value * 100:.{int(defaults.get('decimals', 1))}f} %", color
    if unit == "s":
        return (f"{value / 60:.1f} min" if value >= 60 else f"{value:.3g} s"), color
    if unit.startswith("suffix:"):
        return f"{value:.3g} {unit.removeprefix('suffix:').strip()}", color
    text = f"{value:.{int(defaults['decimals'])}f}" if "decimals" in defaults else f"{value:.3g}"
    return text + {"ops": " ops/s"}.get(unit, ""), color


def legend(target, series):
    """A series' name."""
    name = target["legendFormat"]
    for label, value in series.items():
        name = name.replace("{{" + label + "}}", value)
    return name


def stat(panel, results):
    """Coloured tiles, a value each."""
    defaults = panel["fieldConfig"]["defaults"]
    tiles = []
    for target, series, value in results:
        text, color = shown(value, defaults)
        if panel["options"].get("textMode") == "name":
            text, name = legend(target, series), ""
        else:
            name = legend(target, series) if len(results) > 1 else ""
        tiles.append(f'<div class=tile style="background:{color}"><small>{html.escape(name)}</small><b>{html.escape(text)}</b></div>')
    return f'<div class=tiles>{"".join(tiles)}</div>' if tiles else "<div class=none>no data</div>"


def bars(panel, results):
    """A bar a series."""
    defaults = panel["fieldConfig"]["defaults"]
    top = max([value for _, _, value in results] + [defaults.get("max", 0), 1e-9])
    rows = []
    for target, series, value in results:
        text, color = shown(value, defaults)
        rows.append(f'<div class=bar><span>{html.escape(legend(target, series))}</span><i style="background:{color};'
                    f'width:{max(0, 45 * value / top):.1f}%"></i><em>{html.escape(text)}</em></div>')
    return "".join(rows) or "<div class=none>no data</div>"


def plot(width, height, low, high, inner):
    """An SVG with its lowest and highest value."""
    return (f'<svg width={width} height={height}><text x=2 y=12>{html.escape(high)}</text>'
            f'<text x=2 y={height - 4}>{html.escape(low)}</text>{inner}</svg>')


def lines(panel, results, width, height):
    """Lines over time, thresholds dashed."""
    defaults = panel["fieldConfig"]["defaults"]
    top = max([value for _, _, values in results for _, value in values] + [1e-9])
    top = defaults.get("max", top)
    if not results:
        return "<div class=none>no data</div>"

    def at(when, value):
        return f"{(when - START) / (STUCK_AT - START) * width:.1f},{height - 4 - value / top * (height - 20):.1f}"

    inner, names = "", ""
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", []):
        if step.get("value") is not None and 0 < step["value"] <= top:
            start, end = at(START, step["value"]), at(STUCK_AT, step["value"])
            inner += f'<polyline points="{start} {end}" stroke="{NAMED[step["color"]]}" stroke-dasharray=6,5 opacity=.6 />'
    for number, (target, series, values) in enumerate(results):
        color, last, path = PALETTE[number % len(PALETTE)], None, ""
        for when, value in values:
            path += ("L" if last is not None and when - last <= 301 else "M") + at(when, value)
            last = when
        inner += f'<path d="{path}" stroke="{color}" stroke-width=2 />'
        names += f'<span><i style="background:{color}"></i>{html.escape(legend(target, series))}</span>'
    return plot(width, height, shown(0, {"unit": defaults["unit"]})[0], shown(top, {"unit": defaults["unit"]})[0], inner) \
        + f"<div class=legend>{names}</div>"


def heat(panel, results, width, height):
    """A histogram over time: each bucket less the one below."""
    buckets = sorted(((float(series["le"]), dict(values)) for _, series, values in results), key=lambda pair: pair[0])
    times = sorted({when for _, values in buckets for when in values})
    cells = {}
    below = {}
    for number, (_, values) in enumerate(buckets):
        for when in times:
            cells[number, when] = values.get(when, 0) - below.get(when, 0)
        below = values
    most, inner = max(cells.values(), default=1) or 1, ""
    w, h = width / max(len(times), 1), (height - 4) / max(len(buckets), 1)
    for (number, when), value in cells.items():
        if value > 0.001:
            inner += (f'<rect x={times.index(when) * w:.1f} y={height - 4 - (number + 1) * h:.1f} width={w:.1f} height={h:.1f} '
                      f'fill="#ff9830" stroke=none opacity={(value / most) ** 0.5:.2f} />')
    edges = [edge for edge, _ in buckets]
    return plot(width, height, f"≤ {edges[0]:g} s", f"≤ {edges[-2]:g} s and over", inner)


def draw(board, prometheus):
    """A board's page."""
    out = []
    for panel in board["panels"]:
        place = panel["gridPos"]
        width, height = place["w"] * CELL_W - 8, place["h"] * CELL_H - 8
        kind, body = panel["type"], ""
        at_once = kind in ("stat", "bargauge")
        results = []
        for target in panel.get("targets", []):
            query = substitute(target["expr"], span="24h" if "$__range" in target["expr"] else "1h")
            found = prometheus.now(query, STUCK_AT) if at_once else prometheus.range(query, START, STUCK_AT)
            results += [(target, series, value) for series, value in found]
        if kind == "stat":
            body = stat(panel, results)
        elif kind == "bargauge":
            body = bars(panel, results)
        elif kind == "timeseries":
            body = lines(panel, results, width - 20, height - 75)
        elif kind == "heatmap":
            body = heat(panel, results, width - 20, height - 50)
        elif kind == "text":
            body = f"<pre>{html.escape(panel['options']['content'])}</pre>"
        style = f"left:{place['x'] * CELL_W}px;top:{place['y'] * CELL_H}px;width:{width}px;height:{height}px"
        note = panel.get("description", "").replace("\n\n", " · ")
        out.append(f'<section class={kind} style="{style}" title="{html.escape(note)}"><h3>{html.escape(panel["title"])}</h3>{body}</section>')
    return PAGE.replace("BODY", "".join(out)).replace("TITLE", html.escape(board["title"]))


PAGE = """<!doctype html><meta charset=utf-8><title>TITLE</title><style>
body{background:#111217;color:#ccccdc;font:13px Inter,sans-serif;margin:8px}section{position:absolute;background:#181b1f;overflow:hidden;
border:1px solid #2c2f36}section.row{background:none;border:0}h3{margin:4px 8px;font-size:13px;font-weight:500}.row h3{font-size:16px}
.tiles{display:flex;gap:2px;height:calc(100% - 28px)}.tile{flex:1;color:#fff;display:flex;flex-direction:column;align-items:center;
justify-content:center;text-shadow:0 1px 2px #0008}.tile b{font-size:22px}.none{text-align:center;padding:24px;font-size:18px;color:#8e8e9c}
.bar{display:flex;align-items:center;margin:1px 8px}.bar span{width:40%;text-align:right;padding-right:8px;white-space:nowrap;overflow:hidden}
.bar i{height:13px}.bar em{padding-left:6px;font-style:normal}svg{margin:0 8px;background:#15171b}svg path,svg polyline{fill:none}svg text{fill:#8e8e9c;
font-size:11px}.legend{padding:2px 8px;font-size:11px;line-height:15px}.legend span{margin-right:10px;white-space:nowrap}.legend i{display:inline-block;width:10px;height:4px;margin-right:4px}
pre{margin:8px;white-space:pre-wrap}</style><body>BODY"""


if __name__ == "__main__":
    folder = Path(sys.argv[4])
    with tempfile.TemporaryDirectory() as scratch, simulated_day(Path(scratch), *sys.argv[1:4]) as (_, _, prometheus):
        for name in BOARDS:
            board = json.loads((ROOT / f"deploy/grafana/{name}.json").read_text(encoding="utf-8"))
            (folder / f"{name}.html").write_text(draw(board, prometheus), encoding="utf-8")
