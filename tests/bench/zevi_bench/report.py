"""Medians of the runs, and the table."""

from __future__ import annotations

from statistics import median
from typing import Dict, List, Sequence

from .loads import Load
from .measure import Result
from .peers import baseline
from .processes import cores, processor


def medians(runs: Sequence[Result]) -> Result:
    return {name: median(run[name] for run in runs) for name in runs[0]}


def machine() -> str:
    return f"{len(cores())} cores of {processor()}"


_columns = (
    # heading, format of a median, whether it has a ratio to the baseline
    ("events/s", "events_per_second", "{:,.0f}", True),
    ("lost", "lost_percent", "{:.1f}%", False),
    ("p50 us", "latency_us_p50", "{:,.0f}", True),
    ("p99 us", "latency_us_p99", "{:,.0f}", True),
    ("cpu ns/event", "cpu_ns", "{:,.0f}", True),
    ("publishers", "publisher_cpu_ns", "{:,.0f}", False),
    ("broker", "broker_cpu_ns", "{:,.0f}", True),
    ("subscribers", "subscriber_cpu_ns", "{:,.0f}", False),
    ("broker cores", "broker_cores", "{:.2f}", False),
)


def _with_sum(result: Result) -> Result:
    parts = ("publisher_cpu_ns", "broker_cpu_ns", "subscriber_cpu_ns")
    return {**result, "cpu_ns": sum(result[part] for part in parts)}


def _row(name: str, result: Result, base: Dict[str, float]) -> List[str]:
    row = [name]
    for _, key, form, has_ratio in _columns:
        cell = form.format(result[key])
        if has_ratio and base and base[key]:
            cell += f" ({result[key] / base[key]:.2f})"
        row.append(cell)
    return row


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths)))
        for row in rows
    )


def table(load: Load, results: Dict[str, List[Result]], generator_ns: Sequence[float]) -> str:
    """The peers in one load; in brackets the ratio to the baseline."""
    middle = {name: _with_sum(medians(runs)) for name, runs in results.items() if runs}
    base = middle.get(baseline, {})
    rows = [["", *(heading for heading, *_ in _columns)]]
    rows += [_row(name, result, base) for name, result in middle.items()]
    alone = f"of the publishers' time {median(generator_ns):,.0f} ns are the load generator's own"
    return f"{load.name}: {load.title}\n{aligned(rows)}\n{alone}"
