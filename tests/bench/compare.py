#!/usr/bin/python3
"""The same events through zevid and through what else one would take, in processes of their own: events a second,
latency, and processor time. The brokers take turns in every run, and every event is checked where it arrives."""

import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List

from zevi_bench.loads import Load, loads, scale_loads
from zevi_bench.measure import Result, generator_cpu_ns, measure
from zevi_bench.peers import Peer, all_peers, baseline
from zevi_bench.processes import BenchError
from zevi_bench.report import machine, table

Results = Dict[str, Dict[str, List[Result]]]


def chosen_of(kind: str, names: List[str], known: Dict[str, object]) -> List[object]:
    for name in names:
        if name not in known:
            sys.exit(f"compare: error: there is no {kind} {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names or known]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=Path("build-bench"))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME", help="only this broker; can be repeated")
    parser.add_argument("--load", action="append", default=[], metavar="NAME", help="only this load; can be repeated")
    parser.add_argument("--scale", action="store_true", help="the loads that show how the cost of an event grows")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="the median of N runs is shown (default 5)")
    parser.add_argument("--seconds", type=float, default=3, metavar="S", help="how long publishers publish (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run to FILE")
    parser.add_argument("--list", action="store_true", help="list the brokers and the loads")
    return parser.parse_args()


def present(peers: List[Peer]) -> List[Peer]:
    """Those that can take part; says of the others why not."""
    found = []
    for peer in peers:
        reason = peer.missing()
        if reason is None:
            found.append(peer)
        else:
            print(f"compare: without {peer.name}: {reason}", file=sys.stderr)
    return found


class Comparison:
    """All runs of the chosen loads through the chosen brokers."""

    def __init__(self, peers: List[Peer], chosen: List[Load], build_dir: Path) -> None:
        self._peers = peers
        self._chosen = chosen
        self._build_dir = build_dir
        self.results: Results = {load.name: {peer.name: [] for peer in peers} for load in chosen}
        #: What the load generator costs by itself.
        self.generator_ns: Dict[str, List[float]] = {load.name: [] for load in chosen}

    def run_once(self, label: str) -> None:
        for load in self._chosen:
            self.generator_ns[load.name].append(generator_cpu_ns(self._build_dir, load))
            for peer in self._peers:
                if sys.stderr.isatty():
                    print(f"\r\x1b[K{label}: {load.name}, {peer.name}", end="", file=sys.stderr, flush=True)
                try:
                    self.results[load.name][peer.name].append(measure(peer, load))
                except BenchError as error:
                    sys.exit(f"compare: error: {peer.name}, {load.name}: {error}")
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)


def main() -> None:
    given = options()
    known = {peer.name: peer for peer in all_peers(given.build_dir.resolve())}
    peers = chosen_of("peer", given.peer, known)
    offered = scale_loads if given.scale else loads
    chosen = chosen_of("load", given.load, {load.name: load.lasting(given.seconds) for load in offered})
    if given.list:
        for item in peers + chosen:
            print(f"{item.name:<15} {getattr(item, 'title', None) or item.__doc__}")
        return
    peers = present(peers)
    comparison = Comparison(peers, chosen, given.build_dir.resolve())
    for number in range(1, given.runs + 1):
        comparison.run_once(f"run {number} of {given.runs}")
    print(f"{machine()}; median of {given.runs} runs; in brackets the ratio to {baseline}")
    for load in chosen:
        print("\n" + table(load, comparison.results[load.name], comparison.generator_ns[load.name]))
    if given.json:
        report = {"machine": machine(), "seconds": given.seconds, "runs": given.runs}
        report.update(results=comparison.results, generator_cpu_ns=comparison.generator_ns)
        given.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
