"""All kinds of measurement: each a row of data, but for publishing and memory, which are programs of their own."""

from __future__ import annotations

from typing import Any, Tuple

from . import loads
from .comparison import Column, Comparison, PerBroker, PerLoad
from .memory import Memory
from .publish import Publish
from .routes import Routes
from .store import Store

_lost = Column("lost", "lost_percent", "{:.1f}%")
_events = Column("events/s", "events_per_second", compared=True)
_cpu = Column("cpu ns/event", "cpu_ns", compared=True)
_parts = (
    Column("publishers", "publisher_cpu_ns"),
    Column("broker", "broker_cpu_ns", compared=True),
    Column("subscribers", "subscriber_cpu_ns"),
    Column("broker cores", "broker_cores", "{:.2f}"),
)
_whole = (_events, _lost, _cpu, *_parts, Column("lost flat out", "lost_flat_out_percent", "{:.1f}%"))
_paced = (Column("events/s", "events_per_second"), _lost, _cpu, *_parts)
_less_generator = Column("less the generator's", "cpu_less_generator_ns", compared=True)
_latency = (
    Column("p50 us", "latency_us_p50", compared=True),
    Column("p99 us", "latency_us_p99", compared=True),
    _lost,
    Column("broker + shim ns/event", "broker_and_shim_cpu_ns", compared=True),
    Column("broker", "broker_cpu_ns"),
    Column("shim", "shim_cpu_ns"),
    Column("all cpu ns/event", "cpu_ns", compared=True),
)
_growing = (
    Column("cpu ns/event", "cpu_ns", compared=True),
    Column("broker", "broker_cpu_ns", compared=True),
)
_to_proxy = "in brackets the ratio to zmq_proxy"
_zeromq = ("zevi stream", "zevi events", "zmq_proxy")

kinds: Tuple[Any, ...] = (
    Publish(),
    Comparison(
        "throughput",
        "events a second, and their processor time, beside zmq_proxy",
        (*_zeromq, "zmq_proxy 2"),
        (
            PerBroker(loads.single, _whole),
            PerBroker(loads.fan, _whole),
            PerBroker(loads.many, (*_paced[:3], _less_generator, *_parts)),
        ),
        baseline="zmq_proxy", brackets=_to_proxy, takes_off_generator=True,
    ),
    Comparison(
        "latency",
        "from publishing to the subscriber, and the processor time of broker and shim, beside zmq_proxy",
        _zeromq,
        (PerBroker(loads.calm, _latency), PerBroker(loads.busy, _latency)),
        baseline="zmq_proxy", brackets=_to_proxy, takes_off_generator=True,
    ),
    Comparison(
        "scale",
        "how the cost of an event grows with topics and with subscribers, beside zmq_proxy",
        ("zevi stream", "zmq_proxy"),
        (
            PerLoad("100,000/s of 10 publishers, 1 subscriber; topics", loads.topics, _growing),
            PerLoad("20,000/s of 1 publisher; subscribers", loads.fans,
                    (*_growing, Column("a copy", "broker_copy_cpu_ns", compared=True), _lost)),
        ),
        baseline="zmq_proxy", brackets="in brackets the ratio to the first row",
    ),
    Comparison(
        "peers",
        "events a second, and their processor time, beside NATS, Redis, mosquitto and zmq_proxy",
        ("zevi stream", "nats", "redis", "mosquitto", "zmq_proxy"),
        (PerBroker(loads.single, _whole), PerBroker(loads.busy, _paced)),
        baseline="zevi stream", brackets="in brackets what zevi stream has, as a multiple of it", upside_down=True,
    ),
    Memory(),
    Routes(),
    Store(),
)


def named(name: str) -> Any:
    return next(kind for kind in kinds if kind.name == name)
