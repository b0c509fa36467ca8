#!/usr/bin/python3
"""Many plain subscribers of the stream endpoint in one process, none of which may miss a number.

    counting_subscribers.py ENDPOINT SUBSCRIBERS

Says `reading` once all are live. At SIGTERM it prints, as a line of JSON, of each subscriber how many events it got, how many of
its topics' numbers were missing."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Dict, List

import msgpack
import zmq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from zevi_test import RawSubscriber  # noqa: E402

_QUIET_SECONDS = 0.5

_stopped: List[int] = []


class Counts:
    def __init__(self) -> None:
        self.events = 0
        self.missing = 0
        self.next: Dict[bytes, int] = {}

    def take(self, frames: List[bytes]) -> None:
        topic = frames[0]
        if topic.startswith(b"~"):
            return
        header = msgpack.unpackb(frames[1])
        q, n = header["q"], header["n"]
        self.missing += q - self.next.get(topic, q)
        self.next[topic] = q + n
        self.events += n


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, _: _stopped.append(number))
    endpoint, number = sys.argv[1], int(sys.argv[2])
    context = zmq.Context()
    subscribers = [RawSubscriber(endpoint, ["E_FAULT_"], context=context) for _ in range(number)]
    counts = {subscriber.socket: Counts() for subscriber in subscribers}
    poller = zmq.Poller()
    for subscriber in subscribers:
        poller.register(subscriber.socket, zmq.POLLIN)
    print("reading", file=sys.stderr, flush=True)
    quiet_at = time.monotonic() + _QUIET_SECONDS
    # What was sent before the signal is still taken.
    while not _stopped or time.monotonic() < quiet_at:
        for socket, _ in poller.poll(50):
            quiet_at = time.monotonic() + _QUIET_SECONDS
            try:
                while True:
                    counts[socket].take(socket.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                pass
    print(json.dumps([{"events": c.events, "missing": c.missing} for c in counts.values()]))


if __name__ == "__main__":
    main()
