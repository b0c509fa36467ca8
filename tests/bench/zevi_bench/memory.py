"""What zevid holds in memory: idle, with many subscriptions, and with a subscriber that stopped reading."""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Dict, Iterator, List, Tuple

import zmq

from .loads import single
from .measure import Beside, measure, stop_server
from .peers import Peer, Zevi, ZeviEvents
from .processes import BenchError, Process, memory_bytes, progress
from .tables import Table

_megabyte = 1_000_000
#: What a subscriber's queue may hold; zevid's default, said to it so that the limits below hold whatever that becomes.
_budget_bytes = 64 * 1024 * 1024
_idle_max = 15 * _megabyte
_more_max = 20 * _megabyte


class Memory:
    name = "memory"
    about = "what zevid holds: idle, with many subscriptions, with a subscriber that stopped reading"
    options = ("seconds", "topics")
    runs = 5

    def measure(self, build_dir: Path, given: argparse.Namespace) -> Dict[str, Any]:
        stream, events = Zevi(build_dir), ZeviEvents(build_dir)
        for peer in (stream, events):
            if peer.missing():
                raise BenchError(f"memory: {peer.missing()}")
            peer.options = ("--subscriber-budget", _budget_bytes)
        subscribers, topics = getattr(given, "subscribers", 100), getattr(given, "topics", 1000)
        figures = {"runs": given.runs or self.runs, "seconds": given.seconds, "budget_bytes": _budget_bytes}
        figures.update(subscribers=subscribers, topics=topics)
        found: Dict[str, List[int]] = {}
        for number in range(1, figures["runs"] + 1):
            progress(f"memory, run {number} of {figures['runs']}")
            values = _idle_and_subscribed(stream, subscribers, topics)
            for peer in (stream, events):
                values[peer.feed] = _under_load(peer, given.seconds)
                values[f"{peer.feed}_stopped"] = _under_load(peer, given.seconds, _stopped_subscriber)
            for name, value in values.items():
                found.setdefault(name, []).append(value)
        progress("")
        return {**figures, "results": found}

    def legend(self, measured: Dict[str, Any]) -> str:
        return (f"resident memory of zevid, in megabytes of 1,000,000 bytes; medians of {measured['runs']} runs, "
                f"loads of {measured['seconds']:g} s")

    def tables(self, measured: Dict[str, Any]) -> List[Table]:
        rows = [["", "MB", "limit"]]
        rows += [[title, f"{value / _megabyte:.1f}", f"{limit / _megabyte:.1f}" if limit else ""]
                 for title, value, limit in self.figures(measured)]
        return [Table("memory of zevid", rows)]

    def figures(self, measured: Dict[str, Any]) -> List[Tuple[str, float, float]]:
        """(what, bytes, its limit or 0) of each row. All but the first are limited by another one."""
        held = {name: median(runs) for name, runs in measured["results"].items()}
        budget = measured["budget_bytes"] + _more_max
        subscriptions = f"{measured['subscribers']:,} subscriptions on each of {measured['topics']:,} topics"
        return [
            ("idle", held["idle"], _idle_max),
            (subscriptions, held["subscribed"], held["idle"] + _more_max),
            ("stream: at most under full load", held["stream"], 0),
            ("stream: the same with a subscriber that stopped", held["stream_stopped"], held["stream"] + budget),
            ("events: at most under full load", held["events"], 0),
            ("events: the same with a subscriber that stopped", held["events_stopped"], held["events"] + budget),
        ]


@contextmanager
def _running(peer: Peer) -> Iterator[Tuple[int, Path]]:
    """The broker's process id and its directory."""
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as name:
        broker = peer.start(Path(name))
        try:
            yield broker.pid, Path(name)
        finally:
            stop_server(broker)


def _subscribe(context: zmq.Context, endpoint: str, topics: int) -> zmq.Socket:
    """Subscribes to many topics, and returns when the broker has taken them all in."""
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    socket.sndhwm = 0  # libzmq drops subscriptions beyond it
    socket.connect(endpoint)
    for number in range(topics):
        socket.subscribe(f"E_BENCH_TOPIC_{number:04}")
    barrier = f"~ready.{os.urandom(8).hex()}"
    socket.subscribe(barrier)
    if not socket.poll(20_000):
        raise BenchError("zevid gave no answer to a barrier in 20 s")
    socket.recv_multipart()
    return socket


def _idle_and_subscribed(peer: Peer, subscribers: int, topics: int) -> Dict[str, int]:
    with _running(peer) as (pid, directory):
        figures = {"idle": memory_bytes(pid)}
        context = zmq.Context()
        sockets = [_subscribe(context, f"ipc://{directory}/stream", topics) for _ in range(subscribers)]
        figures["subscribed"] = memory_bytes(pid)
        for socket in sockets:
            socket.close()
        context.term()
    return figures


@contextmanager
def _stopped_subscriber(peer: Peer, directory: Path) -> Iterator[None]:
    """One that subscribes, and then never reads again."""
    subscriber = Process([peer.subscribe_program, "--address", peer.reader_address(directory)])
    try:
        assert subscriber.line() == "ready"
        subscriber.pause()
        yield
    finally:
        subscriber.kill()


def _under_load(peer: Peer, seconds: float, beside: Beside = None) -> int:
    """The most that the broker held."""
    return int(measure(peer, single.lasting(seconds), beside)["broker_memory_bytes"])
