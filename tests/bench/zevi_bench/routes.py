"""How long events are under way beside a flood of others: at the same endpoint, and with a route for the flood."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Dict, Iterator, List

from .loads import calm
from .measure import measure
from .peers import Peer, Zevi
from .processes import BenchError, Process, progress
from .tables import Table, times

_flood_topic = "E_FLOOD"
_flood_rate = 300_000
_conditions = {
    "quiet": "no flood",
    "shared": "a flood at stream, beside it",
    "routed": "a flood on a route",
    "stuck": "a flood on a route, whose reader stands still",
}


class ZeviRoute(Zevi):
    """zevid with a route for the flood."""

    name = "zevi with a route"

    def command(self, directory: Path) -> List[object]:
        return [*super().command(directory), "--route", f"{_flood_topic}=ipc://{directory}/flood"]


class Routes:
    name = "routes"
    about = "how long events are under way beside a flood of others, with and without a route for it"
    options = ("seconds",)
    runs = 5

    def measure(self, build_dir: Path, given: argparse.Namespace) -> Dict[str, Any]:
        plain, with_route = Zevi(build_dir), ZeviRoute(build_dir)
        for peer in (plain, with_route):
            if peer.missing():
                raise BenchError(f"routes: {peer.missing()}")
        runs = given.runs or self.runs
        peers = {"quiet": (plain, None), "shared": (plain, _flood), "routed": (with_route, _flood),
                 "stuck": (with_route, _flood_that_nobody_reads)}  # fmt: skip
        found: Dict[str, List[Dict[str, float]]] = {name: [] for name in _conditions}
        for number in range(1, runs + 1):
            for name, (peer, beside) in peers.items():
                progress(f"routes, run {number} of {runs}: {_conditions[name]}")
                result = measure(peer, calm.lasting(given.seconds), beside)
                found[name].append({key: result[key] for key in ("latency_us_p50", "latency_us_p99", "lost_percent")})
        progress("")
        return {"runs": runs, "seconds": given.seconds, "flood_rate": _flood_rate, "results": found}

    def legend(self, measured: Dict[str, Any]) -> str:
        return (f"age of events of a topic with 1,000/s on arrival, while {measured['flood_rate']:,}/s of another topic are "
                f"published; medians of {measured['runs']} runs of {measured['seconds']:g} s, in brackets the ratio to the "
                "first row")  # fmt: skip

    def tables(self, measured: Dict[str, Any]) -> List[Table]:
        rows = [["", "p50 us", "p99 us", "lost"]]
        quiet = _medians(measured["results"]["quiet"])
        for name, title in _conditions.items():
            row = _medians(measured["results"][name])
            ages = [f"{row[key]:,.0f} ({times(row[key] / (quiet[key] or 1))})" for key in ("latency_us_p50", "latency_us_p99")]
            rows.append([title, *ages, f"{row['lost_percent']:.1f}%"])
        return [Table("beside a flood", rows)]


def _medians(results: List[Dict[str, float]]) -> Dict[str, float]:
    return {key: median(result[key] for result in results) for key in results[0]}


@contextmanager
def _flood(peer: Peer, directory: Path, reads: bool = True) -> Iterator[None]:
    subscriber = Process([peer.subscribe_program, "--address", peer.reader_address(directory), "--topic", _flood_topic])
    publisher = None
    try:
        assert subscriber.line() == "ready"
        publisher = Process([peer.publish_program, "--address", peer.address(directory), "--topic", _flood_topic,
                             "--rate", _flood_rate, "--seconds", 600])  # fmt: skip
        assert publisher.line() == "ready"
        if not reads:
            subscriber.pause()
        publisher.send("go")
        yield
    finally:
        for client in (publisher, subscriber):
            if client is not None:
                client.kill()


@contextmanager
def _flood_that_nobody_reads(peer: Peer, directory: Path) -> Iterator[None]:
    with _flood(peer, directory, reads=False):
        yield
