"""What Zevi is meant to reach, and what was measured of it."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

from .kinds import named
from .measure import Result
from .tables import Table, times

_proxy = "zmq_proxy"
_stream = "zevi stream"
_events = "zevi events"


class Report:
    """Medians of what a file of `--json` holds. Asked for what it lacks, it raises KeyError."""

    def __init__(self, measured: Dict[str, Any]) -> None:
        self._measured = measured

    def of(self, kind: str) -> Any:
        return self._measured[kind]

    def result(self, kind: str, load: str, broker: str) -> Result:
        return named(kind).figures(self._measured[kind])[load][broker]

    def ratio(self, kind: str, load: str, figure: str, broker: str, base: str = _proxy) -> str:
        return times(self.result(kind, load, broker)[figure] / self.result(kind, load, base)[figure])


def _events_per_second(load: str, broker: str) -> Callable[[Report], str]:
    def measured(report: Report) -> str:
        lost = report.result("throughput", load, broker)["lost_percent"]
        ratio = report.ratio("throughput", load, "events_per_second", broker)
        return ratio + (f", {lost:.1f}% lost" if lost >= 0.05 else "")
    return measured


def _publish(report: Report) -> str:
    call = report.of("publish")["calls"]["publish_typed"]
    return (f"{call['median_ns']:,.0f} ns / {call['p999_ns']:,.0f} ns, "
            f"an empty call beside it {call['control_p999_ns']:,.0f} ns")


def _unwanted(report: Report) -> str:
    return f"{report.of('publish')['calls']['publish_unwanted']['row_ns']:.1f} ns"


def _allocations(report: Report) -> str:
    publish = report.of("publish")
    allocations = sum(call["allocations"] for call in publish["calls"].values())
    calls = sum(publish["system_calls"]["awake"].values())
    return f"{allocations:.0f} allocations; {calls} system calls in {publish['events_traced']['awake']:,} events"


def _many(report: Report) -> str:
    whole, less = (report.ratio("throughput", "many", figure, _stream) for figure in ("cpu_ns", "cpu_less_generator_ns"))
    return f"{whole}; less the load generator's own {less}"


def _latency(load: str) -> Callable[[Report], str]:
    def measured(report: Report) -> str:
        zevi, proxy = (report.result("latency", load, broker) for broker in (_stream, _proxy))
        parts = (f"{zevi[f'latency_us_{part}']:,.0f} us" for part in ("p50", "p99"))
        others = (f"{proxy[f'latency_us_{part}']:,.0f} us" for part in ("p50", "p99"))
        return f"{' / '.join(parts)}; zmq_proxy {' / '.join(others)}"
    return measured


def _peer(load: str, broker: str) -> Callable[[Report], str]:
    def measured(report: Report) -> str:
        zevi, peer = (report.result("peers", load, name) for name in (_stream, broker))
        return (f"{times(zevi['events_per_second'] / peer['events_per_second'])} the events/s, "
                f"{times(peer['cpu_ns'] / zevi['cpu_ns'])} less processor time")
    return measured


def _memory(report: Report) -> str:
    held = [value / 1e6 for _, value, _ in named("memory").figures(report.of("memory"))]
    idle, subscribed, stream, stream_stopped, events, events_stopped = held
    return (f"{idle:.1f} MB; +{subscribed - idle:.1f} MB; {stream_stopped - stream:+.1f} MB (`stream`), "
            f"{events_stopped - events:+.1f} MB (`events`)")


def _budget(report: Report) -> str:
    return f"15 MB; +20 MB; +{(report.of('memory')['budget_bytes'] + 20e6) / 1e6:.1f} MB (the budget and 20 MB)"


def _topics(report: Report) -> str:
    loads = list(report.of("scale")["results"])
    most = [load for load in loads if load.startswith("topics-")][-1]
    one, all_of_them = (report.result("scale", load, _stream) for load in ("topics-1", most))
    return f"{times(all_of_them['cpu_ns'] / one['cpu_ns'])} all, {times(all_of_them['broker_cpu_ns'] / one['broker_cpu_ns'])} the broker's"


def _subscribers(report: Report) -> str:
    one, hundred, beside = (report.result("scale", load, _stream)
                            for load in ("subscribers-1", "subscribers-100", "bystanders-100"))
    return (f"{times(hundred['broker_cpu_ns'] / one['broker_cpu_ns'])} the broker's; with 100 of another topic "
            f"{times(beside['broker_cpu_ns'] / one['broker_cpu_ns'])}")


Cell = Callable[[Report], str]
_rows: Sequence[Tuple[str, Cell, Any, str]] = (
    ("`publish` in the worker's thread, subscribed: median / p99.9", _publish, "80 ns / 2,000 ns", "40 ns / 500 ns"),
    ("`publish` when nobody wants the topic", _unwanted, "5 ns", "1 ns"),
    ("`publish` while the flusher is awake", _allocations, "0; 0", "0; 0"),
    ("events/s to `stream`, 1 publisher, 1 subscriber, beside `zmq_proxy`",
     _events_per_second("single", _stream), "5x", "10x"),
    ("events/s to `stream`, 8 publishers, 4 subscribers, beside `zmq_proxy`",
     _events_per_second("fan", _stream), "5x", "8x"),
    ("processor time of an event, 64 publishers of 5,000/s, 2 subscribers of `stream`, beside `zmq_proxy`",
     _many, "0.33x", "0.10x"),
    ("events/s to `events`, 1 publisher, 1 subscriber, beside `zmq_proxy`",
     _events_per_second("single", _events), "0.9x", "1.5x"),
    ("latency at 1,000/s, p50 / p99", _latency("calm"), "p50 under 1,000 us", "both better"),
    ("latency at 100,000/s, p50 / p99", _latency("busy"), "p99 not worse, p50 under 1,000 us", "both better"),
    ("processor time of broker and shim at 100,000/s, beside `zmq_proxy`",
     lambda r: r.ratio("latency", "busy", "broker_and_shim_cpu_ns", _stream), "0.5x", "0.2x"),
    *((f"as fast as it goes, beside {title}", _peer("single", broker), "ahead in both", "5x")
      for broker, title in (("nats", "NATS"), ("redis", "Redis"), ("mosquitto", "mosquitto"))),
    ("memory of `zevid`: idle; with 100 subscriptions on each of 1,000 topics; more under full load with a subscriber that "
     "stopped reading", _memory, _budget, ""),
    ("cost of an event, 10,000 topics beside 1", _topics, "flat", ""),
    ("cost of an event, 100 subscribers beside 1", _subscribers, "linear in those that match, flat in others", ""),
)


def _said(cell: Any, report: Report) -> str:
    try:
        return cell(report) if callable(cell) else cell
    except KeyError:
        return "not measured"


def goals(measured: Dict[str, Any]) -> Table:
    report = Report(measured)
    rows: List[Sequence[str]] = [("what", "measured", "at least", "aim")]
    rows += [tuple(_said(cell, report) for cell in row) for row in _rows]
    return Table("", rows, of_figures=False)
