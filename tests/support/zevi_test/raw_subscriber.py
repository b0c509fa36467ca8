"""A subscriber made of a SUB socket and msgpack, for both endpoints, which checks what it reads."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Deque, Dict, List, Optional, Sequence

import msgpack
import zmq

from .waiting import deadline_seconds


@dataclass
class RawEvent:
    topic: str
    q: int
    p: int
    id: int
    params: Dict[Any, Any]
    time_ns: int
    src: str
    pid: int
    host: str
    epoch: int
    lost_before_broker: int


def events_of_stream(frames: Sequence[bytes]) -> List[RawEvent]:
    """The events of a message `[topic][header][body]`, checked."""
    topic = frames[0].decode("ascii")
    header = msgpack.unpackb(frames[1])
    entries = msgpack.unpackb(frames[2], strict_map_key=False)
    assert frames[2][:1] == b"\xdd", "a body without the 5-byte head"
    assert header["v"] == 1
    assert len(entries) == header["n"] == sum(run[4] for run in header["r"])
    events: List[RawEvent] = []
    for ident, src, pid, first_p, count, host, _origin, *_ in header["r"]:
        for i in range(count):
            time_ns, params = entries[len(events)]
            q = header["q"] + len(events)
            events.append(
                RawEvent(
                    topic, q, first_p + i, ident, params, time_ns, src, pid, host, header["b"], header["l"]
                )
            )  # fmt: skip
    return events


class RawSubscriber:
    """Reads `stream` (the default) or, with `plain`, `events`. The constructor returns when the subscriptions to
    `topics` (prefixes, as ZeroMQ has them) are live and, unless told otherwise, confirmed by every publisher."""

    def __init__(
        self,
        endpoint: str,
        topics: Sequence[str] = ("",),
        plain: bool = False,
        barrier: bool = True,
        hwm: int = 0,
        context: Optional[zmq.Context] = None,
    ) -> None:
        self.plain = plain
        self._own_context = context is None
        self._context = zmq.Context() if context is None else context
        self.socket = self._context.socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.sndhwm = 0
        self.socket.rcvhwm = hwm
        self.socket.reconnect_ivl = 20
        self.socket.connect(endpoint)
        for topic in topics:
            self.socket.subscribe(topic)
        self._events: Deque[RawEvent] = deque()
        self.barriers: Dict[str, Dict[str, Any]] = {}
        if barrier:
            self.barrier()

    def __enter__(self) -> "RawSubscriber":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close(linger=0)
        if self._own_context:
            self._context.term()

    def barrier(self, confirmed: bool = True, deadline: float = deadline_seconds) -> Dict[str, Any]:
        """Subscribes to a new barrier and waits for its message, again until `unconfirmed` is 0 if `confirmed`.
        Events that come before it are kept for `event`."""
        end = time.monotonic() + deadline
        asked: List[str] = []
        try:
            while True:
                asked.append(f"~ready.{os.urandom(8).hex()}")
                self.socket.subscribe(asked[-1])
                meta = self._wait_barrier(asked, min(end, time.monotonic() + 1.0))
                if meta is not None and not (confirmed and meta["unconfirmed"]):
                    return meta
                assert time.monotonic() < end, f"no barrier message within {deadline} s (the last one: {meta})"
        finally:
            for topic in asked:
                self.socket.unsubscribe(topic)

    def _wait_barrier(self, asked: List[str], end: float) -> Optional[Dict[str, Any]]:
        """The answer to any of the questions: behind a long queue an old one comes first, and says as much."""
        while True:
            for topic in asked:
                if topic in self.barriers:
                    return self.barriers.pop(topic)
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(int(left * 1000) + 1):
                return None
            self._take(self.socket.recv_multipart())

    def event(self, deadline: float = deadline_seconds) -> Optional[RawEvent]:
        """The next event, or None after `deadline` seconds."""
        end = time.monotonic() + deadline
        while not self._events:
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(int(left * 1000) + 1):
                return None
            self._take(self.socket.recv_multipart())
        return self._events.popleft()

    def events(self, count: int, deadline: float = deadline_seconds) -> List[RawEvent]:
        """The next `count` events, all within `deadline` seconds."""
        end = time.monotonic() + deadline
        found: List[RawEvent] = []
        while len(found) < count:
            event = self.event(end - time.monotonic())
            assert event is not None, f"{len(found)} of {count} events within {deadline} s"
            found.append(event)
        return found

    def _take(self, frames: List[bytes]) -> None:
        assert len(frames) == 3, f"a message of {len(frames)} frames: {frames!r}"
        topic = frames[0].decode("ascii")
        if topic.startswith("~ready."):
            assert frames[1] == b"\x80", f"a barrier whose second frame is {frames[1]!r}"
            self.barriers[topic] = msgpack.unpackb(frames[2])
        elif self.plain:
            self._take_plain(topic, frames)
        else:
            self._events.extend(events_of_stream(frames))

    def _take_plain(self, topic: str, frames: List[bytes]) -> None:
        params = msgpack.unpackb(frames[1], strict_map_key=False)
        meta = msgpack.unpackb(frames[2])
        assert abs(meta["time"] - meta["time_ns"] / 1e9) < 1e-5
        self._events.append(
            RawEvent(
                topic, meta["q"], meta["p"], meta["id"], params, meta["time_ns"], meta["src"], meta["pid"],
                meta["host"], meta["b"], meta["l"],
            )
        )  # fmt: skip
