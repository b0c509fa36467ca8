"""What publishing costs a worker's thread: the time of each call, its allocations and its system calls."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any, Dict, List

from .processes import BenchError, find_program, progress
from .tables import Table

_titles = {
    "publish_typed": "publish, typed event",
    "publish_timed": "publish, typed event, time given",
    "publish_built": "publish, begin/put/commit",
    "publish_unwanted": "publish, nobody subscribed",
    "publish_dropped": "publish, ring and window full: dropped",
    "enabled": "enabled()",
    "publish_and_wake": "publish that wakes the flusher",
}
_times = ("row_ns", "median_ns", "p99_ns", "p999_ns", "control_p99_ns", "control_p999_ns")


class Publish:
    name = "publish"
    about = "what publishing costs a worker's thread: nanoseconds, allocations, system calls"
    options = ("quick",)
    runs = 9

    def measure(self, build_dir: Path, given: argparse.Namespace) -> Dict[str, Any]:
        quick = getattr(given, "quick", False)
        runs = given.runs or self.runs
        progress(f"publish, {runs} runs of each call")
        figures = {"runs": runs, "calls": _timings(build_dir, runs, quick)}
        if shutil.which("strace"):
            progress("publish, counting system calls")
            events = {"awake": 640 if quick else 6400, "asleep": 100}
            figures["events_traced"] = events
            figures["system_calls"] = {phase: _system_calls(build_dir, phase, n) for phase, n in events.items()}
        else:
            print("bench: without the count of system calls: strace is not installed", file=sys.stderr)
        progress("")
        return figures

    def legend(self, measured: Dict[str, Any]) -> str:
        return (f"ns a call, less the clock's own; medians over {measured['runs']} runs in random order; the control is an "
                "empty call timed beside each, the machine's own noise")

    def tables(self, measured: Dict[str, Any]) -> List[Table]:
        rows = [["", "in a row", "median", "p99", "p99.9", "control p99", "control p99.9", "allocations"]]
        for name, found in measured["calls"].items():
            rows.append([_titles[name], *(f"{found[time]:,.1f}" for time in _times), f"{found['allocations']:.0f}"])
        tables = [Table("time of a call in the worker's thread", rows)]
        if "system_calls" in measured:
            tables.append(_system_call_table(measured))
        return tables


def _system_call_table(measured: Dict[str, Any]) -> Table:
    rows = [["", "events", "system calls"]]
    for phase, title in (("awake", "while the flusher is awake"), ("asleep", "each finds the flusher asleep")):
        calls = measured["system_calls"][phase]
        listed = ", ".join(f"{count} {name}" for name, count in calls.items())
        rows.append([title, f"{measured['events_traced'][phase]:,}", listed or "0"])
    return Table("system calls of the publishing thread, by strace", rows)


def _timings(build_dir: Path, runs: int, quick: bool) -> Dict[str, Dict[str, float]]:
    """For each call the medians of its repetitions, which take turns, and all allocations in them."""
    command = [find_program(build_dir, "publish-bench"), "--benchmark_format=json"]
    command += ["--benchmark_filter=" + ("" if quick else "-") + "^quick_"]
    command += [f"--benchmark_repetitions={runs}", "--benchmark_enable_random_interleaving=true"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise BenchError(f"publish-bench failed ({done.returncode}): {done.stderr.strip()}")
    found: Dict[str, List[Dict[str, float]]] = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            raise BenchError(f"{run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            found.setdefault(run["run_name"].split("/")[0].replace("quick_", ""), []).append(run)
    return {
        name: {**{time: median(run[time] for run in those) for time in _times},
               "allocations": sum(run["allocations"] for run in those)}
        for name, those in found.items()
    }


def _system_calls(build_dir: Path, phase: str, events: int) -> Dict[str, int]:
    """Those of the publishing thread in its bursts, by name; micro/publish_syscalls.cpp says how these are marked."""
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as directory:
        log = Path(directory) / "strace"
        program = find_program(build_dir, "bench-publish-syscalls")
        command = ["strace", "-f", "-qq", "-o", log, program, phase, str(events)]
        try:
            subprocess.run(command, check=True, timeout=120)
        except subprocess.SubprocessError as error:
            raise BenchError(f"strace of publishing failed: {error}") from error
        counted: Counter[str] = Counter()
        burst: Counter[str] = Counter()
        thread = ""
        for line in log.read_text(errors="replace").splitlines():
            tid, _, call = line.partition(" ")
            name = call.strip().partition("(")[0]
            if name == "getppid" and not thread:
                thread, burst = tid, Counter()
            elif tid == thread and name in ("getppid", "getpgid"):
                counted += burst if name == "getppid" else Counter()
                thread = ""
            elif tid == thread and not name.startswith("<..."):
                burst[name] += 1
    return dict(counted)
