#!/usr/bin/python3
"""Events from publishers through zevid to one subscriber of `stream`, in processes of their own: how many a second,
how long each takes, and what it costs. Every event is checked for its number and its content on arrival."""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def program(build_dir: Path, name: str) -> str:
    for path in build_dir.rglob(name):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    sys.exit(f"throughput: error: no {name} in {build_dir}: build it first with ./dev build")


def run_once(build_dir: Path, publishers: int, events: int, rate: float) -> dict:
    with tempfile.TemporaryDirectory(prefix="zevi-", dir="/tmp") as runtime_dir:
        common = ["--runtime-dir", runtime_dir]
        broker = subprocess.Popen([program(build_dir, "zevid"), *common], stderr=subprocess.PIPE, text=True)
        try:
            while "ready" not in broker.stderr.readline():
                pass
            reader = subprocess.Popen(
                [program(build_dir, "measuring_reader"), *common, "--events", str(events * publishers)],
                stdout=subprocess.PIPE,
            )
            load = [program(build_dir, "load_generator"), *common, "--events", str(events), "--rate", str(rate)]
            generators = [subprocess.Popen(load, stdout=subprocess.PIPE) for _ in range(publishers)]
            published = [json.loads(generator.communicate()[0]) for generator in generators]
            read = json.loads(reader.communicate()[0])
        finally:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            broker.send_signal(signal.SIGTERM)
            broker.stderr.read()
            broker.wait()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
    broker_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "events_per_second": read["events_per_second"],
        "lost": read["lost"] + sum(p["dropped"] for p in published),
        "publish_ns_median": statistics.median(p["publish_ns_median"] for p in published),
        "publish_ns_p99": max(p["publish_ns_p99"] for p in published),
        "latency_us_p50": read["latency_us_p50"],
        "latency_us_p99": read["latency_us_p99"],
        "publisher_cpu_ns_per_event": 1e9 * sum(p["cpu_seconds"] for p in published) / read["events"],
        "broker_cpu_ns_per_event": 1e9 * broker_cpu / read["events"],
        "reader_cpu_ns_per_event": 1e9 * read["cpu_seconds"] / read["events"],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--build-dir", type=Path, default=Path("build"))
    options.add_argument("--publishers", type=int, default=1, metavar="N")
    options.add_argument("--events", type=int, default=1_000_000, metavar="N", help="of each publisher")
    options.add_argument("--rate", type=float, default=0, metavar="N", help="events a second of each; 0: all it can")
    options.add_argument("--runs", type=int, default=5, metavar="N", help="the median of N runs is shown")
    options.add_argument("--json", action="store_true", help="every run as a JSON object")
    chosen = options.parse_args()
    runs = [
        run_once(chosen.build_dir.resolve(), chosen.publishers, chosen.events, chosen.rate) for _ in range(chosen.runs)
    ]
    if chosen.json:
        print(json.dumps({"cores": os.cpu_count(), "publishers": chosen.publishers, "runs": runs}))
        return
    rate = f"{chosen.rate:.0f} events/s each" if chosen.rate else "as fast as it goes"
    print(f"{chosen.publishers} publishers, {chosen.events} events each, {rate}, {os.cpu_count()} cores, "
          f"median of {chosen.runs} runs")
    for name in runs[0]:
        print(f"  {name:<28} {statistics.median(run[name] for run in runs):>14,.0f}")


if __name__ == "__main__":
    main()
