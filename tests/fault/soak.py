#!/usr/bin/python3
"""`./dev soak`: workers, readers and a broker for minutes, with a random fault every second, and the audit of every event."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

_here = Path(__file__).resolve().parent
sys.path[:0] = [str(_here.parents[1] / folder) for folder in ("tests/support", "subscribers/python")] + [str(_here)]

from zevi_fault.audit import FAULTS  # noqa: E402
from zevi_fault.memory import MemoryWatch  # noqa: E402
from zevi_fault.random_faults import RandomFaults  # noqa: E402
from zevi_fault.run import LIBRARIES, FaultRun  # noqa: E402

_FAULT_SECONDS = 1.0
_SAY_SECONDS = 10.0
_SETTLE_SECONDS = 180.0


def broker_options(arguments: argparse.Namespace, directory: Path) -> list:
    options = ["--history", "*=16MB", "--subscriber-budget", "16MiB"]
    if arguments.store:
        options += ["--store", directory / "store", "--ack", "*=written"]
    return options


def start(run: FaultRun, arguments: argparse.Namespace) -> None:
    run.start_broker()
    for number in range(arguments.readers):
        run.start_reader(library=LIBRARIES[number % len(LIBRARIES)])
    for _ in range(arguments.workers):
        run.start_worker(rate=arguments.rate)
    run.wait_events(arguments.rate)


def inflict(run: FaultRun, faults: RandomFaults, memory: MemoryWatch, seconds: float) -> None:
    begin = time.monotonic()
    due = said = begin
    while time.monotonic() < begin + seconds:
        faults.undo_what_is_due()
        now = time.monotonic()
        if now >= due:
            due = now + _FAULT_SECONDS
            faults.inflict_one()
            memory.sample(run)
        if now >= said + _SAY_SECONDS:
            said = now
            print(f"soak: {now - begin:4.0f} s, {faults.inflicted} faults, {run.events_logged()} events logged", file=sys.stderr)
        time.sleep(0.02)
    faults.undo_all()


def soak(run: FaultRun, arguments: argparse.Namespace) -> bool:
    faults = RandomFaults(run, random.Random(arguments.seed), arguments.rate, not arguments.no_broker_kills)
    memory = MemoryWatch()
    start(run, arguments)
    inflict(run, faults, memory, arguments.minutes * 60)
    run.settle(_SETTLE_SECONDS)
    report = run.audit(broker_keeps=arguments.store)
    print(f"\n{faults.summary()}\n\n{report.table()}\n\n{memory.table()}\n")
    wrong = sum(getattr(count, name) for count in report.readers.values() for name in FAULTS) + len(report.faults)
    print("every event is accounted for" if report.good else f"{wrong} faults", f"(seed {arguments.seed})")
    return report.good


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long faults are inflicted (default: 10)")
    parser.add_argument("--seed", type=int, default=None, help="decides which faults; printed (default: a random one)")
    parser.add_argument("--store", action="store_true", help="the broker keeps a store: nothing that it acknowledged may be lost")
    parser.add_argument("--no-broker-kills", action="store_true", help="the broker only stands still: nothing at all may be lost with it")
    parser.add_argument("--workers", type=int, default=4, help="(default: 4)")
    parser.add_argument("--readers", type=int, default=4, help="of the Python and the C++ library in turn (default: 4)")
    parser.add_argument("--rate", type=int, default=500, help="events a second of each worker (default: 500)")
    parser.add_argument("--build-dir", default=os.environ.get("ZEVI_BUILD_DIR", "build"))
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1 << 32)
    print(f"soak: seed {arguments.seed}", file=sys.stderr)
    directory = Path(tempfile.mkdtemp(prefix="zevi-soak-", dir="/tmp"))
    (directory / "run").mkdir(mode=0o750)
    programs: list = []
    good = False
    try:
        run = FaultRun(
            Path(arguments.build_dir).resolve(), directory, directory / "run", programs,
            broker_options=broker_options(arguments, directory),
        )  # fmt: skip
        good = soak(run, arguments)
    finally:
        faults = [fault for program in reversed(programs) for fault in program.end()]
        print(*faults, sep="\n")
        if good and not faults:
            shutil.rmtree(directory)
        else:
            print(f"soak: journals, logs and what the programs said are in {directory}", file=sys.stderr)
    return 0 if good and not faults else 1


if __name__ == "__main__":
    sys.exit(main())
