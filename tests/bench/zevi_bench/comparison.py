"""A kind of measurement that sends loads through brokers: which, and what its tables show."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Dict, List, Optional, Tuple

from .loads import Load
from .measure import Result, generator_cpu_ns, measure_without_loss
from .peers import Peer, all_peers
from .processes import BenchError, progress
from .tables import Table, times

#: Of each load and broker.
Figures = Dict[str, Dict[str, Result]]


@dataclass(frozen=True)
class Column:
    heading: str
    #: A name in `Result`.
    figure: str
    form: str = "{:,.0f}"
    #: Whether the ratio to another cell stands behind it in brackets.
    compared: bool = False


@dataclass(frozen=True)
class PerBroker:
    """One load: a row for each broker."""

    load: Load
    columns: Tuple[Column, ...]

    @property
    def loads(self) -> Tuple[Load, ...]:
        return (self.load,)

    def title_of(self, load: Load) -> str:
        return load.title

    def table(self, kind: Comparison, figures: Figures) -> Optional[Table]:
        found = figures.get(self.load.name, {})
        base = found.get(kind.baseline)
        rows = [["", *(column.heading for column in self.columns)]]
        for broker, result in found.items():
            against = base if result is not base else None
            rows.append([broker, *(_cell(column, result, against, kind.upside_down) for column in self.columns)])
        return Table(f"{self.load.name}: {self.load.title}", rows) if found else None


@dataclass(frozen=True)
class PerLoad:
    """Loads that grow: a row for each, and the columns once for each broker. Ratios are to the first row."""

    title: str
    loads: Tuple[Load, ...]
    columns: Tuple[Column, ...]

    def title_of(self, load: Load) -> str:
        return f"{self.title}: {load.title}"

    def table(self, kind: Comparison, figures: Figures) -> Optional[Table]:
        found = [(load.title, figures[load.name]) for load in self.loads if load.name in figures]
        if not found:
            return None
        first = found[0][1]
        rows = [["", *(heading for broker in first for heading in self._headings(broker))]]
        for title, results in found:
            cells = [
                _cell(column, result, first[broker] if results is not first else None)
                for broker, result in results.items() for column in self.columns
            ]
            rows.append([title, *cells])
        return Table(self.title, rows)

    def _headings(self, broker: str) -> List[str]:
        first, *others = (column.heading for column in self.columns)
        return [f"{broker}: {first}", *others]


@dataclass(frozen=True)
class Comparison:
    name: str
    about: str
    brokers: Tuple[str, ...]
    layouts: Tuple[Any, ...]
    #: What the ratios of `PerBroker` are to, and whether they are the baseline's to a row's instead.
    baseline: str
    brackets: str
    upside_down: bool = False
    #: Whether a column needs to know what the load generator costs by itself.
    takes_off_generator: bool = False
    runs: int = 5
    options: Tuple[str, ...] = ("broker", "list", "seconds")

    @property
    def loads(self) -> List[Load]:
        return list(dict.fromkeys(load for layout in self.layouts for load in layout.loads))

    def contents(self) -> str:
        known = all_peers(Path())
        lines = [f"  broker  {name:<17} {next(p.__doc__ for p in known if p.name == name)}" for name in self.brokers]
        lines += [f"  load    {load.name:<17} {layout.title_of(load)}" for layout in self.layouts for load in layout.loads]
        return "\n".join([f"{self.name}: {self.about}", *lines])

    def measure(self, build_dir: Path, given: argparse.Namespace) -> Dict[str, Any]:
        brokers = getattr(given, "broker", None) or self.brokers
        peers = _present([peer for peer in all_peers(build_dir) if peer.name in brokers])
        names = getattr(given, "load", None)
        loads = [load.lasting(given.seconds) for load in self.loads if not names or load.name in names]
        runs = given.runs or self.runs
        results: Dict[str, Dict[str, List[Result]]] = {load.name: {p.name: [] for p in peers} for load in loads}
        for number in range(1, runs + 1):
            for load in loads:
                label = f"{self.name}, run {number} of {runs}: {load.name}"
                progress(f"{label}, no broker")
                alone = generator_cpu_ns(build_dir, load) if self.takes_off_generator else None
                for peer in peers:
                    progress(f"{label}, {peer.name}")
                    results[load.name][peer.name].append(_with_sums(measure_without_loss(peer, load), load, alone))
        progress("")
        return {"runs": runs, "seconds": given.seconds, "results": results}

    def figures(self, measured: Dict[str, Any]) -> Figures:
        """The medians of the runs."""
        return {
            load: {broker: {name: median(run[name] for run in runs) for name in runs[0]} for broker, runs in found.items()}
            for load, found in measured["results"].items()
        }

    def legend(self, measured: Dict[str, Any]) -> str:
        return f"medians of {measured['runs']} runs of {measured['seconds']:g} s in which the brokers take turns; {self.brackets}"

    def tables(self, measured: Dict[str, Any]) -> List[Table]:
        figures = self.figures(measured)
        return [table for table in (layout.table(self, figures) for layout in self.layouts) if table]


def _cell(column: Column, result: Result, base: Optional[Result], upside_down: bool = False) -> str:
    cell = column.form.format(result[column.figure])
    if column.compared and base:
        ratio = result[column.figure] / base[column.figure] if base[column.figure] else float("nan")
        cell += f" ({times(1 / ratio if upside_down and ratio else ratio)})"
    return cell


def _with_sums(result: Result, load: Load, generator_ns: Optional[float]) -> Result:
    cpu = result["publisher_cpu_ns"] + result["broker_cpu_ns"] + result["subscriber_cpu_ns"]
    sums = {**result, "cpu_ns": cpu, "broker_copy_cpu_ns": result["broker_cpu_ns"] / load.subscribers}
    if generator_ns is not None:
        own = generator_ns * result["published"] / result["received"]
        shim = max(0.0, result["publisher_cpu_ns"] - own)
        sums.update(generator_cpu_ns=own, cpu_less_generator_ns=cpu - own)
        sums.update(shim_cpu_ns=shim, broker_and_shim_cpu_ns=result["broker_cpu_ns"] + shim)
    return sums


def _present(peers: List[Peer]) -> List[Peer]:
    """Those that can take part; says of the others why not."""
    found = []
    for peer in peers:
        reason = peer.missing()
        if reason is None:
            found.append(peer)
        else:
            print(f"bench: without {peer.name}: {reason}", file=sys.stderr)
    if not found:
        raise BenchError("none of the brokers can take part")
    return found
