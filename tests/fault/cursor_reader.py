#!/usr/bin/python3
"""A consumer with a cursor that keeps a log of all it is handed: events, marks, and what it confirms.

    cursor_reader.py --cursor FILE --log FILE TOPIC...

The log (`zevi_fault/reader_log.py`) has an event before it is confirmed. Ends at SIGTERM. Standard error says `reading` once it
is ready to read; it does not wait for a broker."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import Any, List

_root = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_root / "subscribers/python"), str(_root / "tests/support"), str(Path(__file__).parent)]

import zevi  # noqa: E402
from zevi_fault.reader_log import LogWriter  # noqa: E402

_CONFIRM_SECONDS = 0.1
_UNCONFIRMED_MAX = 2000

_stopped: List[int] = []


def confirm(subscriber: zevi.Subscriber, log: LogWriter) -> None:
    log.confirming()
    subscriber.confirm()
    log.confirmed()


def run(topics: List[str], cursor: str, log: LogWriter) -> None:
    subscriber = zevi.Subscriber(*topics, start="oldest", cursor=cursor, confirm="call", losses=True)
    print("reading", file=sys.stderr, flush=True)
    unconfirmed = 0
    due = 0.0
    while not _stopped:
        found: Any = subscriber.receive(0.05)
        if found is not None:
            log.add(found)
            if type(found) is not zevi.Event:
                print(found, file=sys.stderr, flush=True)
            unconfirmed += 1
        if unconfirmed and (unconfirmed >= _UNCONFIRMED_MAX or time.monotonic() >= due):
            confirm(subscriber, log)
            unconfirmed = 0
            due = time.monotonic() + _CONFIRM_SECONDS
    confirm(subscriber, log)
    subscriber.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cursor", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("topics", nargs="+")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: _stopped.append(number))
    run(arguments.topics, arguments.cursor, LogWriter(arguments.log))


if __name__ == "__main__":
    main()
