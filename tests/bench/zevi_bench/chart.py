"""The chart of docs/performance.md: zevid and its peers side by side, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Tuple
from xml.sax.saxutils import escape

from .kinds import named
from .processes import BenchError
from .tables import machine_line

_names = {"zevi stream": "Zevi", "zmq_proxy": "zmq_proxy", "nats": "NATS", "redis": "Redis", "mosquitto": "mosquitto"}
_left = 96
_panel = 268
_bar_max = 165
_top = 76
_row = 34
_bar = 20

#: Both a light and a dark page are to be readable; the chart has no background of its own.
_style = """
  text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #3d444d }
  .title { font-weight: 600; font-size: 14px; fill: #1f2328 }
  .quiet { font-size: 12px; fill: #6e7781 }
  .name { text-anchor: end }
  .zevi { fill: #1a6fd4 }
  .peer { fill: #b6bec8 }
  .strong { font-weight: 600; fill: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text { fill: #c9d1d9 }
    .title, .strong { fill: #f0f6fc }
    .quiet { fill: #8b949e }
    .zevi { fill: #58a6ff }
    .peer { fill: #57606a }
  }
"""


@dataclass(frozen=True)
class Panel:
    title: str
    explained: str
    load: str
    figure: str
    form: Callable[[float], str]


def _rounded(events: float) -> str:
    return f"{round(events, -4 if events >= 1e6 else -3):,.0f}"


def _microseconds(ns: float) -> str:
    return f"{ns / 1000:.1f} \N{MICRO SIGN}s"


_panels = (
    Panel("Events a second", "as fast as it goes; more is better", "single", "events_per_second", _rounded),
    Panel("Processor time of an event", "as fast as it goes; less is better", "single", "cpu_ns", _microseconds),
    Panel("Processor time at 100,000/s", "of an event; less is better", "busy", "cpu_ns", _microseconds),
)


def _text(x: float, y: float, kind: str, words: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(words)}</text>'


def _bars(panel: Panel, x: float, values: Dict[str, float]) -> List[str]:
    most = max(values.values())
    drawn = [_text(x, 24, "title", panel.title), _text(x, 44, "quiet", panel.explained)]
    for number, (broker, value) in enumerate(values.items()):
        y = _top + number * _row
        width = max(1.5, _bar_max * value / most)
        kind, label = ("zevi", "strong") if broker.startswith("zevi") else ("peer", "value")
        drawn.append(f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{_bar}" rx="2" class="{kind}"/>')
        drawn.append(_text(x + width + 6, y + _bar - 5, label, panel.form(value)))
    return drawn


def chart(report: Dict[str, Any]) -> str:
    try:
        figures = named("peers").figures(report["peers"])
        panels: List[Tuple[Panel, Dict[str, float]]] = [
            (panel, {broker: figures[panel.load][broker][panel.figure] for broker in _names if broker in figures[panel.load]})
            for panel in _panels if panel.load in figures
        ]
        brokers = list(panels[0][1])
    except (KeyError, IndexError):
        raise BenchError("the chart needs the figures of peers; give a file of ./dev bench peers --json as well") from None
    width = _left + len(panels) * _panel
    height = _top + len(brokers) * _row + 18
    drawn = []
    for number, broker in enumerate(brokers):
        kind = "name strong" if broker.startswith("zevi") else "name"
        drawn.append(_text(_left - 12, _top + number * _row + _bar - 5, kind, _names[broker]))
    for number, (panel, values) in enumerate(panels):
        drawn += _bars(panel, _left + number * _panel, values)
    drawn.append(_text(_left, height - 6, "quiet", machine_line(report["machine"])))
    label = "Zevi beside " + ", ".join(_names[broker] for broker in brokers[1:])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    return "\n".join([f'{head} aria-label="{label}">', f"<style>{_style}</style>", *drawn, "</svg>"]) + "\n"
