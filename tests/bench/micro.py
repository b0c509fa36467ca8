#!/usr/bin/python3
"""What publishing costs a worker's thread: the time of each call, its allocations and its system calls."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Dict, List

from zevi_bench.processes import find_program
from zevi_bench.report import aligned, machine

_titles = {
    "publish_typed": "publish, typed event",
    "publish_built": "publish, begin/put/commit",
    "publish_unwanted": "publish, nobody subscribed",
    "enabled": "enabled()",
    "publish_and_wake": "publish that wakes the flusher",
}
_times = ("row_ns", "median_ns", "p99_ns", "p999_ns", "control_p99_ns", "control_p999_ns")


def timings(build_dir: Path, quick: bool) -> Dict[str, Dict[str, float]]:
    """For each call the medians of its repetitions, which take turns, and all allocations in them."""
    command = [find_program(build_dir, "publish-bench"), "--benchmark_format=json"]
    command += ["--benchmark_filter=/repeats:1$"] if quick else ["--benchmark_filter=/repeats:9$"]
    command += ["--benchmark_enable_random_interleaving=true"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    runs: Dict[str, List[Dict[str, float]]] = {}
    for run in json.loads(done.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            sys.exit(f"micro: error: {run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"].split("/")[0], []).append(run)
    return {
        name: {**{time: median(run[time] for run in those) for time in _times},
               "allocations": sum(run["allocations"] for run in those)}
        for name, those in runs.items()
    }


def system_calls(build_dir: Path, phase: str, events: int) -> Dict[str, float]:
    """Those of the publishing thread while it publishes, by name, and how many events that were."""
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as directory:
        log = Path(directory) / "strace"
        program = find_program(build_dir, "bench-publish-syscalls")
        subprocess.run(["strace", "-f", "-qq", "-o", log, program, phase, str(events)], check=True, timeout=120)
        calls: Dict[str, float] = {}
        thread = ""
        for line in log.read_text(errors="replace").splitlines():
            tid, _, call = line.partition(" ")
            call = call.strip()
            if call.startswith("getppid("):
                thread = "" if thread else tid
            elif tid == thread and not call.startswith("<..."):
                name = call.partition("(")[0]
                calls[name] = calls.get(name, 0) + 1
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=Path("build-bench"))
    parser.add_argument("--quick", action="store_true", help="a small part, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    given = parser.parse_args()
    build_dir = given.build_dir.resolve()

    times = timings(build_dir, given.quick)
    rows = [["", "in a row", "median", "p99", "p99.9", "control p99", "control p99.9", "allocations"]]
    for name, found in times.items():
        rows.append([_titles[name], *(f"{found[time]:,.1f}" for time in _times), f"{found['allocations']:.0f}"])
    print(f"{machine()}; ns a call, less the clock's own; medians of the repetitions\n")
    print(aligned(rows))

    calls = {}
    if shutil.which("strace"):
        events = 640 if given.quick else 6400
        calls = {"awake": system_calls(build_dir, "awake", events), "asleep": system_calls(build_dir, "asleep", 100)}
        print(f"\nsystem calls of the publishing thread, by strace:")
        print(f"  {events} events while the flusher is awake: {calls['awake'] or 'none'}")
        print(f"  100 events that each find it asleep: {calls['asleep'] or 'none'}")
    else:
        print("\nmicro: without the count of system calls: strace is not installed")
    if given.json:
        report = {"machine": machine(), "calls": times, "system_calls": calls}
        given.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
