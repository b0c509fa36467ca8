"""A publisher that forgets a batch only when it is acknowledged at its topic's level, and sends the others again."""

from __future__ import annotations

import time
from typing import Any, Dict, Mapping, Sequence, Tuple

import msgpack

from .raw_publisher import RawPublisher, body, pack
from .waiting import deadline_seconds

_BEAT_SECONDS = 0.1


class ResendingPublisher:
    """Call `converse` often, or wait with `settle`: that is when it answers a broker that does not know it."""

    def __init__(self, endpoint: str, src: str = "resending") -> None:
        self.raw = RawPublisher(endpoint, src)
        self._next_s = 1
        self._next_p: Dict[str, int] = {}
        self._window: Dict[int, Tuple[str, Tuple[bytes, bytes]]] = {}
        self._levels: Mapping[str, str] = {}
        self._is_welcome = False
        self._next_beat = 0.0
        self.acks: Dict[str, int] = {"memory": 0, "written": 0, "synced": 0}
        #: Events of each topic that were acknowledged at its level: those below this number.
        self.acked_p: Dict[str, int] = {}
        self._say_hello()

    def __enter__(self) -> "ResendingPublisher":
        return self

    def __exit__(self, *_: object) -> None:
        self.raw.close()

    @property
    def id(self) -> int:
        return self.raw.id

    @property
    def waiting(self) -> int:
        """Batches that are not acknowledged."""
        return len(self._window)

    def publish(self, topic: str, params: Sequence[Mapping[str, Any]]) -> int:
        """Sends a batch, now or when the broker is there; the number of its first event."""
        s, p = self._next_s, self._next_p.get(topic, 1)
        self._next_s += 1
        self._next_p[topic] = p + len(params)
        now = time.time_ns()
        header = {"k": "events", "t": topic, "s": s, "p": p, "n": len(params), "d": 0}
        frames = (pack(header), body((now, each) for each in params))
        self._window[s] = (topic, frames)
        if self._is_welcome:
            self.raw.send_frames(*frames)
        return p

    def converse(self, seconds: float = 0.0) -> None:
        """Takes in what the broker says, waiting so long for the first word."""
        while (message := self.raw.receive(seconds)) is not None:
            seconds = 0.0
            if message["k"] == "who":
                self._say_hello()
            elif message["k"] == "welcome":
                self._start_over(message)
            elif message["k"] == "ack":
                self._release(message)
        if time.monotonic() >= self._next_beat:
            # Whoever does not know us says so.
            self.raw.beat()
            self._next_beat = time.monotonic() + _BEAT_SECONDS

    def settle(self, deadline: float = deadline_seconds) -> None:
        """Waits until everything is acknowledged."""
        end = time.monotonic() + deadline
        while self._window:
            assert time.monotonic() < end, f"{len(self._window)} batches are not acknowledged after {deadline} s"
            self.converse(0.02)

    def _say_hello(self) -> None:
        self._is_welcome = False
        self.raw.hello(s=next(iter(self._window), self._next_s))

    def _start_over(self, welcome: Mapping[str, Any]) -> None:
        if self._is_welcome:
            return
        self._is_welcome = True
        self._levels = dict(welcome["levels"])
        for _, frames in self._window.values():
            self.raw.send_frames(*frames)

    def _level(self, topic: str) -> str:
        prefixes = [prefix for prefix in self._levels if topic.startswith(prefix)]
        return self._levels[max(prefixes, key=len)] if prefixes else "memory"

    def _release(self, ack: Mapping[str, Any]) -> None:
        self.acks = {level: max(s, ack[level]) for level, s in self.acks.items()}
        for s, (topic, frames) in list(self._window.items()):
            if ack[self._level(topic)] < s:
                break
            header = msgpack.unpackb(frames[0])
            self.acked_p[topic] = header["p"] + header["n"]
            del self._window[s]
